"""KernelSHAP: Shapley values by weighted regression over sampled coalitions (Lundberg and Lee 2017)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtr

from ..errors import ExplanationError, SettingsError
from ..games.coalitions import ends
from ..text.keywords import best
from .attribution import Attribution, completeness_gap
from .explainer import AbstractExplainer
from .odd_process import Estimate, process_estimate
from .perturbation import AbstractPerturbation, Play, Players
from .shapley_values import every_coalition, exact_shapley


@dataclass(frozen=True, kw_only=True)
class KernelShap(AbstractPerturbation):
    """Paired, leverage-sampled KernelSHAP with exact efficiency and standard errors.

    Coalition sizes are uniform over 1..M-1 (leverage scores, Musco and Witter 2024, https://arxiv.org/abs/2410.01917), each
    coalition comes with its complement (Covert and Lee 2021, https://arxiv.org/abs/2012.01536), and has little in common with
    the others. Unlike Captum's, whose draws the paper used, the sum of the scores equals f(all) - f(none) exactly, and all is
    solved in float64. ``samples`` is the number of evaluations, those two included, less the pairs that are drawn again, as
    happens among few words; where 2^M is no more than that, the values are exact.

    ``estimator`` makes scores of what was drawn: ``"gaussian_process"`` (see ``odd_process``) or ``"least_squares"``, which has
    no bias and larger errors; at 2 M evaluations nothing is left over to tell its standard errors from, and there are none.

    ``stop_when_settled`` is a confidence, such as 0.95: coalitions are then played in rounds until the ``keywords`` best
    keywords are settled, that is until the probabilities that another word should stand before one of them, by the estimator's
    own errors, add up to less than one minus it (a union bound). Function words, which never become keywords, do not count,
    and a word that occurs twice counts by its higher score. ``samples`` stays the most that is spent.
    """

    name = "kernel_shap"
    samples: int = 350
    estimator: str = "gaussian_process"
    stop_when_settled: float | None = None
    keywords: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.estimator not in ESTIMATORS:
            raise SettingsError(f"There is no estimator '{self.estimator}'; choose one of: {', '.join(ESTIMATORS)}.")
        if self.stop_when_settled is not None and not 0 < self.stop_when_settled < 1:
            raise SettingsError(f"A confidence lies between 0 and 1, not at {self.stop_when_settled}; use 0.95, for example.")

    def completed(self, **settings: Any) -> AbstractExplainer:
        # Without the rule the number of keywords changes nothing, and an explanation serves every number of them.
        return self if self.stop_when_settled is None else super().completed(**settings)

    def play(self, players: Players, seed: int) -> Play:
        m = len(players)
        full, empty = yield ends(m)
        if m == 1:
            return Attribution([full - empty], 0, 0.0, [0.0])
        if m < 30 and 2**m <= self.samples:
            scores = exact_shapley((yield every_coalition(m)), m)
            return Attribution(scores.tolist(), 0, completeness_gap(scores, full, empty), [0.0] * m)
        least = 2 * m if self.estimator == "least_squares" else m + 2
        if self.samples < least:
            raise ExplanationError(
                f"kernel_shap with {self.estimator} needs at least {least} evaluations for {m} words, not {self.samples}; "
                f"use --samples {least}, or more."
            )
        pairs = _pairs(m, (self.samples - 2) // 2, np.random.default_rng(seed))
        odd = np.empty(0)
        estimate = Estimate(np.zeros(m), np.zeros((m, m)))
        for stop in self._rounds(m, len(pairs)):
            new = pairs[len(odd) : stop]
            values = yield np.concatenate([new, ~new])
            odd = np.append(odd, (values[: len(new)] - values[len(new) :]) / 2)
            estimate = ESTIMATORS[self.estimator](pairs[:stop], odd, full - empty)
            if self.stop_when_settled is not None and _settled(estimate, players, self.keywords or 6) >= self.stop_when_settled:
                break
        told = self.estimator != "least_squares" or len(odd) >= m
        scores = estimate.scores
        errors = estimate.standard_errors.tolist() if told else None
        return Attribution(scores.tolist(), 0, completeness_gap(scores, full, empty), errors)

    def _rounds(self, m: int, pairs: int) -> Iterator[int]:
        """After how many pairs the estimator looks: at the end; with the stopping rule, also at some places before."""
        first, step = max(2 * m, _ROUND), _ROUND
        if self.stop_when_settled is not None:
            yield from range(first, pairs, step)
        yield pairs


_CANDIDATES = 50
"""Coalitions of which one is taken."""
_SPREAD = 200
"""Among more words than these any two coalitions have little in common, and the choice would cost more than it gains."""
_ROUND = 20
"""Pairs between two looks of the stopping rule."""


def _settled(estimate: Estimate, players: Players, k: int) -> float:
    """A lower bound of the probability that the k keywords of the highest scores are the k best keywords."""
    chosen = best(players, estimate.scores.tolist(), k)
    inside = np.array(list(chosen.values()), int)
    outside = np.array([place for place, name in enumerate(players) if name is not None and name not in chosen], int)
    variance = estimate.covariance.diagonal()
    variances = variance[inside][:, None] + variance[outside] - 2 * estimate.covariance[np.ix_(inside, outside)]
    gaps = estimate.scores[inside][:, None] - estimate.scores[outside]
    with np.errstate(divide="ignore", invalid="ignore"):
        wrong = ndtr(-gaps / np.sqrt(np.clip(variances, 0.0, None)))
    return 1 - float(np.nan_to_num(wrong, nan=0.5).sum())


def _pairs(m: int, count: int, generator: np.random.Generator) -> Bool[np.ndarray, "pair word"]:
    """Coalitions, each uniform among those of its size; their complements complete the pairs.

    Sizes come in shuffled rounds of all from 1 to M-1. Of some coalitions of a size the one is taken that has least in common
    with those before it, by the sum of the squared products of their signs; words being alike to this choice, each coalition on
    its own is still uniform. A draw that leaves the regression singular, as happens where there are hardly more pairs than
    words, is drawn again.
    """
    while True:
        rounds = [generator.permutation(np.arange(1, m)) for _ in range(-(-count // (m - 1)))]
        pairs, common = np.empty((count, m), bool), np.ones((m, m))  # the pair (all, none) comes first
        candidates = _CANDIDATES if m <= _SPREAD else 1
        for place, size in enumerate(np.concatenate(rounds)[:count] if rounds else ()):
            signs = 2.0 * (generator.random((candidates, m)).argsort(1) < size) - 1
            chosen = signs[((signs @ common) * signs).sum(1).argmin()] if candidates > 1 else signs[0]
            pairs[place] = chosen > 0
            if candidates > 1:
                common += np.outer(chosen, chosen)
        if count > 4 * m or count < m - 1 or np.linalg.matrix_rank((pairs - 0.5) @ _sum_zero(m)) == m - 1:
            return pairs


def _sum_zero(m: int) -> Float[np.ndarray, "word free"]:
    """An orthonormal basis of the scores that sum to zero."""
    return np.linalg.qr(np.eye(m) - 1.0 / m)[0][:, : m - 1]


def least_squares_estimate(
    pairs: Bool[np.ndarray, "pair word"], odd: Float[np.ndarray, " pair"], difference: float
) -> Estimate:
    """The paired regression.

    A coalition of size s has kernel weight (M-1) / (C(M,s) s (M-s)) and is drawn with probability 1 / ((M-1) C(M,s)), so its
    row counts with weight 1 / (s (M-s)). With z centred at a half, a pair differs from its complement in sign alone: the pair's
    half difference o(z) = (f(z) - f(1-z)) / 2 is all that enters, and o(z) = (z - 1/2) . phi is fitted. Efficiency,
    sum(phi) = f(all) - f(none), is imposed by writing phi = mean + B u with B an orthonormal basis of sum zero. The covariance
    is the sandwich estimate over pairs, with the usual correction for the degrees of freedom.
    """
    count, m = pairs.shape
    sizes = pairs.sum(1)
    roots = 1.0 / np.sqrt(sizes * (m - sizes))
    mean = difference / m
    basis = _sum_zero(m)
    centred = pairs - 0.5
    design = roots[:, None] * (centred @ basis)
    target = roots * (odd - centred.sum(1) * mean)
    solution = np.linalg.lstsq(design, target, rcond=None)[0]
    residual = target - design @ solution
    bread = np.linalg.pinv(design.T @ design) @ design.T
    spread = basis @ (bread * residual)
    freedom = max(count - (m - 1), 1)
    return Estimate(mean + basis @ solution, spread @ spread.T * count / freedom)


ESTIMATORS: dict[str, Callable[[np.ndarray, np.ndarray, float], Estimate]] = {
    "gaussian_process": process_estimate,
    "least_squares": least_squares_estimate,
}
