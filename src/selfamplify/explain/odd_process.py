"""Shapley values from a Gaussian process over the odd part of a game.

With x = z - 1/2, a coalition and its complement are x and -x. The part of f that is even in x adds nothing to a Shapley value,
and a pair gives the odd part o(x) = (f(z) - f(1 - z)) / 2 without noise. o is modelled as a process of zero mean and covariance
tau^2 (u + b u^3), u = 4 x.x' / M: words that matter alone and, by b, in threes (pairs of words are even). Both the Shapley
values of its mean and their covariance are closed forms, since x_i^2 = 1/4:

- of the linear part sum_j w_j x_j: phi_i = w_i;
- of (a.x)^3 with entries of a at +-1/2: phi_i = kappa a_i + a_i e_i / 2, kappa = (1 + 3 (M - 1)) / 16, and e_i the sum of the
  products of two entries of a other than i, ((sum of a - a_i)^2 - (M - 1) / 4) / 2; a product of three entries of x has the
  Shapley value 1/12 for each of them.

b and the ridge are those of the least leave-one-out error. The estimate is biased by its prior, where least squares on the same
coalitions is not, and errs less at the same number of evaluations on trained models (benchmarks/README.md).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solve

_CUBIC = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_RIDGE = np.logspace(-12, 1, 27)
"""Grids of b and of the ridge, the latter as a share of the kernel's diagonal."""
_CHOOSING = 300
"""Pairs that b and the ridge are chosen on, at most: more hardly change the choice, whose cost grows with their cube."""


@dataclass(frozen=True)
class Estimate:
    """Scores, and the covariance of their errors."""

    scores: Float[np.ndarray, " word"]
    covariance: Float[np.ndarray, "word word"]

    @property
    def standard_errors(self) -> Float[np.ndarray, " word"]:
        return np.sqrt(np.clip(self.covariance.diagonal(), 0.0, None))


def process_estimate(pairs: Bool[np.ndarray, "pair word"], odd: Float[np.ndarray, " pair"], difference: float) -> Estimate:
    """The Shapley values given o of some pairs; ``difference``, f(all) - f(none), is what they add up to."""
    m = pairs.shape[1]
    x = np.concatenate([pairs - 0.5, np.full((1, m), 0.5)])
    o = np.append(odd, difference / 2)
    scale = float(np.abs(o).max())
    if scale == 0.0:
        return Estimate(np.zeros(m), np.zeros((m, m)))
    o = o / scale
    u = 4 / m * x @ x.T
    chosen = slice(max(0, len(o) - _CHOOSING), None)
    b, ridge = _prior_of_least_error(u[chosen, chosen], o[chosen])
    across = _across(x, b)
    solved = solve(u + b * u**3 + ridge * np.eye(len(o)), np.column_stack([o, across.T]), assume_a="sym")
    weights, crossed = solved[:, 0], solved[:, 1:]
    scores = scale * across @ weights
    covariance = scale**2 * float(o @ weights) / len(o) * (_prior(m, b) - across @ crossed)
    # What efficiency still lacks is spread evenly.
    centre = np.eye(m) - 1 / m
    return Estimate(scores + (difference - scores.sum()) / m, centre @ covariance @ centre)


def _prior_of_least_error(u: Float[np.ndarray, "pair pair"], o: Float[np.ndarray, " pair"]) -> tuple[float, float]:
    """b and the ridge whose mean squared leave-one-out error, alpha_i / (inverse kernel)_ii, is least."""
    found = []
    for b in _CUBIC:
        values, vectors = np.linalg.eigh(u + b * u**3)
        ridges = _RIDGE * (1 + b)
        inverse = 1 / (np.clip(values, 0.0, None)[:, None] + ridges)  # [eigenvalue, ridge]
        left_out = (vectors @ (inverse * (vectors.T @ o)[:, None])) / (vectors**2 @ inverse)
        errors = (left_out**2).mean(0)
        found.append((float(errors.min()), b, float(ridges[errors.argmin()])))
    _, b, ridge = min(found)
    return b, ridge


def _across(x: Float[np.ndarray, "pair word"], b: float) -> Float[np.ndarray, "word pair"]:
    """The covariance of each word's Shapley value with o at each pair, in units of tau^2."""
    m = x.shape[1]
    others = ((x.sum(1, keepdims=True) - x) ** 2 - (m - 1) / 4) / 2
    return (4 / m * x + b * (4 / m) ** 3 * x * (_kappa(m) + others / 2)).T


def _prior(m: int, b: float) -> Float[np.ndarray, "word word"]:
    """The covariance of the Shapley values before anything is observed, in units of tau^2."""
    cubic = np.full((m, m), (m - 2) / 24)
    np.fill_diagonal(cubic, _kappa(m) + (m - 1) * (m - 2) / 48)
    return 4 / m * np.eye(m) + b * (4 / m) ** 3 * cubic


def _kappa(m: int) -> float:
    return (1 + 3 * (m - 1)) / 16
