"""AttnLRP on the embedding layer (Achtibat et al. 2024, https://arxiv.org/abs/2402.05602)."""

import warnings
from dataclasses import dataclass

import torch

from ..errors import SelfAmplifyWarning
from ..games.embeddings import EmbeddedGames
from .gradient import AbstractGradient
from .relevances import GRADIENTS, Relevances
from .scores import Attribution
from .uncovered import uncovered


@dataclass(frozen=True, kw_only=True)
class AttnLrp(AbstractGradient):
    """Attention-aware layer-wise relevance propagation: gradient x input with the rules of ``relevances``.

    It takes one forward and one backward pass of x alone: there is no baseline. The scores share out the value itself, not what
    the words change, and are not complete: biases, softmax and the tokens that are not scored take shares too, so that no
    completeness gap is reported. If a model computes something that no rule covers, the gradient is used in its place, and a
    warning names the operation.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        Always None: no word is replaced.
    """

    name = "attn_lrp"

    @property
    def replaces(self) -> bool:
        return False

    def attribute_games(self, games: EmbeddedGames) -> list[Attribution]:
        rows = games.x.detach().float().requires_grad_()
        with torch.enable_grad(), Relevances():
            values = games.values(rows, range(len(rows)))
        missing = uncovered(values, GRADIENTS)
        if missing:
            warnings.warn(
                f"attn_lrp has no rule for {', '.join(sorted(missing))} of this model and uses the gradient there; "
                f"kernel_shap and integrated_gradients do not depend on such rules.",
                SelfAmplifyWarning,
                stacklevel=2,
            )
        (gradients,) = torch.autograd.grad(values.sum(), rows)
        return [Attribution(scores.tolist(), 1) for scores in games.scores(gradients * rows)]
