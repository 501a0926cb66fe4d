"""The prior of the process on the odd part of a game: which words are relevant, and how much they interact."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.linalg import cholesky
from scipy.linalg.lapack import dpotri  # pyright: ignore[reportAttributeAccessIssue]
from scipy.optimize import minimize

_LEAST, _MOST = -9.0, 1.0
_LARGEST = 500.0
"""The range of log b, and the largest B, whose exponential is still a number."""
_SHARES = (-12.0, 6.0)
_RIDGES = (-25.0, 1.0)
"""The ranges of the log odds of c, and of the log of the ridge in units of k(z, z) = 1."""
_SPREAD = 1.0
"""The standard deviation of log b. With fewer pairs than words it shrinks in proportion: standard errors were too small."""
_ODDS_SPREAD, _TOTAL_SPREAD = 10.0, 5.0
"""The standard deviations of the log odds of c and of log B: next to no restriction."""
_ITERATIONS = 60


@dataclass(frozen=True)
class Prior:
    """The parameters of the kernel, and the ridge that stands for what it leaves out.

    Parameters
    ----------
    relevance : float64 array of shape (word,)
        The relevances b.
    share : float
        The share c of the part in which words interact.
    ridge : float
        The ridge, in units of k(z, z) = 1.
    """

    relevance: Float[np.ndarray, " word"]
    share: float
    ridge: float


def likeliest(signs: Float[np.ndarray, "pair word"], o: Float[np.ndarray, " pair"], before: Prior | None = None) -> Prior:
    """Return the most probable prior, given the observations (automatic relevance determination, MacKay 1996).

    The logarithms of relevances are normally distributed, and the data decide how far they are from their mean. The process's
    variance is eliminated: it is the one that makes the observations most probable for given parameters.

    Parameters
    ----------
    signs : float64 array of shape (pair, word)
        The sides t of each coalition.
    o : float64 array of shape (pair,)
        The observations.
    before : Prior, optional
        The prior of fewer observations, from which the search then starts; otherwise all words are equally relevant at first.
    """
    m = signs.shape[1]
    start = np.array([*[-np.log(m)] * m, 0.0, -4.0]) if before is None else _values(before)
    if not o.any():
        return _prior(start)
    bounds = [*[(_LEAST, min(_MOST, np.log(_LARGEST / m)))] * m, _SHARES, _RIDGES]
    found: Any = minimize(cost, start, (signs, o), "L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": _ITERATIONS})
    return _prior(found.x)


def cost(
    values: Float[np.ndarray, " parameter"], signs: Float[np.ndarray, "pair word"], o: Float[np.ndarray, " pair"]
) -> tuple[float, Float[np.ndarray, " parameter"]]:
    """Return minus the log of the density of parameters given the observations, up to a constant, and its gradient.

    Parameters
    ----------
    values : float64 array of shape (word + 2,)
        log b of each word, the log odds of c, and the log of the ridge.
    signs, o : float64 arrays
        Those of ``likeliest``.
    """
    prior = _prior(values)
    b, c, total = prior.relevance, prior.share, prior.relevance.sum()
    u = (signs * b) @ signs.T
    growing, falling = np.exp(u) / (2 * np.sinh(total)), np.exp(-u) / (2 * np.sinh(total))
    odd, even = growing - falling, growing + falling
    ridged = c * odd + (1 - c) / total * u
    ridged[np.diag_indices(len(o))] += prior.ridge
    misfit, slope = _misfit(ridged, o)
    common = (slope * (c / np.tanh(total) * odd + (1 - c) / total**2 * u)).sum()
    by_word = (((slope * (c * even + (1 - c) / total)) @ signs) * signs).sum(0) - common
    by_share = c * (1 - c) * (slope * (odd - u / total)).sum()
    penalty, pull = _penalty(values, len(o))
    return misfit + penalty, np.array([*b * by_word, by_share, prior.ridge * slope.trace()]) + pull


def _misfit(
    ridged: Float[np.ndarray, "pair pair"], o: Float[np.ndarray, " pair"]
) -> tuple[float, Float[np.ndarray, "pair pair"]]:
    """Minus the log of the density of o, for the likeliest variance, and its derivative by each entry of the ridged kernel."""
    factor = cholesky(ridged, lower=True, check_finite=False)
    lower = np.tril(dpotri(factor, lower=1)[0])
    inverse = lower + np.tril(lower, -1).T
    alpha = inverse @ o
    square, n = float(o @ alpha), len(o)
    misfit = n / 2 * np.log(square / n) + np.log(factor.diagonal()).sum()
    return float(misfit), (inverse - n / square * np.outer(alpha, alpha)) / 2


def _penalty(values: Float[np.ndarray, " parameter"], pairs: int) -> tuple[float, Float[np.ndarray, " parameter"]]:
    """Minus the log of the prior density of the parameters, and its gradient."""
    logs, odds = values[:-2], values[-2]
    off = (logs - logs.mean()) / (_SPREAD * min(1.0, pairs / len(logs)))
    shares = np.exp(logs) / np.exp(logs).sum()
    wide, wider = np.log(np.exp(logs).sum()) / _TOTAL_SPREAD, odds / _ODDS_SPREAD
    by_log = off / (_SPREAD * min(1.0, pairs / len(logs))) + wide / _TOTAL_SPREAD * shares
    return float(off @ off + wide**2 + wider**2) / 2, np.array([*by_log, wider / _ODDS_SPREAD, 0.0])


def _values(prior: Prior) -> Float[np.ndarray, " parameter"]:
    return np.log([*prior.relevance, prior.share / (1 - prior.share), prior.ridge])


def _prior(values: Float[np.ndarray, " parameter"]) -> Prior:
    return Prior(np.exp(values[:-2]), float(1 / (1 + np.exp(-values[-2]))), float(np.exp(values[-1])))
