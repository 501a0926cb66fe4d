"""Shapley values by sampled orders of the words (Castro et al. 2009, https://doi.org/10.1016/j.cor.2008.04.004)."""

from dataclasses import dataclass

import numpy as np

from ..errors import SettingsError
from ..games.coalitions import AbstractGame
from .perturbation import AbstractPerturbation
from .scores import Attribution, completeness_gap
from .settings import check_count


@dataclass(frozen=True, kw_only=True)
class ShapleyValueSampling(AbstractPerturbation):
    """Shapley values by sampling: the mean marginal contribution of each word over random orders of the words.

    Orders are drawn in antithetic pairs, each with its reverse, which gives smaller errors at the same cost (Mitchell et al.
    2022, https://jmlr.org/papers/v23/21-0439.html). An order costs M - 1 evaluations. The standard errors are those of the mean
    over pairs of orders.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent; see ``AbstractPerturbation``.
    permutations : int, default 26
        The number of orders: even, and at least 4. Captum's default is 25.

    Raises
    ------
    SettingsError
        If a setting is invalid.
    """

    name = "shapley_value_sampling"
    permutations: int = 26

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "permutations", 4)
        if self.permutations % 2:
            raise SettingsError(
                f"`permutations={self.permutations}` is invalid, because orders are drawn in pairs; "
                f"use `permutations={self.permutations + 1}`."
            )

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        m = game.players
        generator = np.random.default_rng(seed)
        drawn = np.stack([generator.permutation(m) for _ in range(self.permutations // 2)])
        ranks = np.stack([drawn, m - 1 - drawn], 1).reshape(-1, m)
        # Row r of an order holds the words of rank below r: from the empty coalition, r = 0, to the full one, r = M.
        coalitions = ranks[:, None, :] < np.arange(m + 1)[None, :, None]
        values = game.values(coalitions.reshape(-1, m)).reshape(self.permutations, m + 1)
        gains = np.take_along_axis(np.diff(values, axis=1), ranks, axis=1)
        scores = gains.mean(0)
        pairs = gains.reshape(-1, 2, m).mean(1)
        errors = pairs.std(0, ddof=1) / np.sqrt(len(pairs))
        gap = completeness_gap(scores, values[0, -1], values[0, 0])
        return Attribution(scores.tolist(), game.passes, gap, errors.tolist())
