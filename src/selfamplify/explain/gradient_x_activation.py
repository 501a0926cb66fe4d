"""Gradient x activation on the embedding layer (Captum's LayerGradientXActivation)."""

from dataclasses import dataclass

from captum.attr import InputXGradient

from .explainer import AbstractAttribution, Attribution
from .game import TokenGame
from .gradients import embedded, per_word


@dataclass(frozen=True, kw_only=True)
class GradientXActivation(AbstractAttribution):
    """The embedding of a token times the gradient of the value there: one forward and one backward pass."""

    name = "gradient_x_activation"

    def attribute(self, game: TokenGame, seed: int) -> Attribution:
        point = embedded(game)
        attributions = InputXGradient(point.value).attribute(point.x.clone().requires_grad_())
        return Attribution(per_word(game, attributions).tolist(), 1)
