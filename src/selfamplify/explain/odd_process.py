"""Shapley values from a Gaussian process over the odd part of a game.

The sides of a coalition z are t = 2 z - 1, a vector of signs. Shapley values depend on the odd part of the game alone, and a
pair of complements gives it without noise: o(z) = (f(z) - f(1 - z)) / 2. A game is a sum of products of signs, its odd part
one of products of an odd number of them: of one word, of three, and so on. The process gives those of one word and those of
three independent coefficients. The variance of a product is that of its words' relevances v multiplied, c being the share of
the threes,

    k(z, z') = (1 - c) e_1(w) / e_1(v) + c e_3(w) / e_3(v),    w = v t t' (elementwise),

with e_d the elementary symmetric polynomials, which are functions of the sums of w, of v^2 and of v^3 t t'. Products of more
words are left to the ridge. The Shapley values of the process's mean and their covariance are closed forms, since they are
linear in the game and the product of the signs of d words, d odd, gives each of them 2 / d.

Words are equally relevant at first, and then as the scores that come of it: a few words decide most answers, and words act
together with those (automatic relevance determination, by the scores in place of a gradient). c, the ridge, and how often
relevances are taken anew, are those of the least leave-one-out error. The estimate is biased by its prior, where least squares
on the same coalitions is not, and errs less at the same number of evaluations on trained models (benchmarks/README.md).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solve

_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75)
_RIDGES = np.concatenate([np.geomspace(1e-11, 1e-5, 4), np.geomspace(1e-4, 10, 16)])
"""Shares c, and ridges in units of k(z, z) = 1, to choose among; the least ridge is an exact fit."""
_CHOOSING = 300
"""Pairs that they are chosen on, at most: more hardly change the choice, whose cost grows with their cube."""
_ROUNDS = 6
"""Relevances are taken from the scores so often at most; two or three times is usual."""
_PAIRS_A_WORD = 1.5
"""With fewer, errors grew by up to a tenth, and standard errors were half of what they should be (games of 40 to 250 words)."""
_LEAST_RELEVANCE = 0.02
"""Of a word, in units of the mean: one that seems to do nothing may still do something."""


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

    The pair (all, none) is one of the observations, and a pair drawn twice counts once. The covariance is the sum of two, since
    by either alone standard errors were up to 1.7 and 2.3 times too small (350 evaluations, trained models): the posterior one,
    scaled so that the leave-one-out errors have the size that it predicts, and that of the draw of pairs, the jackknife's, in
    which each pair errs by its own leave-one-out error.
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
    # What efficiency still lacks is spread evenly.
    centre = np.eye(m) - 1 / m
    return Estimate(scores + (difference - scores.sum()) / m, centre @ covariance @ centre)


@dataclass(frozen=True)
class _Prior:
    """What was chosen: each word's relevance, the share and the ridge, the variance of the process that the leave-one-out
    errors speak for, and the mean square of these; ``scores`` came of it."""

    relevance: Float[np.ndarray, " word"]
    share: float
    ridge: float
    variance: float
    error: float
    scores: Float[np.ndarray, " word"]


def _chosen(signs: Float[np.ndarray, "pair word"], o: Float[np.ndarray, " pair"]) -> _Prior:
    """Take relevances from the scores for as long as the leave-one-out error falls (where pairs are few, it always does)."""
    m = signs.shape[1]
    best = _least_left_out(signs, o, np.ones(m))
    for _ in range(_ROUNDS if len(o) > _PAIRS_A_WORD * m else 0):
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
    """The share and the ridge of the least mean squared leave-one-out error, alpha_i / P_ii with P the inverse of the ridged
    kernel, and the variance of the process by these errors, whose own variances are 1 / P_ii times it."""
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


def kernel(
    signs: Float[np.ndarray, "pair word"], relevance: Float[np.ndarray, " word"], share: float
) -> Float[np.ndarray, "pair pair"]:
    """k between the sides of coalitions."""
    total = (signs * relevance) @ signs.T
    ones = (1 - share) / relevance.sum() * total
    if not share:
        return ones
    cubes = (signs * relevance**3) @ signs.T
    threes = (total**3 - 3 * (relevance**2).sum() * total + 2 * cubes) / 6
    return ones + share / _threes(relevance) * threes


def shapley_kernel(
    signs: Float[np.ndarray, "pair word"], relevance: Float[np.ndarray, " word"], share: float
) -> Float[np.ndarray, "word pair"]:
    """The Shapley values of the games k(., z): 2 v_i t_i ((1 - c) / e_1(v) + c e_2(v t without i) / (3 e_3(v)))."""
    weighted = signs * relevance
    inner = np.full_like(weighted, (1 - share) / relevance.sum())
    if share:
        others = weighted.sum(1, keepdims=True) - weighted
        twos = (others**2 - ((relevance**2).sum() - relevance**2)) / 2
        inner += share / (3 * _threes(relevance)) * twos
    return (2 * weighted * inner).T


def shapley_prior(relevance: Float[np.ndarray, " word"], share: float) -> Float[np.ndarray, "word word"]:
    """The covariance of the Shapley values before anything is observed: 4 / d^2 for each product that two words share."""
    ones = np.diag(4 * (1 - share) / relevance.sum() * relevance)
    if not share:
        return ones
    total, others = relevance.sum(), relevance.sum() - relevance
    threes = np.outer(relevance, relevance) * (total - relevance[:, None] - relevance)
    np.fill_diagonal(threes, relevance * (others**2 - ((relevance**2).sum() - relevance**2)) / 2)
    return ones + share / _threes(relevance) * 4 / 9 * threes


def _threes(relevance: Float[np.ndarray, " word"]) -> float:
    """e_3 of the relevances: the sum over all three words of their product."""
    total, squares, cubes = relevance.sum(), (relevance**2).sum(), (relevance**3).sum()
    return float(total**3 - 3 * total * squares + 2 * cubes) / 6


def _distinct(pairs: Bool[np.ndarray, "pair word"]) -> np.ndarray:
    """The places of the pairs without those that were drawn before, themselves or as their complement."""
    return np.sort(np.unique(pairs ^ pairs[:, :1], axis=0, return_index=True)[1])
