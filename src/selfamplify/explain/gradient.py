"""What the gradient explainers share: the value as a function of the embeddings, and scores summed up to words."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress

import torch

from ..games.coalitions import grouped
from ..games.embeddings import EmbeddedGames, embedded
from ..games.tokens import TokenGame
from .attribution import AbstractAttribution, Attribution


class AbstractGradient(AbstractAttribution):
    """An attribution that takes gradients of the value on the embedding layer, of several games at once."""

    @abstractmethod
    def attribute_games(self, games: EmbeddedGames) -> list[Attribution]:
        """The attributions of games that share their batches."""

    def attribute(self, game: TokenGame, seed: int) -> Attribution:
        return self.attribute_all([game], [seed])[0]

    def attribute_all(self, games: Sequence[TokenGame], seeds: Sequence[int]) -> list[Attribution]:
        results: dict[int, Attribution] = {}
        for members in grouped(enumerate(games), lambda item: item[1].alike):
            found = self._as_many_as_fit([game for _, game in members])
            results.update(zip([place for place, _ in members], found, strict=True))
        return [results[place] for place in range(len(games))]

    def _as_many_as_fit(self, games: Sequence[TokenGame]) -> list[Attribution]:
        with suppress(torch.OutOfMemoryError):
            return self.attribute_games(embedded(games))
        if len(games) == 1:
            return self.attribute_games(embedded(games))
        half = len(games) // 2
        return [*self._as_many_as_fit(games[:half]), *self._as_many_as_fit(games[half:])]
