"""Which questions qualify as shots: f(x) = y, f(x) another label, or any that fit (section 3.2)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..records import Counts, Prediction, Question, Verdict
from .turns import Turns

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
