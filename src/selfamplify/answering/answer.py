"""Answering (section 3.4): the finished prompt is the context in which each test question is asked, and a label is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

from ..models.context import fits
from ..models.model import AbstractLanguageModel
from ..prompting.chats import judge_chat
from ..prompting.prompt import Prompt
from ..records import Asked, Cost, Generation, Question, Response
from ..records.responses import CONTINUED
from ..seeds import derive
from ..session import Session
from ..text.replies import without_tokens
from ..work.alone import each_alone
from ..work.interruption import single_texts
from ..work.stage import Stage
from .batch import batch_calibrated
from .consistency import voted
from .deciding import GENERATE, Deciding
from .ending import continued
from .failing import failed_response, note_failed
from .likelihood import likely_answers
from .own import own_part
from .recovery import recover
from .rules import RULES

_READ = 32
"""Responses that a model reads together."""


def answer(
    session: Session,
    prompt: Prompt,
    asked: Sequence[Asked],
    seed: int,
    deciding: Deciding = GENERATE,
    reference: Sequence[Asked] = (),
) -> list[Response]:
    """One response per question, in order, with the label that was read from it, or that is the most probable.

    Labels are read by the rules of ``rules.py`` and, if none applies, by the model's own constrained continuation; or, if the
    session has a reader, by that model (section 4.1). Under ``decide="likelihood"`` nothing is read: see
    ``likelihood.py``. With several votes, as many replies are drawn: see ``consistency.py``.
    ``asked`` comes from ``fit``, or from ``ask_after``, and then should have been checked by ``check_context``; so does
    ``reference``, the questions that batch calibration compares with.
    """
    responses = _answered(session, prompt, asked, seed, deciding, reference)
    note_failed(session.model, responses)
    return responses


def _answered(
    session: Session, prompt: Prompt, asked: Sequence[Asked], seed: int, deciding: Deciding, reference: Sequence[Asked]
) -> list[Response]:
    name = f"answering with {_called(prompt, deciding.draws(prompt, session.profile.wording))}"
    if deciding.likely:
        responses = likely_answers(session, prompt, asked, seed, deciding.calibrate, name)
        if deciding.calibrate != "batch":
            return responses
        known = likely_answers(session, prompt, reference, seed, deciding.calibrate, name.replace("answering", "calibrating"))
        return batch_calibrated([each.question for each in asked], responses, [each.question for each in reference], known)
    if deciding.votes:
        draw = partial(_written, name=name, asked=asked)
        return voted(session, prompt, seed, deciding.self_consistency, deciding.sampling_temperature, draw)
    return _written(session, prompt, seed, name, asked)


def _called(prompt: Prompt, drawn: bool) -> str:
    """What progress calls a prompt: no two of a comparison alike, so that each has its own count and remaining time.

    Without shots, all seeds have the same prompt: unless replies are ``drawn``, one finds the answers of another by this name.
    """
    made = prompt.provenance
    if made is None:
        return f"{prompt.method} (given)"
    units = {"keywords": made.keywords, "steps": made.steps}
    of = [made.selection, *(f"{count} {unit}" for unit, count in units.items() if count)]
    of += [f"seed {made.seed}"] if made.seed and (prompt.shots or drawn) else []
    return f"{made.explainer or prompt.method} ({', '.join(of)})"


def _written(session: Session, prompt: Prompt, seed: int, name: str, asked: Sequence[Asked]) -> list[Response]:
    """What the model writes to each question, with the label that is read from it."""
    model, reader = session.model, session.reader
    decoding, conclude = prompt.decoding, session.profile.wording.conclude

    fingerprint, read_by = model.fingerprint, reader.fingerprint if reader else None
    alike = [asdict(decoding), read_by, [*RULES, conclude], *([seed] if decoding.do_sample else [])]

    def identity(each: Asked) -> list[Any]:
        return [each.question.id, each.question.render(), fingerprint, each.encoded.digest, *alike]

    # The model itself as the reader does not travel: whoever answers also reads.
    reading = Reader(conclude, None if reader is model else reader, reader is model)
    compute = partial(each_alone, partial(_respond, prompt, reading, seed), failed_response)
    return session.run(Stage(name, Response, identity, compute, model.window), asked)


@dataclass(frozen=True)
class Reader:
    """How labels are read: by a ``judge``, by the answering model ``itself``, or by rules, then by ``conclude``."""

    conclude: str
    judge: AbstractLanguageModel | None = None
    itself: bool = False


def _respond(
    prompt: Prompt, reading: Reader, seed: int, model: AbstractLanguageModel, batch: Sequence[Asked]
) -> Iterator[tuple[int, Response]]:
    for place, response, _ in replies(prompt, reading, seed, model, batch):
        yield place, response


def replies(
    prompt: Prompt, reading: Reader, seed: int, model: AbstractLanguageModel, batch: Sequence[Asked]
) -> Iterator[tuple[int, Response, int]]:
    """Each question's place, response and number of tokens that were written, as they come; those that a model has to read
    wait until there are enough of them."""
    judge = model if reading.itself else reading.judge
    read = partial(_judged, judge) if judge else partial(_concluded, model, prompt, reading.conclude)
    seeds = [derive(seed, "answer", each.question.id) for each in batch]
    start = perf_counter()
    waiting: dict[int, tuple[Generation, float]] = {}
    with single_texts():
        for place, reply in model.generated([each.encoded for each in batch], prompt.decoding, seeds):
            seconds = perf_counter() - start
            question = batch[place].question
            found = None if judge else recover(prompt.reply(reply.text), question)
            if found is not None:
                yield place, _response(question, reply, found, seconds), reply.tokens
            else:
                waiting[place] = reply, seconds
            if len(waiting) == _READ:
                yield from _read(read, batch, waiting)
                waiting = {}
            start = perf_counter()
    yield from _read(read, batch, waiting)


def _response(question: Question, reply: Generation, found: tuple[str | None, str], seconds: float) -> Response:
    label, rule = found
    return Response(question.id, reply.text, label, rule, Cost(1, seconds), reply.finished)


def _read(
    read: "partial[list[tuple[str | None, str]]]", batch: Sequence[Asked], waiting: Mapping[int, tuple[Generation, float]]
) -> Iterator[tuple[int, Response, int]]:
    """The responses to replies that no rule has read, with their places and tokens; ``waiting`` has each reply's seconds."""
    start = perf_counter()
    questions, texts = [batch[place].question for place in waiting], [reply.text for reply, _ in waiting.values()]
    decided = read(questions, texts)
    shared = (perf_counter() - start) / max(1, len(waiting))
    for (place, (reply, seconds)), found in zip(waiting.items(), decided, strict=True):
        yield place, _response(batch[place].question, reply, found, seconds + shared), reply.tokens


