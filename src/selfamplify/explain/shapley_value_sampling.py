"""Shapley values by sampled orders of the words (Castro et al. 2009, https://doi.org/10.1016/j.cor.2008.04.004)."""

from dataclasses import dataclass

import numpy as np

from ..errors import SettingsError
from .attribution import Attribution, completeness_gap
from .perturbation import AbstractPerturbation, Play, Players


@dataclass(frozen=True, kw_only=True)
class ShapleyValueSampling(AbstractPerturbation):
    """The mean marginal contribution of each word over ``permutations`` random orders (Captum's default is 25).

    Orders are drawn in antithetic pairs, each with its reverse, which errs less at the same cost (Mitchell et al. 2022,
    https://jmlr.org/papers/v23/21-0439.html). An order costs M - 1 evaluations. The standard errors are those of the mean over
    pairs of orders.
    """

    name = "shapley_value_sampling"
    permutations: int = 26

    def play(self, players: Players, seed: int) -> Play:
        if self.permutations < 4 or self.permutations % 2:
            raise SettingsError(
                f"shapley_value_sampling draws orders in pairs, two pairs at least; {self.permutations} can't be drawn, use 26."
            )
        m = len(players)
        generator = np.random.default_rng(seed)
        drawn = np.stack([generator.permutation(m) for _ in range(self.permutations // 2)])
        ranks = np.stack([drawn, m - 1 - drawn], 1).reshape(-1, m)
        # Row r of an order holds the words of rank below r: from the empty coalition, r = 0, to the full one, r = M.
        coalitions = ranks[:, None, :] < np.arange(m + 1)[None, :, None]
        values = (yield coalitions.reshape(-1, m)).reshape(self.permutations, m + 1)
        gains = np.take_along_axis(np.diff(values, axis=1), ranks, axis=1)
        scores = gains.mean(0)
        pairs = gains.reshape(-1, 2, m).mean(1)
        errors = pairs.std(0, ddof=1) / np.sqrt(len(pairs))
        gap = completeness_gap(scores, values[0, -1], values[0, 0])
        return Attribution(scores.tolist(), 0, gap, errors.tolist())
