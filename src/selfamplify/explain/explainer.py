"""Step 2 (section 3.3): the interface of an explainer, and what every attribution has in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import ClassVar

import numpy as np
import torch

from ..asking import check_context, reading_chat
from ..errors import ExplanationError, ModelError
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..records import Cost, Explanation, Question
from ..wording import Wording
from .game import TokenGame, check_rules
from .words import Word, candidate_words, locate


class AbstractExplainer(ABC):
    """Why the answer of a question is y. A frozen dataclass whose fields are its settings."""

    name: ClassVar[str]

    @abstractmethod
    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        """Explain the pair (x, y), y the true answer.

        Raises ExplanationError where this question can't be explained, ModelError where this model can't be used.
        """


@dataclass(frozen=True)
class Attribution:
    """What an attribution method gives for the words of one question; see Explanation for the fields."""

    scores: Sequence[float]
    passes: int
    completeness_gap: float | None = None
    standard_errors: Sequence[float] | None = None


@dataclass(frozen=True, kw_only=True)
class AbstractAttribution(AbstractExplainer):
    """An explainer that scores every candidate word of the question.

    ``value`` is what is attributed: the ``"logit"`` of y's token, its ``"logprob"``, or its ``"margin"`` over the other
    labels (logit minus log-sum-exp of theirs). An absent word's tokens are replaced by the padding token.
    """

    value: str = "logit"
    absent: ClassVar[str] = "mask"

    def __post_init__(self) -> None:
        check_rules(self.value, self.absent)

    @abstractmethod
    def attribute(self, game: TokenGame, seed: int) -> Attribution:
        """The scores of the players (words) of a game."""

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        if not isinstance(model, AbstractDifferentiableModel):
            raise ModelError(
                f"{self.name} needs the tokens of a local model, which {model.name} is not; use self_topk or self_exp."
            )
        start = perf_counter()
        words, game = _game(model, question, wording, self.value, self.absent)
        try:
            result = self.attribute(game, seed)
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"{self.name} needs gradients, which do not fit the device's memory; use --dtype bfloat16, a smaller batch "
                f"where it has one, or an explainer without gradients such as kernel_shap."
            ) from error
        if not all(map(isfinite, result.scores)):
            raise ExplanationError(
                f"{self.name} gave values that are not numbers for question {question.id}; try --dtype float32."
            )
        if not any(result.scores):
            raise ExplanationError(
                f"No word of question {question.id} moves the model's {self.value} (every score of {self.name} is 0); "
                f"leave it out, or use another model."
            )
        return Explanation(
            question.id,
            self.name,
            tuple(word.text for word in words),
            tuple(map(float, result.scores)),
            value=self.value,
            completeness_gap=result.completeness_gap,
            standard_errors=None if result.standard_errors is None else tuple(map(float, result.standard_errors)),
            cost=Cost(result.passes, perf_counter() - start),
        )


@dataclass(frozen=True, kw_only=True)
class AbstractPerturbation(AbstractAttribution):
    """An attribution that plays coalitions of words.

    ``absent`` is what becomes of an absent word: its tokens are replaced (``"mask"``) or removed (``"delete"``).
    """

    absent: str = "mask"  # pyright: ignore[reportIncompatibleVariableOverride]


def _game(
    model: AbstractDifferentiableModel, question: Question, wording: Wording, value: str, absent: str
) -> tuple[list[Word], TokenGame]:
    chat = reading_chat(question, wording)
    check_context(model, [chat], 1, "shorter questions")
    reading = model.read(chat, question.labels)
    positions = locate(reading, candidate_words(question.render(), question.labels))
    if not positions:
        raise ExplanationError(f"Question {question.id} has no word that could be a keyword; leave it out.")
    return list(positions), TokenGame(model, reading, question.answer, tuple(positions.values()), value, absent)


def completeness_gap(scores: Sequence[float] | np.ndarray, full: float, empty: float) -> float | None:
    """|sum of scores - (f(x) - f(x'))| / |f(x) - f(x')|; None where that difference is 0, and nothing can be said."""
    return None if full == empty else abs(float(np.sum(scores)) - (full - empty)) / abs(full - empty)
