"""Captum's KernelShap on the coalition game: the estimator that the paper used (appendix A.4)."""

from dataclasses import dataclass

import torch
from captum.attr import KernelShap as CaptumEngine
from torch import Tensor

from ..errors import ExplanationError
from .explainer import AbstractPerturbation, Attribution, completeness_gap
from .game import TokenGame


@dataclass(frozen=True, kw_only=True)
class KernelShapCaptum(AbstractPerturbation):
    """Independent coalitions, float32 least squares and no standard error, as Captum computes them; seeded here.

    ``samples`` is 350 as in the paper. Prefer ``KernelShap``, which is less noisy at the same cost.
    """

    name = "kernel_shap_captum"
    samples: int = 350

    def attribute(self, game: TokenGame, seed: int) -> Attribution:
        m = game.players
        if m < 2:
            raise ExplanationError("Captum's KernelShap needs at least two words; use kernel_shap.")
        if self.samples < m + 2:
            raise ExplanationError(
                f"kernel_shap_captum needs at least M + 2 = {m + 2} samples for this question, not {self.samples}."
            )

        def forward(rows: Tensor) -> Tensor:
            return torch.from_numpy(game.values(rows.bool().numpy())).float()

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            scores = CaptumEngine(forward).attribute(
                torch.ones(1, m), baselines=torch.zeros(1, m), n_samples=self.samples, perturbations_per_eval=self.samples
            )
        full, empty = game.ends()
        return Attribution(scores[0].tolist(), game.passes, completeness_gap(scores[0].numpy(), full, empty))
