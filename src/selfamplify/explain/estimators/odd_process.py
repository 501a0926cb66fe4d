"""Shapley values from a Gaussian process over the odd part of a game.

Shapley values depend on the odd part of a game alone, and a pair of complements gives it without noise:
o(z) = (f(z) - f(1 - z)) / 2. The process consists of products of the signs of one word and of three words (see ``odd_kernel``).
Products of more words are left to the ridge.

Words are equally relevant at first, and afterwards as relevant as the scores that result: a few words decide most answers, and
other words interact with those (automatic relevance determination, with the scores in place of a gradient). The share of the
threes, the ridge, and the number of times that the relevances are taken anew are those with the least leave-one-out error. The
estimate is biased by its prior, and least squares on the same coalitions is not; but its errors are smaller at the same number
of evaluations on trained models (benchmarks/README.md).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solve

from .estimate import Estimate
from .odd_kernel import kernel, shapley_kernel, shapley_prior

_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75)
_RIDGES = np.concatenate([np.geomspace(1e-11, 1e-5, 4), np.geomspace(1e-4, 10, 16)])
"""The shares c, and the ridges in units of k(z, z) = 1, to choose from; the smallest ridge is an exact fit."""
_CHOOSING = 300
"""The most pairs that the choice is based on: more hardly change it, and its cost grows with their cube."""
_ROUNDS = 6
"""The most times that relevances are taken from the scores; two or three times is usual."""
_PAIRS_PER_WORD = 1.5
"""With fewer, errors grew by up to a tenth, and standard errors were half of what they should be (games of 40 to 250 words)."""
_LEAST_RELEVANCE = 0.02
"""The least relevance of a word, in units of the mean: a word that seems to do nothing may still do something."""


def process_estimate(pairs: Bool[np.ndarray, "pair word"], odd: Float[np.ndarray, " pair"], difference: float) -> Estimate:
    """Return the Shapley values given o of some pairs.

    The pair (all, none) is one of the observations, and a pair that was drawn twice counts once. The covariance is the sum of
    two: the posterior covariance, scaled so that the leave-one-out errors have the size that it predicts, and the jackknife's
    covariance of the draw of pairs, in which the error of each pair is its own leave-one-out error. With either alone, standard
    errors were up to 1.7 and 2.3 times too small (350 evaluations, trained models).

    Parameters
    ----------
    pairs : boolean array of shape (pair, word)
        One coalition z of each pair.
    odd : float64 array of shape (pair,)
        o(z) of each pair.
    difference : float
        f(all) - f(none), the sum of the scores.
    """
    m = pairs.shape[1]
    new = _distinct(pairs)
    signs = 2.0 * np.concatenate([np.ones((1, m), bool), pairs[new]]) - 1
    o = np.append(difference / 2, odd[new])
    scale = float(np.abs(o).max())
    if scale == 0.0:
        return Estimate(np.zeros(m), np.zeros((m, m)))
    o = o / scale
    prior = _chosen(signs[:_CHOOSING], o[:_CHOOSING])
    across = shapley_kernel(signs, prior.relevance, prior.share)
    ridged = kernel(signs, prior.relevance, prior.share) + prior.ridge * np.eye(len(o))
    solved = solve(ridged, np.column_stack([o, across.T, np.eye(len(o))]), assume_a="sym")
    alpha, weights, precision = solved[:, 0], solved[:, 1 : m + 1].T, solved[:, m + 1 :].diagonal()
    scores = scale * across @ alpha
    posterior = prior.variance * (shapley_prior(prior.relevance, prior.share) - weights @ across.T)
    drawn = weights * (alpha / precision)
    covariance = scale**2 * (posterior + drawn @ drawn.T)
    # The rest of f(all) - f(none) is spread evenly over the words.
    centre = np.eye(m) - 1 / m
    return Estimate(scores + (difference - scores.sum()) / m, centre @ covariance @ centre)


@dataclass(frozen=True)
class _Prior:
    """The prior that was chosen, and the scores that result from it.

    ``relevance``, ``share`` and ``ridge`` are those of the kernel; ``variance`` is the process's variance according to the
    leave-one-out errors, and ``error`` the mean square of these.
    """

    relevance: Float[np.ndarray, " word"]
    share: float
    ridge: float
    variance: float
    error: float
    scores: Float[np.ndarray, " word"]


def _chosen(signs: Float[np.ndarray, "pair word"], o: Float[np.ndarray, " pair"]) -> _Prior:
    """Take relevances from the scores for as long as the leave-one-out error falls (it always does if pairs are few)."""
    m = signs.shape[1]
    best = _least_left_out(signs, o, np.ones(m))
    for _ in range(_ROUNDS if len(o) > _PAIRS_PER_WORD * m else 0):
        sizes = np.abs(best.scores)
        if not sizes.any():
            break
        relevance = np.maximum(sizes / sizes.mean(), _LEAST_RELEVANCE)
        tried = _least_left_out(signs, o, relevance)
        if tried.error >= best.error:
            break
        best = tried
    return best


def _least_left_out(
    signs: Float[np.ndarray, "pair word"], o: Float[np.ndarray, " pair"], relevance: Float[np.ndarray, " word"]
) -> _Prior:
    """The share and the ridge with the least mean squared leave-one-out error.

    The error of pair i is alpha_i / P_ii, where P is the inverse of the ridged kernel; its variance is 1 / P_ii times that of
    the process.
    """
    found: list[_Prior] = []
    for share in _SHARES if signs.shape[1] > 2 else _SHARES[:1]:
        values, vectors = np.linalg.eigh(kernel(signs, relevance, share))
        inverse = 1 / (np.clip(values, 0.0, None)[:, None] + _RIDGES)  # [eigenvalue, ridge]
        weights, precision = vectors @ (inverse * (vectors.T @ o)[:, None]), vectors**2 @ inverse
        errors = ((weights / precision) ** 2).mean(0)
        best = int(errors.argmin())
        variance = float((weights[:, best] ** 2 / precision[:, best]).mean())
        scores = shapley_kernel(signs, relevance, share) @ weights[:, best]
        found.append(_Prior(relevance, share, float(_RIDGES[best]), variance, float(errors[best]), scores))
    return min(found, key=lambda prior: prior.error)


def _distinct(pairs: Bool[np.ndarray, "pair word"]) -> np.ndarray:
    """The places of the pairs, without those that were drawn before, as they are or as their complement."""
    return np.sort(np.unique(pairs ^ pairs[:, :1], axis=0, return_index=True)[1])
