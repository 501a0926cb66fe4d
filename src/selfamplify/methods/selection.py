"""Step 1, n-shot sample selection (section 3.2): which questions become shots, by what the model itself gets right or wrong."""

import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import ClassVar, Literal, get_args

from ..arguments import check_whole
from ..errors import NotFiniteError, SelectionError, SelfAmplifyWarning
from ..models.context import fits
from ..models.model import AbstractLanguageModel
from ..names import unknown_name
from ..prompting.chats import reading_chat
from ..prompting.profiles import Profile
from ..records import Counts, Prediction, Question, Verdict
from ..seeds import derive
from ..session import Session, check_session
from ..tasks.task import Task, shuffle
from ..text.label_counts import bracketed
from ..text.lines import counted
from ..work.alone import each_alone
from ..work.stage import Progress, Stage
from .level import LEVEL, label_by_level, level_of
from .turns import Turns, labels_in_turn

_BATCH = 32
"""Questions that are asked together: more would be asked in vain once enough qualify."""

_ONE_SIDED = 0.8
"""From this share of shots with the same answer on, a note says so."""

SelectionName = Literal["success", "error", "random"]


@dataclass(frozen=True)
class Sample:
    """The n-shot sample.

    Parameters
    ----------
    selection : str
        How it was selected.
    seed : int
        The seed of the order in which the pool was asked.
    questions : tuple of Question
        The shots' questions.
    counts : Counts
        What was asked to select them.
    """

    selection: str
    seed: int
    questions: tuple[Question, ...]
    counts: Counts

    @staticmethod
    def of(questions: Sequence[Question], seed: int) -> "Sample":
        """A sample of given questions, which were not selected."""
        return Sample("given", seed, tuple(questions), Counts())


Ask = Callable[[Sequence[Question]], Iterator[Prediction]]
"""Predictions of questions in their order, made as they are taken."""

Fits = Callable[[Question], bool]
"""Whether a question fits the model's context."""


class AbstractSelection(ABC):
    """A rule that takes shots from a shuffled pool, asking the model as far as the rule needs."""

    name: ClassVar[str]

    @abstractmethod
    def choose(self, pool: Sequence[Question], fitting: Fits, ask: Ask, turns: Turns) -> Counts:
        """Add the questions of ``pool`` that qualify to ``turns``, until that is done; returns what was counted."""


@dataclass(frozen=True)
class Success(AbstractSelection):
    """f(x) = y."""

    name = "success"

    def choose(self, pool: Sequence[Question], fitting: Fits, ask: Ask, turns: Turns) -> Counts:
        return _scan(pool, ask, turns, "success")


@dataclass(frozen=True)
class Error(AbstractSelection):
    """f(x) is a label, but not y."""

    name = "error"

    def choose(self, pool: Sequence[Question], fitting: Fits, ask: Ask, turns: Turns) -> Counts:
        return _scan(pool, ask, turns, "error")


@dataclass(frozen=True)
class Random(AbstractSelection):
    """Any question that fits the model's context; the model is not asked."""

    name = "random"

    def choose(self, pool: Sequence[Question], fitting: Fits, ask: Ask, turns: Turns) -> Counts:
        counts = Counts()
        for question in pool:
            if turns.done():
                break
            if fitting(question):
                turns.add(question)
            else:
                counts = counts.plus("too_long")
        return counts


SELECTIONS: dict[str, AbstractSelection] = {rule.name: rule for rule in (Success(), Error(), Random())}


def judge(question: Question, prediction: Prediction) -> Verdict:
    """The cases of section 3.2; it is the prediction, not the target, that must be in the label space."""
    if prediction.too_long:
        return "too_long"
    if prediction.label is None:
        return "discarded"
    return "success" if prediction.label == question.answer else "error"


def _scan(pool: Sequence[Question], ask: Ask, turns: Turns, wanted: Verdict) -> Counts:
    counts = Counts()
    predictions = ask(pool)
    for question in pool:
        if turns.done():
            break
        verdict = judge(question, next(predictions))
        counts = counts.plus(verdict)
        if verdict == wanted:
            turns.add(question)
    return counts