def _concluded(
    model: AbstractLanguageModel, prompt: Prompt, conclude: str, batch: Sequence[Question], texts: Sequence[str]
) -> list[tuple[str | None, str]]:
    """The model continues its responses by ", therefore the answer is (" and a label."""
    chats = [
        replace(prompt.chat(question), prefill=continued(prompt.reply(own_part(text)), conclude))
        for question, text in zip(batch, texts, strict=True)
    ]
    # The response may have used up the context: then no label is read from it.
    asked = [index for index, chat in enumerate(chats) if fits(model, model.encode(chat), 2)]
    answers = [batch[index].answers for index in asked]
    tokens = model.next_token([chats[index] for index in asked], answers) if asked else []
    best = {index: batch[index].label_of(token.best(batch[index].answers)) for index, token in zip(asked, tokens, strict=True)}
    return [(best.get(index), CONTINUED if best.get(index) else "none") for index in range(len(batch))]


def _judged(judge: AbstractLanguageModel, batch: Sequence[Question], texts: Sequence[str]) -> list[tuple[str | None, str]]:
    """What a judge model reads in the responses: its next token after "The answer is (", by arg max over the vocabulary."""
    readable = [without_tokens(text, judge.control_tokens) for text in texts]  # those of another model may be in its text
    chats = [judge_chat(question, text) for question, text in zip(batch, readable, strict=True)]
    # A response may be longer in the judge's tokens than in the model's: then nothing is read from it.
    read = [index for index, chat in enumerate(chats) if fits(judge, judge.encode(chat), 1)]
    labels = [batch[index].labels for index in read]
    tokens = judge.next_token([chats[index] for index in read], labels) if read else []
    found = {index: token.label for index, token in zip(read, tokens, strict=True)}
    return [(found.get(index), "judge" if found.get(index) else "none") for index in range(len(batch))]
