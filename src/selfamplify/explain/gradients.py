"""What the gradient explainers share: the value as a function of the embeddings, and scores summed up to words."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .game import TokenGame


@dataclass(frozen=True)
class EmbeddedGame:
    """The embeddings of x and of the baseline x', each [1, token, embed], and the value as a function of such rows.

    x' has the padding token in the place of every word, so that instruction, markup and "(A)" markers score 0 (A.4).
    """

    x: Float[Tensor, "1 token embed"]
    baseline: Float[Tensor, "1 token embed"]
    value: Callable[[Float[Tensor, "row token embed"]], Float[Tensor, " row"]]


def embedded(game: TokenGame) -> EmbeddedGame:
    """The game of a question on the embedding layer."""
    x, baseline = game.rows()
    with torch.no_grad():
        rows = game.model.embedding(x), game.model.embedding(baseline)
    return EmbeddedGame(*rows, lambda embeddings: game.score(game.model.logits_from_embeddings(embeddings)))


def per_word(game: TokenGame, attributions: Float[Tensor, "1 token embed"]) -> Float[np.ndarray, " word"]:
    """Scores of embedding entries, summed over the entries of each word's tokens."""
    tokens = attributions.detach().double().sum(-1)[0].cpu().numpy()
    return np.array([tokens[list(positions)].sum() for positions in game.positions])
