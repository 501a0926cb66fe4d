"""Attributions that play coalitions of words."""

from abc import abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from ..errors import ModelError
from ..games.coalitions import AbstractGame, values_of
from ..games.question import text_game
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..models.replicated.model import ReplicatedModel
from ..prompting.wording import Wording
from ..records import Question
from .attribution import AbstractAttribution, Attribution, names_of

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
