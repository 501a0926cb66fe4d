"""KernelSHAP: Shapley values by weighted regression over sampled coalitions (Lundberg and Lee 2017)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from ..errors import ExplanationError
from .explainer import AbstractPerturbation, Attribution, Play, completeness_gap
from .game import ends
from .shapley_values import every_coalition, exact_shapley


@dataclass(frozen=True, kw_only=True)
class KernelShap(AbstractPerturbation):
    """Paired, leverage-sampled KernelSHAP with exact efficiency and standard errors.

    Coalition sizes are drawn uniformly over 1..M-1 (leverage scores, Musco and Witter 2024, https://arxiv.org/abs/2410.01917),
    each coalition with its complement (Covert and Lee 2021, https://arxiv.org/abs/2012.01536). Unlike Captum's, whose draws
    the paper used, the sum of the scores equals f(all) - f(none) exactly, and the least squares are solved in float64.
    ``samples`` is the number of evaluations, those two included; where 2^M is no more than that, the values are exact. At
    2 M evaluations nothing is left over to tell the standard errors from, and there are none.
    """

    name = "kernel_shap"
    samples: int = 350

    def play(self, players: int, seed: int) -> Play:
        m = players
        full, empty = yield ends(m)
        if m == 1:
            return Attribution([full - empty], 0, 0.0, [0.0])
        if m < 30 and 2**m <= self.samples:
            scores = exact_shapley((yield every_coalition(m)), m)
            return Attribution(scores.tolist(), 0, completeness_gap(scores, full, empty), [0.0] * m)
        if self.samples < 2 * m:
            raise ExplanationError(
                f"kernel_shap needs at least two evaluations a word: {2 * m} for the {m} words of this question, not "
                f"{self.samples}; use --samples {2 * m}, or more."
            )
        pairs = _pairs(m, (self.samples - 2) // 2, np.random.default_rng(seed))
        values = yield np.concatenate([pairs, ~pairs])
        scores, errors = _solve(pairs, values[: len(pairs)], values[len(pairs) :], full, empty)
        estimated = errors.tolist() if len(pairs) >= m else None
        return Attribution(scores.tolist(), 0, completeness_gap(scores, full, empty), estimated)


def _pairs(m: int, count: int, generator: np.random.Generator) -> Bool[np.ndarray, "pair word"]:
    """Coalitions of a uniform size in 1..M-1, uniform among those of that size; their complements complete the pairs.

    A draw that leaves the regression singular, as happens where there are hardly more pairs than words, is drawn again.
    """
    while True:
        sizes = generator.integers(1, m, count)
        pairs = generator.random((count, m)).argsort(1).argsort(1) < sizes[:, None]
        if count > 4 * m or np.linalg.matrix_rank((pairs - 0.5) @ _sum_zero(m)) == m - 1:
            return pairs


def _sum_zero(m: int) -> Float[np.ndarray, "word free"]:
    """An orthonormal basis of the scores that sum to zero."""
    return np.linalg.qr(np.eye(m) - 1.0 / m)[0][:, : m - 1]


def _solve(
    pairs: Bool[np.ndarray, "pair word"],
    values: Float[np.ndarray, " pair"],
    complements: Float[np.ndarray, " pair"],
    full: float,
    empty: float,
) -> tuple[Float[np.ndarray, " word"], Float[np.ndarray, " word"]]:
    """Scores and standard errors from paired values.

    A coalition of size s has kernel weight (M-1) / (C(M,s) s (M-s)) and is drawn with probability 1 / ((M-1) C(M,s)), so its
    row counts with weight 1 / (s (M-s)). With z centred at a half, a pair differs from its complement in sign alone: the pair's
    half difference o(z) = (f(z) - f(1-z)) / 2 is all that enters, and o(z) = (z - 1/2) . phi is fitted. Efficiency,
    sum(phi) = f(all) - f(none), is imposed by writing phi = mean + B u with B an orthonormal basis of sum zero. The standard
    errors are the sandwich estimate over pairs, with the usual correction for the degrees of freedom.
    """
    count, m = pairs.shape
    sizes = pairs.sum(1)
    roots = 1.0 / np.sqrt(sizes * (m - sizes))
    mean = (full - empty) / m
    basis = _sum_zero(m)
    centred = pairs - 0.5
    design = roots[:, None] * (centred @ basis)
    target = roots * ((values - complements) / 2 - centred.sum(1) * mean)
    solution = np.linalg.lstsq(design, target, rcond=None)[0]
    residual = target - design @ solution
    bread = np.linalg.pinv(design.T @ design) @ design.T
    spread = basis @ (bread * residual)
    freedom = max(count - (m - 1), 1)
    return mean + basis @ solution, np.sqrt((spread**2).sum(1) * count / freedom)
