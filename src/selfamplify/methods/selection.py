"""Step 1, n-shot sample selection (section 3.2): which questions become shots, by what the model itself gets right or wrong."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Literal

from ..errors import SelectionError, SettingsError, unknown_name
from ..models.context import fits
from ..models.model import AbstractLanguageModel
from ..prompting.chats import reading_chat
from ..prompting.profiles import Profile
from ..records import Prediction, Question
from ..seeds import derive
from ..session import Session
from ..tasks.task import Task, shuffle
from ..work.memory import Stage

_BATCH = 32


@dataclass(frozen=True)
class Counts:
    """How many questions were asked, and what became of them; asking stops with the last shot that was needed.

    ``too_long`` questions do not fit the model's context, and were not asked.
    """

    asked: int = 0
    success: int = 0
    error: int = 0
    discarded: int = 0
    too_long: int = 0

    def plus(self, verdict: str) -> "Counts":
        return replace(self, asked=self.asked + 1, **{verdict: getattr(self, verdict) + 1})

    def __str__(self) -> str:
        too_long = f", {self.too_long} too long for the model" if self.too_long else ""
        if not self.asked:
            return f"the model was not asked{too_long}"
        return f"{self.asked} asked, {self.success} success, {self.error} error, {self.discarded} discarded{too_long}"


@dataclass(frozen=True)
class Sample:
    """The n-shot sample, how it was selected, and the counts."""

    selection: str
    seed: int
    questions: tuple[Question, ...]
    counts: Counts

    @staticmethod
    def of(questions: Sequence[Question], seed: int) -> "Sample":
        """A sample of questions that were given, not selected."""
        return Sample("given", seed, tuple(questions), Counts())


Ask = Callable[[Sequence[Question]], Iterator[Prediction]]
"""Predictions of questions in their order, made as they are taken."""


class AbstractSelection(ABC):
    """A rule that takes shots from a shuffled pool, asking the model as far as the rule needs."""

    name: str

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


def judge(question: Question, prediction: Prediction) -> Literal["success", "error", "discarded"]:
    """The three cases of section 3.2; it is the prediction, not the target, that must lie in the label space."""
    if prediction.label is None:
        return "discarded"
    return "success" if prediction.label == question.answer else "error"


def _scan(pool: Sequence[Question], ask: Ask, shots: int, wanted: str) -> tuple[list[Question], Counts]:
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
    """f(x) for every question, in batches as they are taken: read greedily, or sampled where the profile says so."""
    model, reading, wording = session.model, session.profile.reading, session.profile.wording

    def identity(question: Question) -> list[object]:
        chat = reading_chat(question, wording)
        drawn = [asdict(reading), seed] if reading else []
        return [question.id, model.fingerprint, model.tokens(chat), question.labels, *drawn]

    compute = partial(_predict, model, session.profile, seed)
    return session.memory.stream(Stage("asking", Prediction, identity, compute, _BATCH, model.perform), questions)


def _predict(
    model: AbstractLanguageModel, profile: Profile, seed: int, batch: Sequence[Question]
) -> Iterable[tuple[int, Prediction]]:
    chats = [reading_chat(question, profile.wording) for question in batch]
    if profile.reading is None:
        tokens = model.next_token(chats, [question.labels for question in batch])
        return enumerate(Prediction(q.id, token.text, token.label) for q, token in zip(batch, tokens, strict=True))
    seeds = [derive(seed, "ask", question.id) for question in batch]
    texts = [reply.text.rstrip(")") for reply in model.generate(chats, profile.reading, seeds)]
    return enumerate(Prediction(q.id, text, text if text in q.labels else None) for q, text in zip(batch, texts, strict=True))


def select(session: Session, task: Task, selection: str, shots: int, seed: int) -> Sample:
    """Take ``shots`` questions at random from those of ``task.train`` that qualify.

    The pool is put in a seeded order and asked until enough qualify, which draws the same distribution as asking all of it.
    Raises SelectionError with the counts where too few qualify; a question is never taken twice.
    """
    if selection not in SELECTIONS:
        raise unknown_name("selection", selection, SELECTIONS)
    if shots < 0:
        raise SettingsError(f"{shots} shots can't be; use --shots 8, or --shots 0 for a zero-shot prompt.")
    shuffled = shuffle(task.train, derive(seed, "select"))
    pool = [question for question in shuffled if fits(session.model, reading_chat(question, session.profile.wording), 1)]
    questions, counts = SELECTIONS[selection].choose(pool, lambda batch: ask(session, batch, seed), shots)
    counts = replace(counts, too_long=len(shuffled) - len(pool))
    if len(questions) < shots:
        fewer = f"--shots {len(questions)}, " if questions else ""
        qualify = {"success": counts.success, "error": counts.error, "random": len(pool)}
        others = " or ".join(name for name, number in qualify.items() if number >= shots)
        instead = f"--select {others}, " if others else ""
        more = "shorter questions or a model with a longer context" if counts.too_long else "more training questions"
        raise SelectionError(
            f"Only {len(questions)} of {shots} shots could be selected as '{selection}' from the {len(shuffled)} training "
            f"questions of {task.name} ({counts}); use {fewer}{instead}{'or ' if fewer or instead else ''}{more}."
        )
    return Sample(selection, seed, tuple(questions), counts)
