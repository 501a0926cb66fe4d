"""DeepLIFT on the embedding layer (Shrikumar et al. 2017, https://arxiv.org/abs/1704.02685), complete on decoders."""

import warnings
from dataclasses import dataclass

import torch

from ..errors import SelfAmplifyWarning
from ..games.embeddings import EmbeddedGames
from .gradient import AbstractGradient
from .multipliers import Multipliers
from .scores import Attribution, completeness_gap
from .uncovered import uncovered

_NOTABLE_GAP = 0.05


@dataclass(frozen=True, kw_only=True)
class DeepLift(AbstractGradient):
    """DeepLIFT with rules that are exact for every operation of a decoder (see ``multipliers``).

    It takes one forward and one backward pass of x and the baseline together. The scores add up to f(x) - f(x'), apart from
    rounding. If a model computes something that no rule covers, the gradient is used in its place, the completeness gap shows
    how far the sum is off, and a warning names the operation. The paper used Captum's implementation, which has no rules for
    these blocks: ``deep_lift_captum``.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    """

    name = "deep_lift"

    def attribute_games(self, games: EmbeddedGames) -> list[Attribution]:
        count = len(games.games)
        rows = torch.cat([games.x, games.baseline]).float().requires_grad_()
        with torch.enable_grad(), Multipliers():
            values = games.values(rows, [*range(count), *range(count)])
        (multipliers,) = torch.autograd.grad(values.sum(), rows)
        found = games.scores(multipliers[:count] * (rows[:count] - rows[count:]))
        full, empty = values.detach().view(2, count).tolist()
        gaps = [completeness_gap(*each) for each in zip(found, full, empty, strict=True)]
        worst = max((gap for gap in gaps if gap is not None), default=0.0)
        missing = uncovered(values) if worst > _NOTABLE_GAP else set()
        if missing:
            warnings.warn(
                f"deep_lift has no rule for {', '.join(sorted(missing))} of this model: the sum of its scores misses "
                f"f(x) - f(x') by {100 * worst:.0f} %; kernel_shap and integrated_gradients do not depend on such rules.",
                SelfAmplifyWarning,
                stacklevel=2,
            )
        return [Attribution(scores.tolist(), 4, gap) for scores, gap in zip(found, gaps, strict=True)]
