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

_CUBIC = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_RIDGE = np.logspace(-12, 1, 27)
"""Grids of b and of the ridge, the latter as a share of the kernel's diagonal."""


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
    fits = [_fit(u, o, b) for b in _CUBIC]
    best = min(fits, key=lambda fit: fit.left_out)
    across = _across(x, best.b)
    weighted = across @ best.vectors
    scores = scale * weighted @ (best.precision * (best.vectors.T @ o))
    spread = float(o @ (best.vectors @ (best.precision * (best.vectors.T @ o)))) / len(o)
    covariance = scale**2 * spread * (_prior(m, best.b) - (weighted * best.precision) @ weighted.T)
    # What efficiency still lacks is spread evenly.
    centre = np.eye(m) - 1 / m
    return Estimate(scores + (difference - scores.sum()) / m, centre @ covariance @ centre)


@dataclass(frozen=True)
class _Fit:
    """A kernel's eigenvectors, the inverse of its ridged eigenvalues, and its mean squared leave-one-out error."""

    b: float
    vectors: np.ndarray
    precision: np.ndarray
    left_out: float


def _fit(u: Float[np.ndarray, "pair pair"], o: Float[np.ndarray, " pair"], b: float) -> _Fit:
    values, vectors = np.linalg.eigh(u + b * u**3)
    ridges = _RIDGE * (1 + b)
    inverse = 1 / (np.clip(values, 0.0, None)[:, None] + ridges)  # [eigenvalue, ridge]
    residuals = (vectors @ (inverse * (vectors.T @ o)[:, None])) / (vectors**2 @ inverse)
    errors = (residuals**2).mean(0)
    best = int(errors.argmin())
    return _Fit(b, vectors, inverse[:, best], float(errors[best]))


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
