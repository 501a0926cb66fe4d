"""Captum's DeepLift on the embedding layer: what the paper used (appendix A.4)."""

import warnings
from dataclasses import dataclass

import torch
from captum.attr import DeepLift as CaptumEngine
from torch import Tensor, nn

from ..games.embeddings import EmbeddedGames, embedded
from ..games.tokens import TokenGame
from .attribution import AbstractAttribution, Attribution, completeness_gap


@dataclass(frozen=True, kw_only=True)
class DeepLiftCaptum(AbstractAttribution):
    """Captum's DeepLift, in one forward and backward pass of x and the baseline together.

    Captum knows no rule for the blocks of transformer decoders: on Llama and Mistral its result is gradient x (x - baseline),
    which is not complete. The gap is reported with every explanation. Prefer ``DeepLift``.
    """

    name = "deep_lift_captum"

    def attribute(self, game: TokenGame, seed: int) -> Attribution:
        point = embedded([game])
        with warnings.catch_warnings():
            # Captum announces the hooks that it sets and removes again.
            warnings.filterwarnings("ignore", message="Setting forward, backward hooks")
            attributions = CaptumEngine(_ValueModule(point, game.model.module)).attribute(
                point.x.clone().requires_grad_(), point.baseline
            )
        with torch.no_grad():
            full, empty = point.values(torch.cat([point.x, point.baseline]), [0, 0]).tolist()
        scores = point.scores(attributions)[0]
        return Attribution(scores.tolist(), 4, completeness_gap(scores, full, empty))


class _ValueModule(nn.Module):
    """The value as a module, which is what Captum sets its hooks on."""

    def __init__(self, point: EmbeddedGames, model: nn.Module):
        super().__init__()
        self.model = model
        self._values = point.values

    def forward(self, embeddings: Tensor) -> Tensor:
        return self._values(embeddings, [0] * len(embeddings))