def ask(session: Session, questions: Sequence[Question], seed: int) -> Iterator[Prediction]:
    """f(x) for every question, in batches as they are taken: read greedily, or sampled if the profile says so.

    Names of labels are compared relative to what each gets on average (``_levelled``), if the profile says so.
    """
    model, profile = session.model, session.profile
    drawn = [asdict(profile.reading), seed] if profile.reading else []

    def identity(question: Question) -> list[object]:
        encoded = model.encode(reading_chat(question, profile.wording))
        return [question.id, model.fingerprint, encoded.digest, question.labels, *drawn]

    compute = partial(each_alone, partial(_predict, profile, seed), _failed)
    asked = session.stream(Stage("asking", Prediction, identity, compute, _BATCH), questions)
    predictions = _heeded(model, asked, len(questions))
    levelled = profile.levelled and all(question.answer_style == "label" for question in questions)
    return _levelled(predictions, questions) if levelled else predictions


def _failed(question: Question) -> Prediction:
    return Prediction(question.id, "", None, failed=True)


def _heeded(model: AbstractLanguageModel, predictions: Iterator[Prediction], total: int) -> Iterator[Prediction]:
    """The same predictions. Raises NotFiniteError if the first ones all failed: then the weights are to blame, and no text."""
    failed = 0
    for number, each in enumerate(predictions, 1):
        failed += each.failed
        if failed == number == min(_BATCH, total):
            raise NotFiniteError(
                f"{model.name} returned logits that are not numbers for {counted(failed, 'question')} in a row; load it in "
                f'another precision: `dtype="float32"`.'
            )
        yield each


def _levelled(predictions: Iterator[Prediction], questions: Sequence[Question]) -> Iterator[Prediction]:
    """Predictions by how much more probable a label is than on average over the first 50 questions.

    Otherwise "success" would mean "has the label that the model gives nearly all questions".
    """
    first = list(islice(predictions, LEVEL))
    level = level_of(first)
    for prediction, question in zip(chain(first, predictions), questions, strict=False):
        label = label_by_level(question, prediction, level)
        if label is None or label == prediction.label:
            yield prediction
        else:
            yield replace(prediction, text=question.written(label), label=label)


def _predict(
    profile: Profile, seed: int, model: AbstractLanguageModel, batch: Sequence[Question]
) -> Iterable[tuple[int, Prediction]]:
    places = [place for place, question in enumerate(batch) if _fits(model, profile, question)]
    asked = [batch[place] for place in places]
    chats = [reading_chat(question, profile.wording) for question in asked]
    if profile.reading is None:
        tokens = model.next_token(chats, [question.answers for question in asked])
        read = [(each.text, q.label_of(each.label), each.log_probabilities) for q, each in zip(asked, tokens, strict=True)]
    else:
        seeds = [derive(seed, "ask", question.id) for question in asked]
        texts = [reply.text.rstrip(")") for reply in model.generate(chats, profile.reading, seeds)]
        read = [(text, text if text in q.labels else None, ()) for q, text in zip(asked, texts, strict=True)]
    known = dict(zip(places, read, strict=True))
    return (
        (place, _prediction(q, *known[place]) if place in known else Prediction(q.id, "", None, too_long=True))
        for place, q in enumerate(batch)
    )


def _prediction(question: Question, text: str, label: str | None, log_probabilities: tuple[float, ...]) -> Prediction:
    kept = log_probabilities if question.answer_style == "label" else ()
    return Prediction(question.id, text, label, log_probabilities=kept)


def _fits(model: AbstractLanguageModel, profile: Profile, question: Question) -> bool:
    return fits(model, model.encode(reading_chat(question, profile.wording)), 1)


