"""The pairs whose values would tell most about the Shapley values, by the process of those that are known."""

import numpy as np
from jaxtyping import Bool
from scipy.linalg import solve

from .odd_kernel import kernel, shapley_kernel
from .odd_process import OddProcess
from .one_thread import on_one_thread

_CANDIDATES = 600
_LEAST_RIDGE = 1e-6
"""A pair whose value is known to less than this has nothing left to tell."""


@on_one_thread
def informative_pairs(process: OddProcess, count: int, generator: np.random.Generator) -> Bool[np.ndarray, "pair word"]:
    """Choose pairs among random ones, whose sizes are uniform over 1..M-1.

    They are chosen one after the other. Each is the one that reduces the sum of the posterior variances of the scores most,
    together with those before it: by the squared covariances of the scores with its value, divided by the variance of the
    latter (Bayesian A-optimality, Chaloner and Verdinelli 1995, https://doi.org/10.1214/ss/1177009939). The values of chosen
    pairs need not be known for that.

    Parameters
    ----------
    process : OddProcess
        The process, given the pairs that are known.
    count : int
        The number of pairs.
    generator : numpy.random.Generator
        The source of randomness.

    Returns
    -------
    boolean array of shape (pair, word)
        One coalition of each pair.
    """
    m, prior = process.signs.shape[1], process.prior
    parameters, ridge = (prior.relevance, prior.share), max(prior.ridge, _LEAST_RIDGE)
    candidates = _drawn(m, max(_CANDIDATES, 2 * count), generator)
    signs = 2.0 * candidates - 1
    known = kernel(process.signs, process.signs, *parameters) + ridge * np.eye(len(process.signs))
    across = kernel(process.signs, signs, *parameters)
    solved = solve(known, across, assume_a="pos")
    values = kernel(signs, signs, *parameters) - across.T @ solved  # posterior covariances of the candidates' values
    scores = shapley_kernel(signs, *parameters) - shapley_kernel(process.signs, *parameters) @ solved  # and with the scores
    chosen: list[int] = []
    for _ in range(count):
        variances = np.maximum(values.diagonal(), 0.0) + ridge
        reductions = (scores**2).sum(0) / variances
        reductions[chosen] = -1.0
        best = int(reductions.argmax())
        chosen.append(best)
        column = values[:, best] / variances[best]
        scores = scores - np.outer(scores[:, best], column)
        values = values - np.outer(values[:, best], column)
    return candidates[chosen]


def _drawn(m: int, count: int, generator: np.random.Generator) -> Bool[np.ndarray, "pair word"]:
    sizes = generator.integers(1, m, count)
    return generator.random((count, m)).argsort(1) < sizes[:, None]
