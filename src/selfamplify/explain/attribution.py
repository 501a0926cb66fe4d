"""What every attribution has in common (section 3.3): a score for each word of a question, by a game of its words."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import ClassVar

import numpy as np
import torch

from ..errors import ExplanationError, ModelError
from ..games.coalitions import AbstractGame, check_rules
from ..games.question import question_game
from ..games.tokens import TokenGame
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Cost, Explanation, Question
from .explainer import AbstractExplainer


@dataclass(frozen=True)
class Attribution:
    """What an attribution method gives for the words of one question; see Explanation for the fields."""

    scores: Sequence[float]
    passes: int = 0
    completeness_gap: float | None = None
    standard_errors: Sequence[float] | None = None


@dataclass(frozen=True, kw_only=True)
class AbstractAttribution(AbstractExplainer):
    """An explainer that scores every candidate word of the question.

    ``value`` is what is attributed: the ``"logit"`` of y's token, its ``"logprob"``, or its ``"margin"`` over the other
    labels (logit minus log-sum-exp of theirs). An absent word's tokens are replaced by the padding token.
    """

    together = 8
    value: str = "logit"
    absent: ClassVar[str] = "mask"

    def __post_init__(self) -> None:
        check_rules(self.value, self.absent)

    @abstractmethod
    def attribute(self, game: TokenGame, seed: int) -> Attribution:
        """The scores of the players (words) of a game."""

    def attribute_all(self, games: Sequence[TokenGame], seeds: Sequence[int]) -> list[Attribution]:
        """The scores of several games; a method that gains by playing them together does it here."""
        return [self.attribute(game, seed) for game, seed in zip(games, seeds, strict=True)]

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        return self.explain_all(model, [question], wording, [seed])[0]

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        start = perf_counter()
        games, results = self.played(model, questions, wording, seeds)
        seconds = (perf_counter() - start) / len(questions)
        return [
            Explanation(
                question.id,
                self.name,
                game.words,
                tuple(map(float, result.scores)),
                value=self.value,
                completeness_gap=result.completeness_gap,
                standard_errors=None if result.standard_errors is None else tuple(map(float, result.standard_errors)),
                cost=Cost(result.passes, seconds),
            )
            for question, game, result in zip(questions, games, results, strict=True)
        ]

    def played(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> tuple[Sequence[AbstractGame], list[Attribution]]:
        """The games of the questions, and their scores. Raises ModelError where the model's tokens are not at hand."""
        if not isinstance(model, AbstractDifferentiableModel):
            raise ModelError(
                f"{self.name} needs the gradients of a local model, which {model.name} is not; use self_topk, self_exp or "
                f"kernel_shap."
            )
        games = [question_game(model, question, wording, self.value, self.absent) for question in questions]
        return games, self.scored(games, seeds, names_of(questions))

    def scored(self, games: Sequence[TokenGame], seeds: Sequence[int], names: Sequence[str]) -> list[Attribution]:
        """The scores of several games of tokens, ``sound`` and for gradients that fit; ``names`` stand in errors."""
        try:
            results = self.attribute_all(games, seeds)
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"{self.name} needs gradients, which do not fit the device's memory; use --dtype bfloat16, a smaller batch "
                f"where it has one, or an explainer without gradients such as kernel_shap."
            ) from error
        return self.sound(results, names)

    def sound(self, results: list[Attribution], names: Sequence[str]) -> list[Attribution]:
        """The results, looked at before anybody builds on them. Raises ExplanationError for one that says nothing."""
        for name, result in zip(names, results, strict=True):
            if not all(map(isfinite, result.scores)):
                raise ExplanationError(f"{self.name} gave values that are not numbers for {name}; try --dtype float32.")
            if not any(result.scores):
                raise ExplanationError(
                    f"No word of {name} moves the model's {self.value} (every score of {self.name} is 0); "
                    f"take another one, or another model."
                )
        return results


def names_of(questions: Sequence[Question]) -> list[str]:
    return [f"question {question.id}" for question in questions]


def completeness_gap(scores: Sequence[float] | np.ndarray, full: float, empty: float) -> float | None:
    """|sum of scores - (f(x) - f(x'))| / |f(x) - f(x')|; None where that difference is 0, and nothing can be said."""
    return None if full == empty else abs(float(np.sum(scores)) - (full - empty)) / abs(full - empty)
