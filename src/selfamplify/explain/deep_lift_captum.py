"""Captum's DeepLift on the embedding layer, which the paper used (appendix A.4)."""

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..games.embeddings import EmbeddedGames
from .gradient import AbstractGradient
from .scores import Attribution, completeness_gap


@dataclass(frozen=True, kw_only=True)
class DeepLiftCaptum(AbstractGradient):
    """Captum's DeepLift, in one forward and one backward pass of x and the baseline together.

    Captum has no rules for the blocks of transformer decoders: on Llama and Mistral the result is gradient x (x - baseline),
    which is not complete. The gap is reported with every explanation. Prefer ``DeepLift``.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    """

    name = "deep_lift_captum"

    def attribute_games(self, games: EmbeddedGames) -> list[Attribution]:
        return [self._attribution(game) for game in games.split()]

    def _attribution(self, game: EmbeddedGames) -> Attribution:
        from captum.attr import DeepLift  # heavy

        engine = DeepLift(_ValueModule(game))
        with warnings.catch_warnings():
            # Captum warns about the hooks that it sets and removes again.
            warnings.filterwarnings("ignore", message="Setting forward, backward hooks")
            attributions = engine.attribute(game.x.clone().requires_grad_(), game.baseline)
        with torch.no_grad():
            full, empty = game.values(torch.cat([game.x, game.baseline]), [0, 0]).tolist()
        scores = game.scores(attributions)[0]
        return Attribution(scores.tolist(), 4, completeness_gap(scores, full, empty))


class _ValueModule(nn.Module):
    """The value as a module, which Captum needs for its hooks."""

    def __init__(self, game: EmbeddedGames):
        super().__init__()
        self.model = game.games[0].model.module
        self._values = game.values

    def forward(self, embeddings: Tensor) -> Tensor:
        return self._values(embeddings, [0] * len(embeddings))
