"""Games on the embedding layer: the value as a function of the embeddings, and its attributions summed per word."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .tokens import TokenGame, columns_of, embedded_rows


@dataclass(frozen=True)
class EmbeddedGames:
    """Games that share a prefix, on the embedding layer.

    The baseline x' has each game's ``blank`` in place of every word, so that the instruction, the markup and the "(A)" markers
    score 0 (appendix A.4). The tokens of the prefix are the same in x and x'; they are not part of ``x`` and ``baseline``, and
    their keys and values are constants.

    Parameters
    ----------
    games : sequence of TokenGame
        Games whose ``alike`` is equal.
    x : tensor of shape (game, token, embed)
        The embeddings of each prompt after the prefix, padded on the right.
    baseline : tensor of shape (game, token, embed)
        The embeddings of each baseline, padded in the same way.
    lengths : tuple of int
        The number of tokens of each game after the prefix, without padding.
    """

    games: Sequence[TokenGame]
    x: Float[Tensor, "game token embed"]
    baseline: Float[Tensor, "game token embed"]
    lengths: tuple[int, ...]

    def values(self, embeddings: Float[Tensor, "row token embed"], owners: Sequence[int]) -> Float[Tensor, " row"]:
        """Return the value of each row, with gradients; row i belongs to game ``owners[i]``."""
        first, columns = self.games[0], columns_of(self.games)
        logits = first.model.logits_from_embeddings(
            embeddings, first.prefix, [self.lengths[owner] for owner in owners], len(first.target.ids), columns
        )
        # One score per game, so that a DeepLIFT rule, which compares x with x', finds both among its rows.
        places = [[row for row, owner in enumerate(owners) if owner == own] for own in dict.fromkeys(owners)]
        scored = torch.cat([self.games[owners[own[0]]].score(logits[own], columns) for own in places])
        return scored[torch.tensor([row for own in places for row in own], device=scored.device).argsort()]

    def scores(self, attributions: Float[Tensor, "game token embed"]) -> list[Float[np.ndarray, " _word"]]:
        """Return the scores of each game's words: attributions of embedding entries, summed over each word's tokens."""
        tokens = attributions.detach().double().sum(-1).cpu().numpy()
        start = len(self.games[0].prefix)
        return [
            np.array([own[np.array(positions) - start].sum() for positions in game.positions])
            for game, own in zip(self.games, tokens, strict=True)
        ]

    def split(self) -> "list[EmbeddedGames]":
        """Return each game on its own, without padding."""
        return [
            EmbeddedGames([game], self.x[place : place + 1, :length], self.baseline[place : place + 1, :length], (length,))
            for place, (game, length) in enumerate(zip(self.games, self.lengths, strict=True))
        ]


def embedded(games: Sequence[TokenGame]) -> EmbeddedGames:
    """Place games whose ``alike`` is equal on the embedding layer."""
    x, lengths = embedded_rows([(game, np.ones(game.players, bool)) for game in games])
    baseline, _ = embedded_rows([(game, np.zeros(game.players, bool)) for game in games])
    return EmbeddedGames(games, x, baseline, tuple(lengths))
