"""DeepLIFT on the embedding layer (Shrikumar et al. 2017, https://arxiv.org/abs/1704.02685), complete on decoders."""

import warnings
from dataclasses import dataclass

import torch

from .explainer import AbstractAttribution, Attribution, completeness_gap
from .game import TokenGame
from .gradients import embedded, per_word
from .multipliers import Multipliers, uncovered

_NOTABLE_GAP = 0.05


@dataclass(frozen=True, kw_only=True)
class DeepLift(AbstractAttribution):
    """Multipliers by rules that hold exactly for every operation of a decoder, see ``multipliers``.

    One forward and one backward pass of x and the baseline together; the scores add up to f(x) - f(x') but for rounding. Where
    a model computes something that no rule covers, the gradient stands in, the gap says how far the sum is off, and a warning
    names the operation. The paper used Captum's, which knows no rule for these blocks: ``deep_lift_captum``.
    """

    name = "deep_lift"

    def attribute(self, game: TokenGame, seed: int) -> Attribution:
        point = embedded(game)
        rows = torch.cat([point.x, point.baseline]).requires_grad_()
        with torch.enable_grad(), Multipliers():
            values = point.value(rows)
        (multipliers,) = torch.autograd.grad(values.sum(), rows)
        scores = per_word(game, multipliers[:1] * (point.x - point.baseline))
        full, empty = values.tolist()
        gap = completeness_gap(scores, full, empty)
        missing = uncovered(values)
        if missing and gap is not None and gap > _NOTABLE_GAP:
            warnings.warn(
                f"deep_lift has no rule for {', '.join(sorted(missing))} of this model: its scores miss f(x) - f(x') by "
                f"{100 * gap:.0f} %; kernel_shap and integrated_gradients do not depend on such rules.",
                stacklevel=2,
            )
        return Attribution(scores.tolist(), 4, gap)
