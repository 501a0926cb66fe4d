"""Integrated gradients on the embedding layer (Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365)."""

from dataclasses import dataclass

from captum.attr import IntegratedGradients as CaptumEngine

from .explainer import AbstractAttribution, Attribution, completeness_gap
from .game import TokenGame
from .gradients import embedded, per_word


@dataclass(frozen=True, kw_only=True)
class IntegratedGradients(AbstractAttribution):
    """Gauss-Legendre steps from the baseline to x, doubled until the completeness gap is under ``tolerance``.

    Starts with ``steps`` and stops at ``max_steps``; the gap that was reached is reported either way.
    """

    name = "integrated_gradients"
    steps: int = 32
    max_steps: int = 256
    tolerance: float = 0.01
    batch: int = 32

    def attribute(self, game: TokenGame, seed: int) -> Attribution:
        point = embedded(game)
        full, empty = float(point.value(point.x)), float(point.value(point.baseline))
        steps, passes = self.steps, 2
        while True:
            attributions = CaptumEngine(point.value).attribute(
                point.x, point.baseline, n_steps=steps, method="gausslegendre", internal_batch_size=self.batch
            )
            passes += steps
            scores = per_word(game, attributions)
            gap = completeness_gap(scores, full, empty)
            if (gap is not None and gap <= self.tolerance) or 2 * steps > self.max_steps:
                return Attribution(scores.tolist(), passes, gap)
            steps *= 2
