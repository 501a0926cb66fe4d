"""Shapley values by sampled orders of the words (Castro et al. 2009, https://doi.org/10.1016/j.cor.2008.04.004)."""

from dataclasses import dataclass

import numpy as np

from ..errors import SettingsError
from .explainer import AbstractPerturbation, Attribution, Play, completeness_gap


@dataclass(frozen=True, kw_only=True)
class ShapleyValueSampling(AbstractPerturbation):
    """The mean marginal contribution of each word over ``permutations`` random orders (Captum's default is 25).

    Each order costs M - 1 evaluations. The standard errors are those of the mean over orders.
    """

    name = "shapley_value_sampling"
    permutations: int = 25

    def play(self, players: int, seed: int) -> Play:
        if self.permutations < 2:
            raise SettingsError(f"shapley_value_sampling needs at least 2 permutations, not {self.permutations}.")
        m = players
        generator = np.random.default_rng(seed)
        ranks = np.stack([generator.permutation(m) for _ in range(self.permutations)])
        # Row r of an order holds the words of rank below r: from the empty coalition, r = 0, to the full one, r = M.
        coalitions = ranks[:, None, :] < np.arange(m + 1)[None, :, None]
        values = (yield coalitions.reshape(-1, m)).reshape(self.permutations, m + 1)
        gains = np.take_along_axis(np.diff(values, axis=1), ranks, axis=1)
        scores = gains.mean(0)
        errors = gains.std(0, ddof=1) / np.sqrt(self.permutations)
        gap = completeness_gap(scores, values[0, -1], values[0, 0])
        return Attribution(scores.tolist(), 0, gap, errors.tolist())
