"""Captum's KernelShap on the coalition game: the estimator that the paper used (appendix A.4)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from captum.attr import KernelShap as CaptumEngine
from torch import Tensor

from ..errors import ExplanationError
from ..games.coalitions import ends
from .attribution import Attribution, completeness_gap
from .perturbation import AbstractPerturbation, Play, Players


@dataclass(frozen=True, kw_only=True)
class KernelShapCaptum(AbstractPerturbation):
    """Independent coalitions, float32 least squares and no standard error, as Captum computes them; seeded here.

    ``samples`` is 350 as in the paper. Prefer ``KernelShap``, which is less noisy at the same cost.
    """

    name = "kernel_shap_captum"
    samples: int = 350

    def play(self, players: Players, seed: int) -> Play:
        m = len(players)
        if m < 2:
            raise ExplanationError("Captum's KernelShap needs at least two words; use kernel_shap.")
        if self.samples < m + 2:
            raise ExplanationError(
                f"kernel_shap_captum needs at least M + 2 = {m + 2} samples for {m} words, not {self.samples}; "
                f"use --samples {m + 2}, or more."
            )
        # What Captum draws does not depend on what it is told: its coalitions are written down first, and answered then.
        drawn: list[Tensor] = [torch.from_numpy(ends(m))]

        def written(rows: Tensor) -> Tensor:
            drawn.append(rows.bool())
            return torch.zeros(len(rows))

        self._run(written, m, seed)
        coalitions = torch.cat(drawn).numpy()
        values = yield coalitions
        known = {row.tobytes(): value for row, value in zip(coalitions, values, strict=True)}
        scores = self._run(lambda rows: torch.tensor([known[row.tobytes()] for row in rows.bool().numpy()]), m, seed)
        return Attribution(scores.tolist(), 0, completeness_gap(scores.numpy(), values[0], values[1]))

    def _run(self, forward: Callable[[Tensor], Tensor], m: int, seed: int) -> Tensor:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return CaptumEngine(lambda rows: forward(rows).float()).attribute(
                torch.ones(1, m), baselines=torch.zeros(1, m), n_samples=self.samples, perturbations_per_eval=self.samples
            )[0]
