"""Step 2 (section 3.3): the interface of an explainer, and what every attribution has in common."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float

from ..asking import replies_to
from ..errors import ExplanationError, ModelError
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..models.replicas import ReplicatedModel
from ..records import Chat, Cost, Decoding, Explanation, Question
from ..wording import Wording
from .coalitions import AbstractGame, check_rules, values_of
from .game import TokenGame
from .question import question_game, text_game


class AbstractExplainer(ABC):
    """Why the answer of a question is y. A frozen dataclass whose fields are its settings."""

    name: ClassVar[str]
    together: ClassVar[int] = 1
    """How many questions are explained, and remembered, together."""

    def completed(self, **settings: Any) -> "AbstractExplainer":
        """The explainer with those of ``settings`` that it has and leaves open (None)."""
        open_ones = {name: value for name, value in settings.items() if getattr(self, name, value) is None}
        return replace(self, **open_ones)  # pyright: ignore[reportArgumentType]

    @abstractmethod
    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        """Explain the pair (x, y), y the true answer.

        Raises ExplanationError where this question can't be explained, ModelError where this model can't be used.
        """

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        """Explain several questions; an explainer that gains by doing so together does it here."""
        return [self.explain(model, question, wording, seed) for question, seed in zip(questions, seeds, strict=True)]


@dataclass(frozen=True, kw_only=True)
class AbstractWriting(AbstractExplainer):
    """An explainer that has the model write; it asks as many questions at once as the model has room for.

    ``decoding`` is that of the method that asks, where it is left open; without one, greedy.
    """

    together = 64
    decoding: Decoding | None = None

    @abstractmethod
    def chat(self, question: Question, wording: Wording) -> Chat:
        """What the model is asked, y given."""

    @abstractmethod
    def explanation(self, model: AbstractLanguageModel, question: Question, text: str) -> Explanation:
        """What the model's text explains. Raises ExplanationError where it is nothing."""

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        return self.explain_all(model, [question], wording, [seed])[0]

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        start = perf_counter()
        chats = [self.chat(question, wording) for question in questions]
        texts = replies_to(model, chats, self.decoding or Decoding(), seeds)
        cost = Cost(1, (perf_counter() - start) / len(questions))
        return [
            replace(self.explanation(model, question, text), cost=cost) for question, text in zip(questions, texts, strict=True)
        ]


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


Play = Generator[Bool[np.ndarray, "_coalition _word"], Float[np.ndarray, " _coalition"], Attribution]
"""A method at play: it yields coalitions, is sent their values, and returns its scores."""

Players = Sequence[str | None]
"""Who plays: for each player the keyword that it would become; None for a function word, which becomes none."""


@dataclass(frozen=True, kw_only=True)
class AbstractPerturbation(AbstractAttribution):
    """An attribution that plays coalitions of words, on any model that tells the labels' log-probabilities.

    ``absent`` is what becomes of an absent word: its tokens are replaced (``"mask"``) or removed (``"delete"``). A model that
    shows no tokens, such as a served one, is asked in texts (see ``TextGame``).
    """

    together = 1  # hundreds of coalitions fill batches of their own
    absent: str = "mask"  # pyright: ignore[reportIncompatibleVariableOverride]

    @abstractmethod
    def play(self, players: Players, seed: int) -> Play:
        """Play a game of these players: yield coalitions [coalition, word], and be sent their values."""

    def played(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> tuple[Sequence[AbstractGame], list[Attribution]]:
        if isinstance(model, AbstractDifferentiableModel):
            return super().played(model, questions, wording, seeds)
        if isinstance(model, ReplicatedModel):
            raise ModelError(f"The tokens of {model.name} are with its replicas; explain by build, compare or amplify.")
        games = [text_game(model, question, wording, self.value, self.absent) for question in questions]
        return games, self.sound(self.attribute_all(games, seeds), names_of(questions))

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        return self.attribute_all([game], [seed])[0]

    def attribute_all(self, games: Sequence[AbstractGame], seeds: Sequence[int]) -> list[Attribution]:
        plays = [self.play(game.keywords, seed) for game, seed in zip(games, seeds, strict=True)]
        values: list[np.ndarray | None] = [None] * len(games)
        results: dict[int, Attribution] = {}
        while len(results) < len(games):
            asked: dict[int, np.ndarray] = {}
            for place in [place for place in range(len(games)) if place not in results]:
                try:
                    asked[place] = plays[place].send(values[place])  # pyright: ignore[reportArgumentType]
                except StopIteration as done:
                    results[place] = replace(done.value, passes=games[place].passes)
            found = values_of([games[place] for place in asked], list(asked.values()))
            for place, own in zip(asked, found, strict=True):
                values[place] = own
        return [results[place] for place in range(len(games))]


def completeness_gap(scores: Sequence[float] | np.ndarray, full: float, empty: float) -> float | None:
    """|sum of scores - (f(x) - f(x'))| / |f(x) - f(x')|; None where that difference is 0, and nothing can be said."""
    return None if full == empty else abs(float(np.sum(scores)) - (full - empty)) / abs(full - empty)