def select(session: Session, task: Task, selection: str, shots: int, seed: int) -> Sample:
    """Take shots at random from the training questions that qualify (section 3.2).

    The pool is put into a seeded order and asked until enough qualify, which draws from the same distribution as asking all of
    it. If the profile balances the answers, the labels take turns, as far as questions with each of them qualify: at most 256
    questions more are asked for that. No question is taken twice.

    Parameters
    ----------
    session : Session
        The model and how it is asked.
    task : Task
        Its ``train`` questions are the pool.
    selection : {"success", "error", "random"}
        Which questions qualify.
    shots : int
        How many to take (n); 0 for none.
    seed : int
        Decides the order.

    Returns
    -------
    Sample

    Raises
    ------
    SelectionError
        If there are fewer training questions than shots; with the counts, if too few questions qualify.
    SettingsError
        For an unknown selection, or less than 0 shots.
    """
    check_session(session)
    check_selection(selection, shots)
    if shots > len(task.train):  # said before the model is asked for minutes
        raise SelectionError(
            f"{task.name} has {counted(len(task.train), 'training question')}, too few for {shots} shots; use "
            f"`shots={len(task.train)}` or fewer, or more training questions."
        )
    found, counts = chosen(session, task, pool_of(task, seed), selection, shots, seed)
    if len(found) < shots:
        raise _too_few(task, selection, shots, len(found), counts)
    note_one_sided(found, task)
    return Sample(selection, seed, tuple(in_order(session, found, seed)), counts)


def pool_of(task: Task, seed: int) -> list[Question]:
    """The training questions in the order in which they are looked at."""
    return shuffle(task.train, derive(seed, "select"))


def chosen(
    session: Session, task: Task, pool: Sequence[Question], selection: str, shots: int, seed: int
) -> tuple[Sequence[Question], Counts]:
    """The first questions of a pool that qualify, fewer if not enough do, and what was found; balanced as ``select`` says.

    They are asked in batches, so that more may be asked than are looked at.
    """
    session = replace(session, progress=_until(session.progress))
    turns = Turns(shots, labels_in_turn(task) if session.profile.balance else ())
    fitting = partial(_fits, session.model, session.profile)
    counts = SELECTIONS[selection].choose(pool, fitting, lambda asked: ask(session, asked, seed), turns)
    return turns.sample, counts


def _until(progress: Progress) -> Progress:
    """The same progress, which also says that asking may end before the total."""
    return lambda what, done, total: progress(f"{what} until enough qualify", done, total)


def in_order(session: Session, shots: Sequence[Question], seed: int) -> Sequence[Question]:
    """The shots in the order in which the profile shows them."""
    return shuffle(shots, derive(seed, "shot order")) if session.profile.shot_order == "shuffled" else shots


def note_one_sided(shots: Sequence[Question], task: Task) -> None:
    """Warn if nearly all shots have the same answer: small models follow the majority of their shots (Zhao et al. 2021)."""
    label, count = Counter(shot.called(shot.answer) for shot in shots).most_common(1)[0] if shots else ("", 0)
    if count >= max(4, _ONE_SIDED * len(shots)) and len({question.answer for question in task.train}) > 1:
        warnings.warn(
            f"{count} of the {len(shots)} shots have the answer {bracketed(label)}, and a small model may repeat what most "
            f'shots answer; another seed or `selection="random"` may draw other ones.',
            SelfAmplifyWarning,
            stacklevel=3,
        )


def check_selection(selection: str, shots: int) -> None:
    """Raise SettingsError for an unknown selection, or a number of shots that is not 0 or more."""
    if not isinstance(selection, str) or selection not in get_args(SelectionName):
        raise unknown_name("selection", selection, get_args(SelectionName))
    check_whole("shots", shots, 0, 8)


def _too_few(task: Task, selection: str, shots: int, found: int, counts: Counts) -> SelectionError:
    """What was asked for, what was found, and which other settings would do."""
    qualify = {"success": counts.success, "error": counts.error, "random": len(task.train) - counts.too_long}
    remedies = [f"`shots={found}`"] if found else []
    remedies += [f'`selection="{name}"`' for name, number in qualify.items() if number >= shots]
    remedies.append("shorter questions or a model with a longer context" if counts.too_long else "more training questions")
    verb = "was" if found == 1 else "were"
    return SelectionError(
        f"Only {found} of {counted(shots, 'shot')} {verb} found by the selection '{selection}' among the "
        f"{counted(len(task.train), 'training question')} of {task.name} ({counts}); use {', or '.join(remedies)}."
    )
