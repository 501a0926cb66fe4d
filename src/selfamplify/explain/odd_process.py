"""Shapley values from a Gaussian process over the odd part of a game.

The sides of a coalition z are t = 2 z - 1, a vector of signs. Shapley values depend on the odd part of the game alone, and a
pair of complements gives it without noise: o(z) = (f(z) - f(1 - z)) / 2. A game is a sum of products of signs, its odd part
one of products of an odd number of them: of one word, of three, and so on. The process gives those of one word and those of
three independent coefficients, each kind of one variance, c being the share of the threes,

    k(z, z') = (1 - c) e_1(w) / M + c e_3(w) / C(M, 3),    w = t t' (elementwise),

with e_d the elementary symmetric polynomials, which are functions of w's sum. Products of more words are left to the ridge. The
Shapley values of the process's mean and their covariance are closed forms, since they are linear in the game and the product of
the signs of d words, d odd, gives each of them 2 / d.

c and the ridge are those of the least leave-one-out error. The estimate is biased by its prior, where least squares on the same
coalitions is not, and errs less at the same number of evaluations on trained models (benchmarks/README.md).
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solve

_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75)
_RIDGES = np.concatenate([np.geomspace(1e-11, 1e-5, 4), np.geomspace(1e-4, 10, 16)])
"""Shares c, and ridges in units of k(z, z) = 1, to choose among; the least ridge is an exact fit."""
_CHOOSING = 300
"""Pairs that they are chosen on, at most: more hardly change the choice, whose cost grows with their cube."""


@dataclass(frozen=True)
class Estimate:
    """Scores, and the covariance of their errors."""

    scores: Float[np.ndarray, " word"]
    covariance: Float[np.ndarray, "word word"]

    @property
    def standard_errors(self) -> Float[np.ndarray, " word"]:
        return np.sqrt(np.clip(self.covariance.diagonal(), 0.0, None))


def process_estimate(pairs: Bool[np.ndarray, "pair word"], odd: Float[np.ndarray, " pair"], difference: float) -> Estimate:
    """The Shapley values given o of some pairs; ``difference``, f(all) - f(none), is what they add up to.

    The pair (all, none) is one of the observations, and a pair drawn twice counts once. The covariance is the posterior one,
    scaled so that the leave-one-out errors have the size that it predicts.
    """
    m = pairs.shape[1]
    new = _distinct(pairs)
    signs = 2.0 * np.concatenate([np.ones((1, m), bool), pairs[new]]) - 1
    o = np.append(difference / 2, odd[new])
    scale = float(np.abs(o).max())
    if scale == 0.0:
        return Estimate(np.zeros(m), np.zeros((m, m)))
    o = o / scale
    share, ridge, variance = _least_left_out(signs[:_CHOOSING], o[:_CHOOSING])
    across = shapley_kernel(signs, share)
    solved = solve(kernel(signs, share) + ridge * np.eye(len(o)), np.column_stack([o, across.T]), assume_a="sym")
    scores = scale * across @ solved[:, 0]
    covariance = scale**2 * variance * (shapley_prior(m, share) - across @ solved[:, 1:])
    # What efficiency still lacks is spread evenly.
    centre = np.eye(m) - 1 / m
    return Estimate(scores + (difference - scores.sum()) / m, centre @ covariance @ centre)


def _least_left_out(signs: Float[np.ndarray, "pair word"], o: Float[np.ndarray, " pair"]) -> tuple[float, float, float]:
    """The share and the ridge of the least mean squared leave-one-out error, alpha_i / P_ii with P the inverse of the ridged
    kernel, and the variance of the process by these errors, whose own variances are 1 / P_ii times it."""
    found = []
    for share in _SHARES if signs.shape[1] > 2 else _SHARES[:1]:
        values, vectors = np.linalg.eigh(kernel(signs, share))
        inverse = 1 / (np.clip(values, 0.0, None)[:, None] + _RIDGES)  # [eigenvalue, ridge]
        weights, precision = vectors @ (inverse * (vectors.T @ o)[:, None]), vectors**2 @ inverse
        errors = ((weights / precision) ** 2).mean(0)
        best = int(errors.argmin())
        variance = float((weights[:, best] ** 2 / precision[:, best]).mean())
        found.append((float(errors[best]), share, float(_RIDGES[best]), variance))
    _, share, ridge, variance = min(found)
    return share, ridge, variance


def kernel(signs: Float[np.ndarray, "pair word"], share: float) -> Float[np.ndarray, "pair pair"]:
    """k between the sides of coalitions."""
    m = signs.shape[1]
    total = signs @ signs.T
    threes = total * (total**2 - (3 * m - 2)) / 6
    return (1 - share) / m * total + (share / comb(m, 3) * threes if share else 0.0)


def shapley_kernel(signs: Float[np.ndarray, "pair word"], share: float) -> Float[np.ndarray, "word pair"]:
    """The Shapley values of the games k(., z): 2 t_i ((1 - c) / M + c e_2(t without i) / (3 C(M, 3)))."""
    m = signs.shape[1]
    others = signs.sum(1, keepdims=True) - signs
    twos = (others**2 - (m - 1)) / 2
    return (2 * signs * ((1 - share) / m + (share / (3 * comb(m, 3)) * twos if share else 0.0))).T


def shapley_prior(m: int, share: float) -> Float[np.ndarray, "word word"]:
    """The covariance of the Shapley values before anything is observed: 4 / d^2 for each product that two words share."""
    each = share / comb(m, 3) * 4 / 9 if share else 0.0
    shared = np.full((m, m), each * (m - 2))
    np.fill_diagonal(shared, 4 * (1 - share) / m + each * comb(m - 1, 2))
    return shared


def _distinct(pairs: Bool[np.ndarray, "pair word"]) -> np.ndarray:
    """The places of the pairs without those that were drawn before, themselves or as their complement."""
    return np.sort(np.unique(pairs ^ pairs[:, :1], axis=0, return_index=True)[1])
