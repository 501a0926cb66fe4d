"""Deciding by likelihood: the answer that the model finds most probable after the prompt, or after its own rationale.

Nothing is read from a text. Where the shots end in a label in parentheses, such as "The answer is (A)", the labels'
log-probabilities are compared where they differ first. Where they end in the name of a label, such as "The answer is
positive", those of whole names are compared: the sums over their tokens. Where they end in the texts of choices, the
log-probability of each text is the sum over its tokens divided by their number, so that long texts are not at a disadvantage:
the normalisation of Brown et al. 2020 (section 2.4 of https://arxiv.org/abs/2005.14165). The harness of EleutherAI divides by
characters or bytes (``acc_norm``) instead, which does not depend on the tokenizer. An answer that
begins a longer one does not count where the reply goes on to that (``models/nested.py``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from ..errors import ModelError
from ..models.context import fits
from ..models.model import AbstractLanguageModel
from ..models.nested import by_longest
from ..prompting.prompt import Prompt
from ..records import Choice, Cost, Encoded, Generation, NextToken, Question, Response
from ..seeds import derive
from ..session import Session
from ..work.alone import each_alone
from ..work.interruption import enough, single_texts
from ..work.stage import Stage
from .asked import LABEL_TOKENS, Asked, ask_after, with_longest
from .deciding import Calibrate
from .ending import Ending, ending_of
from .failing import failed_response
from .own import own_part

CONTENT_FREE = ("N/A", "[MASK]", "")
"""The texts that stand for a question without content (Zhao et al. 2021, section 4.2)."""
_READ = 32
"""Questions whose answers are compared together."""


@dataclass(frozen=True)
class _Likelihood:
    """How a prompt's answers are decided by likelihood."""

    prompt: Prompt
    ending: Ending
    calibrate: Calibrate
    seed: int

    @property
    def by_content(self) -> bool:
        """Whether log-probabilities are relative to those after questions without content."""
        return self.calibrate == "content_free"


@dataclass(frozen=True)
class _Opened:
    """A question up to the point of its answer, and the rationale that the model wrote before it, if any."""

    question: Question
    encoded: Encoded
    rationale: Generation | None
    seconds: float = 0.0


def likely_answers(
    session: Session, prompt: Prompt, asked: Sequence[Asked], seed: int, calibrate: Calibrate, name: str
) -> list[Response]:
    """One response per question, in order, with its most probable answer.

    ``asked`` comes from ``ask_after`` with the prompt's ending. With ``calibrate="content_free"``, each log-probability is
    taken relative to its mean probability after questions without content: see ``calibrated``. With ``"batch"``, those of all
    labels are required, and ``batch.py`` does the rest.
    """
    model, ending = session.model, ending_of(prompt, session.profile.wording)
    written = [asdict(prompt.decoding)] if ending.start is None else []
    drawn = [seed] if written and prompt.decoding.do_sample else []
    relative = {"off": (), "content_free": CONTENT_FREE, "batch": ("batch",)}[calibrate]

    def identity(each: Asked) -> list[Any]:
        how = ["likelihood", asdict(ending), relative, *written, *drawn, *by_longest(ending.answers(each.question))]
        return [each.question.id, each.question.render(), model.fingerprint, each.encoded.digest, *how]

    compute = partial(each_alone, partial(_respond, _Likelihood(prompt, ending, calibrate, seed)), failed_response)
    return session.run(Stage(name, Response, identity, compute, model.window), asked)


