"""Shapley values from a Gaussian process over the odd part of a game.

Shapley values depend on the odd part of a game alone, and a pair of complements gives it without noise:
o(z) = (f(z) - f(1 - z)) / 2. The process consists of products of the signs of one word, of three, and of all larger odd numbers
(see ``odd_kernel``). How relevant each word is, how much words interact, and the ridge are the most probable ones, given the
observations (see ``odd_prior``): a few words decide most answers, so that most products have next to no variance.

The estimate is biased by its prior, and least squares on the same coalitions is not; but its errors are smaller at the same
number of evaluations on trained models (benchmarks/README.md).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solve

from .estimate import Estimate
from .odd_kernel import kernel, shapley_kernel, shapley_prior
from .odd_prior import Prior, likeliest
from .one_thread import on_one_thread

_CHOOSING = 500
"""The most pairs that the prior is chosen on: the time that this takes grows with their cube."""


@dataclass(frozen=True)
class OddProcess:
    """The process, given o of some pairs.

    Parameters
    ----------
    signs : float64 array of shape (pair, word)
        The sides t of each coalition, 1 or -1.
    o : float64 array of shape (pair,)
        The observations, in units of ``scale``.
    scale : float
        The largest observation.
    difference : float
        f(all) - f(none), the sum of the scores.
    prior : Prior
        What the kernel is made of.
    """

    signs: Float[np.ndarray, "pair word"]
    o: Float[np.ndarray, " pair"]
    scale: float
    difference: float
    prior: Prior

    @staticmethod
    @on_one_thread
    def of(
        pairs: Bool[np.ndarray, "pair word"],
        odd: Float[np.ndarray, " pair"],
        difference: float,
        before: Prior | None = None,
    ) -> "OddProcess":
        """Return the process given o(z) of one coalition z of each pair, with its prior, or from the one before it.

        The pair (all, none) is one of the observations, and a pair that was drawn twice counts once.
        """
        m, new = pairs.shape[1], _distinct(pairs)
        signs = 2.0 * np.concatenate([np.ones((1, m), bool), pairs[new]]) - 1
        o = np.append(difference / 2, odd[new])
        scale = float(np.abs(o).max()) or 1.0
        prior = likeliest(signs[:_CHOOSING], o[:_CHOOSING] / scale, before)
        return OddProcess(signs, o / scale, scale, difference, prior)

    @on_one_thread
    def estimate(self) -> Estimate:
        """Return the Shapley values.

        The covariance is the sum of two: the posterior covariance, scaled so that the leave-one-out errors have the size that
        it predicts, and the jackknife's covariance of the draw of pairs, in which the error of each pair is its own
        leave-one-out error. On trained models, standard errors were 1.1 to 2.3 times as large as the errors (350 evaluations);
        with the posterior covariance alone, up to 1.5 times too small.
        """
        m, prior = self.signs.shape[1], self.prior
        across = shapley_kernel(self.signs, prior.relevance, prior.share)
        ridged = kernel(self.signs, self.signs, prior.relevance, prior.share) + prior.ridge * np.eye(len(self.o))
        solved = solve(ridged, np.column_stack([self.o, across.T, np.eye(len(self.o))]), assume_a="pos")
        alpha, weights, precision = solved[:, 0], solved[:, 1 : m + 1].T, solved[:, m + 1 :].diagonal()
        scores = self.scale * across @ alpha
        variance = float((alpha**2 / precision).mean())
        posterior = variance * (shapley_prior(prior.relevance, prior.share) - weights @ across.T)
        drawn = weights * (alpha / precision)
        covariance = self.scale**2 * (posterior + drawn @ drawn.T)
        # The rest of f(all) - f(none) is spread evenly over the words.
        centre = np.eye(m) - 1 / m
        return Estimate(scores + (self.difference - scores.sum()) / m, centre @ covariance @ centre)


def _distinct(pairs: Bool[np.ndarray, "pair word"]) -> np.ndarray:
    """The places of the pairs, without those that were drawn before, as they are or as their complement."""
    return np.sort(np.unique(pairs ^ pairs[:, :1], axis=0, return_index=True)[1])
