"""Captum's KernelShap on the coalition game, which the paper used (appendix A.4)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import ExplanationError
from ..games.coalitions import AbstractGame
from .perturbation import AbstractPerturbation
from .scores import Attribution, completeness_gap
from .settings import check_count


@dataclass(frozen=True, kw_only=True)
class KernelShapCaptum(AbstractPerturbation):
    """Captum's KernelShap: independent coalitions, least squares in float32 and no standard errors.

    Its draws are seeded here. Prefer ``KernelShap``, which is less noisy at the same cost.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent; see ``AbstractPerturbation``.
    samples : int, default 350
        The number of coalitions, at least M + 2; 350 as in the paper.

    Raises
    ------
    SettingsError
        If a setting is invalid.
    """

    name = "kernel_shap_captum"
    samples: int = 350

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "samples")

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        m = game.players
        if m < 2:
            raise ExplanationError('Captum\'s KernelShap needs at least two words; use `explainer="kernel_shap"`.')
        if self.samples < m + 2:
            raise ExplanationError(
                f"kernel_shap_captum needs at least M + 2 = {m + 2} samples for {m} words, and `samples={self.samples}`; "
                f"use `samples={m + 2}`, or more."
            )
        scores = self._run(game, seed)
        full, empty = game.ends()  # Captum draws both of them, so they are known.
        return Attribution(scores.tolist(), game.passes, completeness_gap(scores.numpy(), full, empty))

    def _run(self, game: AbstractGame, seed: int) -> Tensor:
        """Captum's scores; it draws all coalitions first, and asks for their values in one call."""
        from captum.attr import KernelShap  # heavy

        engine = KernelShap(lambda rows: torch.from_numpy(game.values(rows.bool().numpy())).float())
        x, baseline = torch.ones(1, game.players), torch.zeros(1, game.players)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return engine.attribute(x, baselines=baseline, n_samples=self.samples, perturbations_per_eval=self.samples)[0]