def calibrated(scores: Sequence[float], free: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """The log-probabilities of answers relative to those after questions without content (contextual calibration).

    Parameters
    ----------
    scores : sequence of float
        The log-probability of each answer to the question, in nats.
    free : sequence of sequences of float
        The same for each question without content.

    Returns
    -------
    tuple of float
        log p_i - log mean p_i: the largest is that of the largest p_i / mean p_i, which is W p + b of Zhao et al. 2021
        (https://arxiv.org/abs/2102.09690, section 4.2) with W = diag(mean p)^-1 and b = 0. Neither the softmax there nor the
        normalisation of the mean changes which answer is largest.
    """
    mean = np.logaddexp.reduce(np.array(free), axis=0) - np.log(len(free))
    return tuple((np.array(scores) - mean).tolist())


def _respond(how: _Likelihood, model: AbstractLanguageModel, batch: Sequence[Asked]) -> Iterator[tuple[int, Response]]:
    """Each question's place and response, as they come; some are compared together."""
    known: dict[tuple[Choice, ...], list[tuple[float, ...]]] = {}
    waiting: dict[int, _Opened] = {}
    with single_texts():
        for place, opened in _opened(how, model, batch):
            waiting[place] = opened
            if len(waiting) == _READ:
                yield from _decided(how, model, waiting, known)
                waiting = {}
                if enough() and how.ending.start is not None:
                    return
    if waiting:
        yield from _decided(how, model, waiting, known)


def _opened(how: _Likelihood, model: AbstractLanguageModel, batch: Sequence[Asked]) -> Iterator[tuple[int, _Opened]]:
    """Each question's place, and the question up to its answer."""
    if how.ending.start is not None:
        yield from ((place, _Opened(each.question, each.encoded, None)) for place, each in enumerate(batch))
        return
    seeds = [derive(how.seed, "answer", each.question.id) for each in batch]
    start = perf_counter()
    for place, reply in model.generated([each.encoded for each in batch], how.prompt.decoding, seeds):
        seconds, question = perf_counter() - start, batch[place].question
        chat = replace(how.prompt.chat(question), prefill=how.ending.after(how.prompt.reply(own_part(reply.text))))
        yield place, _Opened(question, model.encode(chat), reply, seconds)
        start = perf_counter()


def _decided(
    how: _Likelihood,
    model: AbstractLanguageModel,
    waiting: dict[int, _Opened],
    known: dict[tuple[Choice, ...], list[tuple[float, ...]]],
) -> Iterator[tuple[int, Response]]:
    """The responses to some questions, by their places; ``known`` has the scores of choices to questions without content."""
    start = perf_counter()
    scores = _scores(how, model, list(waiting.values()))
    if how.by_content:
        missing = {each.question.choices: each.question for each in waiting.values() if each.question.choices not in known}
        known.update(_content_free(how, model, list(missing.values())))
        pairs = zip(scores, waiting.values(), strict=True)
        scores = [calibrated(found, known[each.question.choices]) if found else () for found, each in pairs]
    shared = (perf_counter() - start) / len(waiting)
    rule = "calibrated likelihood" if how.by_content else "likelihood"
    for (place, each), found in zip(waiting.items(), scores, strict=True):
        label = max(zip(found, each.question.labels, strict=True), key=lambda pair: pair[0])[1] if found else None
        cost = Cost(1 + (each.rationale is not None), each.seconds + shared)
        text, finished = (each.rationale.text, each.rationale.finished) if each.rationale else ("", True)
        yield place, Response(each.question.id, text, label, rule if label else "none", cost, finished, found)


def _content_free(
    how: _Likelihood, model: AbstractLanguageModel, questions: Sequence[Question]
) -> dict[tuple[Choice, ...], list[tuple[float, ...]]]:
    """The scores of the same choices after each text without content; a text with a control token of the model is left out."""
    contents = [text for text in CONTENT_FREE if not any(token in text for token in model.control_tokens)]
    free = [replace(each, id=f"content-free {text}", text=text) for each in questions for text in contents]
    with single_texts(False):  # without one of them, the replies in hand could not be compared
        opened = dict(_opened(how, model, ask_after(model, how.prompt, free, how.ending)))
    found = iter(_scores(how, model, [opened[place] for place in range(len(free))]))
    scores = {each.choices: [score for score in (next(found) for _ in contents) if score] for each in questions}
    if not all(scores.values()):
        raise ModelError(
            f'{model.name} gives no log-probabilities of labels to questions without content; use `calibrate="off"`.'
        )
    return scores


def _scores(how: _Likelihood, model: AbstractLanguageModel, opened: Sequence[_Opened]) -> list[tuple[float, ...]]:
    """The log-probability of each answer to each question; nothing for a question that has used up the context."""
    answers = [how.ending.answers(each.question) for each in opened]
    room = [place for place, each in enumerate(opened) if _fits(model, each, answers[place], how.ending)]
    asked, names = [opened[place] for place in room], [answers[place] for place in room]
    if not asked:
        found = []
    elif how.ending.form == "letters":
        found = _of_labels(model, asked, how.calibrate != "off")
    else:
        tokens = model.next_token([each.encoded.chat for each in asked], names)
        whole = how.ending.form != "texts"
        found = [each.log_probabilities if whole else _per_token(each) for each in tokens]
    scores = dict(zip(room, found, strict=True))
    return [scores.get(place, ()) for place in range(len(opened))]


def _fits(model: AbstractLanguageModel, opened: _Opened, answers: Sequence[str], ending: Ending) -> bool:
    """Whether each answer fits the context after its question."""
    if ending.form == "letters":
        return fits(model, opened.encoded, LABEL_TOKENS)
    return fits(model, with_longest(model, opened.encoded, answers), 0)


def _per_token(token: NextToken) -> tuple[float, ...]:
    return tuple(score / length for score, length in zip(token.log_probabilities, token.lengths, strict=True))


def _of_labels(model: AbstractLanguageModel, opened: Sequence[_Opened], exact: bool) -> list[tuple[float, ...]]:
    """Those of the labels, at the first token in which they differ."""
    labels = [each.question.labels for each in opened]
    tokens = model.next_token([each.encoded.chat for each in opened], labels)
    for each, token in zip(opened, tokens, strict=True):
        if exact and (not token.log_probabilities or min(token.log_probabilities) < token.least):
            raise ModelError(
                f"{model.name} does not always return the log-probabilities of all labels (here for {each.question.id!r}), "
                f'which calibration needs; use `calibrate="off"`, or a server that returns those of more tokens.'
            )
    return [token.log_probabilities for token in tokens]
