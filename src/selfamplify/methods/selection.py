"""Step 1, n-shot sample selection (section 3.2): which questions become shots, by what the model itself gets right or wrong."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import ClassVar, Literal, get_args

from ..arguments import check_whole
from ..errors import SelectionError
from ..models.context import fits
from ..models.model import AbstractLanguageModel
from ..names import unknown_name
from ..prompting.chats import reading_chat
from ..prompting.profiles import Profile
from ..records import Counts, Prediction, Question, Verdict
from ..seeds import derive
from ..session import Session, check_session
from ..tasks.task import Task, shuffle
from ..text.lines import counted
from ..work.stage import Stage

_BATCH = 32
"""Questions that are asked together: more would be asked in vain once enough qualify."""

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


class AbstractSelection(ABC):
    """A rule that takes shots from a shuffled pool, asking the model as far as the rule needs."""

    name: ClassVar[str]

    @abstractmethod
    def choose(self, pool: Sequence[Question], ask: Ask, shots: int) -> tuple[list[Question], Counts]:
        """The first ``shots`` questions of ``pool`` that qualify (fewer if there are no more), and the counts."""


@dataclass(frozen=True)
class Success(AbstractSelection):
    """f(x) = y."""

    name = "success"

    def choose(self, pool: Sequence[Question], ask: Ask, shots: int) -> tuple[list[Question], Counts]:
        return _scan(pool, ask, shots, "success")


@dataclass(frozen=True)
class Error(AbstractSelection):
    """f(x) is a label, but not y."""

    name = "error"

    def choose(self, pool: Sequence[Question], ask: Ask, shots: int) -> tuple[list[Question], Counts]:
        return _scan(pool, ask, shots, "error")


@dataclass(frozen=True)
class Random(AbstractSelection):
    """Any question; the model is not asked."""

    name = "random"

    def choose(self, pool: Sequence[Question], ask: Ask, shots: int) -> tuple[list[Question], Counts]:
        return list(pool[:shots]), Counts()


SELECTIONS: dict[str, AbstractSelection] = {rule.name: rule for rule in (Success(), Error(), Random())}


def judge(question: Question, prediction: Prediction) -> Verdict:
    """The three cases of section 3.2; it is the prediction, not the target, that must be in the label space."""
    if prediction.label is None:
        return "discarded"
    return "success" if prediction.label == question.answer else "error"


def _scan(pool: Sequence[Question], ask: Ask, shots: int, wanted: Verdict) -> tuple[list[Question], Counts]:
    chosen: list[Question] = []
    counts = Counts()
    predictions = ask(pool)
    for question in pool:
        if len(chosen) == shots:
            break
        verdict = judge(question, next(predictions))
        counts = counts.plus(verdict)
        if verdict == wanted:
            chosen.append(question)
    return chosen, counts


def ask(session: Session, questions: Sequence[Question], seed: int) -> Iterator[Prediction]:
    """f(x) for every question, in batches as they are taken: read greedily, or sampled if the profile says so."""
    model, profile = session.model, session.profile
    drawn = [asdict(profile.reading), seed] if profile.reading else []

    def identity(question: Question) -> list[object]:
        encoded = model.encode(reading_chat(question, profile.wording))
        return [question.id, model.fingerprint, encoded.digest, question.labels, *drawn]

    compute = partial(_predict, profile, seed)
    return session.stream(Stage("asking", Prediction, identity, compute, _BATCH), questions)


def _predict(
    profile: Profile, seed: int, model: AbstractLanguageModel, batch: Sequence[Question]
) -> Iterable[tuple[int, Prediction]]:
    chats = [reading_chat(question, profile.wording) for question in batch]
    if profile.reading is None:
        tokens = model.next_token(chats, [question.labels for question in batch])
        return enumerate(Prediction(q.id, token.text, token.label) for q, token in zip(batch, tokens, strict=True))
    seeds = [derive(seed, "ask", question.id) for question in batch]
    texts = [reply.text.rstrip(")") for reply in model.generate(chats, profile.reading, seeds)]
    return enumerate(Prediction(q.id, text, text if text in q.labels else None) for q, text in zip(batch, texts, strict=True))


def select(session: Session, task: Task, selection: str, shots: int, seed: int) -> Sample:
    """Take shots at random from the training questions that qualify (section 3.2).

    The pool is put into a seeded order and asked until enough qualify, which draws from the same distribution as asking all of
    it. No question is taken twice.

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
    shuffled = shuffle(task.train, derive(seed, "select"))
    model, wording = session.model, session.profile.wording
    pool = [question for question in shuffled if fits(model, model.encode(reading_chat(question, wording)), 1)]
    questions, counts = SELECTIONS[selection].choose(pool, lambda batch: ask(session, batch, seed), shots)
    counts = replace(counts, too_long=len(shuffled) - len(pool))
    if len(questions) < shots:
        raise _too_few(task, selection, shots, len(questions), len(pool), counts)
    return Sample(selection, seed, tuple(questions), counts)


def check_selection(selection: str, shots: int) -> None:
    """Raise SettingsError for an unknown selection, or a number of shots that is not 0 or more."""
    if not isinstance(selection, str) or selection not in get_args(SelectionName):
        raise unknown_name("selection", selection, get_args(SelectionName))
    check_whole("shots", shots, 0, 8)


def _too_few(task: Task, selection: str, shots: int, found: int, fitting: int, counts: Counts) -> SelectionError:
    """What was asked for, what was found, and which other settings would do."""
    qualify = {"success": counts.success, "error": counts.error, "random": fitting}
    remedies = [f"`shots={found}`"] if found else []
    remedies += [f'`selection="{name}"`' for name, number in qualify.items() if number >= shots]
    remedies.append("shorter questions or a model with a longer context" if counts.too_long else "more training questions")
    verb = "was" if found == 1 else "were"
    return SelectionError(
        f"Only {found} of {counted(shots, 'shot')} {verb} found by the selection '{selection}' among the "
        f"{counted(len(task.train), 'training question')} of {task.name} ({counts}); use {', or '.join(remedies)}."
    )
