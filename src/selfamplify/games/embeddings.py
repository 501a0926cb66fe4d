"""Games on the embedding layer: the value as a function of the embeddings, and scores summed up to words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from .tokens import TokenGame, columns_of


@dataclass(frozen=True)
class EmbeddedGames:
    """Games behind one prefix on the embedding layer: x and the baseline x' of each, filled up on the right.

    x' has the padding token in the place of every word, so that instruction, markup and "(A)" markers score 0 (A.4). The tokens
    of the prefix are the same in both; they are not among ``x`` and ``baseline``, and their keys and values are constants.
    """

    games: Sequence[TokenGame]
    x: Float[Tensor, "game token embed"]
    baseline: Float[Tensor, "game token embed"]
    lengths: tuple[int, ...]

    def values(self, embeddings: Float[Tensor, "row token embed"], owners: Sequence[int]) -> Float[Tensor, " row"]:
        """The value of each row, which is one of game ``owners[row]``, with gradients."""
        first, columns = self.games[0], columns_of(self.games)
        logits = first.model.logits_from_embeddings(
            embeddings, first.prefix, [self.lengths[owner] for owner in owners], len(first.target.ids), columns
        )
        # By game, so that a rule that compares x with x' finds both among the rows of a score.
        places = [[row for row, owner in enumerate(owners) if owner == own] for own in dict.fromkeys(owners)]
        scored = torch.cat([self.games[owners[own[0]]].score(logits[own], columns) for own in places])
        return scored[torch.tensor([row for own in places for row in own], device=scored.device).argsort()]

    def scores(self, attributions: Float[Tensor, "game token embed"]) -> list[Float[np.ndarray, " _word"]]:
        """Scores of embedding entries, summed over the entries of each word's tokens."""
        tokens = attributions.detach().double().sum(-1).cpu().numpy()
        start = len(self.games[0].prefix)
        return [
            np.array([own[np.array(positions) - start].sum() for positions in game.positions])
            for game, own in zip(self.games, tokens, strict=True)
        ]


def embedded(games: Sequence[TokenGame]) -> EmbeddedGames:
    """Games that are ``alike`` on the embedding layer."""
    model, start = games[0].model, len(games[0].prefix)
    full = [torch.tensor(game.row(np.ones(game.players, bool))[start:]) for game in games]
    empty = [torch.tensor(game.row(np.zeros(game.players, bool))[start:]) for game in games]
    with torch.no_grad():
        x, baseline = (
            model.embedding(pad_sequence(rows, batch_first=True, padding_value=model.blank).to(model.device))
            for rows in (full, empty)
        )
    return EmbeddedGames(games, x, baseline, tuple(map(len, full)))
