"""Gradient x activation on the embedding layer (Captum's LayerGradientXActivation)."""

from dataclasses import dataclass

import torch

from ..games.embeddings import EmbeddedGames
from .gradient import AbstractGradient
from .scores import Attribution


@dataclass(frozen=True, kw_only=True)
class GradientXActivation(AbstractGradient):
    """The embedding of each token times the gradient of the value there, in one forward and one backward pass.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        Always None: no word is replaced.
    """

    name = "gradient_x_activation"

    @property
    def replaces(self) -> bool:
        return False

    def attribute_games(self, games: EmbeddedGames) -> list[Attribution]:
        rows = games.x.clone().requires_grad_()
        with torch.enable_grad():
            values = games.values(rows, range(len(rows)))
        (gradients,) = torch.autograd.grad(values.sum(), rows)
        return [Attribution(scores.tolist(), 1) for scores in games.scores(gradients * games.x)]
