"""Words and pairs of words from coalitions by weighted least squares: Faith-SHAP of order 2 (Tsai et al. 2023)."""

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import lstsq, qr, solve_triangular

_DETERMINED = 1e-8
"""Below this, one minus the leverage of a coalition is 0: its value alone determines a term, so that nothing is left to tell
how wrong it is."""


@dataclass(frozen=True)
class Quadratic:
    """The polynomial that fits a game best.

    Parameters
    ----------
    alone : float64 array of shape (word,)
        What each word does alone.
    pairs : float64 array of shape (pair,)
        What each two words do together, in the order of ``itertools.combinations``.
    spread : float64 array of shape (word + pair, coalition), optional
        What the residual of each coalition contributes to each term; ``spread @ spread.T`` is the covariance of their errors.
        None if some coalition is all that determines a term.
    """

    alone: Float[np.ndarray, " word"]
    pairs: Float[np.ndarray, " pair"]
    spread: Float[np.ndarray, "term coalition"] | None = None

    @property
    def shares(self) -> Float[np.ndarray, " word"]:
        """What each word does alone, and half of what it does with each other word."""
        return self.alone + halves(self.pairs, len(self.alone))

    @property
    def share_errors(self) -> Float[np.ndarray, " word"] | None:
        """The standard error of each share."""
        if self.spread is None:
            return None
        m = len(self.alone)
        first, second = _pairs(m)
        spread = self.spread[:m].copy()
        for word in (first, second):
            np.add.at(spread, word, self.spread[m:] / 2)
        return np.sqrt((spread**2).sum(1))

    @property
    def pair_errors(self) -> Float[np.ndarray, " pair"] | None:
        """The standard error of what each two words do together."""
        return None if self.spread is None else np.sqrt((self.spread[len(self.alone) :] ** 2).sum(1))


def shapley_weights(m: int) -> Float[np.ndarray, " size"]:
    """Return the weight of a coalition of each size, from 0 to M: (M-1) / (C(M,s) s (M-s)); 0 for the ends, which are exact."""
    inner = [(m - 1) / (comb(m, size) * size * (m - size)) for size in range(1, m)]
    return np.array([0.0, *inner, 0.0] if m else [0.0])


def pair_terms(coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, "coalition pair"]:
    """Return whether both words of each pair are present, in the order of ``itertools.combinations``."""
    first, second = _pairs(coalitions.shape[1])
    return (coalitions[:, first] & coalitions[:, second]).astype(float)


def quadratic_fit(
    coalitions: Bool[np.ndarray, "coalition word"],
    values: Float[np.ndarray, " coalition"],
    weights: Float[np.ndarray, " coalition"],
    empty: float,
    full: float,
) -> Quadratic | None:
    """Return what each word does alone, and each two words together, in the polynomial that fits a game best.

    The polynomial f(none) + sum_i a_i z_i + sum_ij b_ij z_i z_j minimises the weighted squared error among those that equal the
    game for no word and for all words (Tsai et al. 2023, https://arxiv.org/abs/2203.00870). The second condition,
    sum(a) + sum(b) = f(all) - f(none), is imposed by eliminating the last term. Errors come from which coalitions were drawn,
    since values have no noise: their covariance is the sandwich estimate with residuals divided by the square root of one minus
    the leverage (HC2, MacKinnon and White 1985, https://doi.org/10.1016/0304-4076(85)90158-7). On games of 13 and 20 words, it
    was 1.0 to 1.3 times the error of pairs and 1.0 to 2.9 times that of words, and the jackknife 1.2 to 2.9 times the former.
    A coalition drawn twice is one with twice the weight.

    Parameters
    ----------
    coalitions : boolean array of shape (coalition, word)
        Coalitions of some, but not all words.
    values : float64 array of shape (coalition,)
        Their values.
    weights : float64 array of shape (coalition,)
        Their weights.
    empty, full : float
        f(none) and f(all).

    Returns
    -------
    Quadratic or None
        The terms; None if the coalitions are too few to tell them apart.
    """
    m = coalitions.shape[1]
    _, places, same = np.unique(coalitions, axis=0, return_index=True, return_inverse=True)
    weights = np.bincount(same.reshape(-1), weights)
    coalitions, values = coalitions[places], values[places]
    terms = np.concatenate([coalitions.astype(float), pair_terms(coalitions)], 1)
    roots, last = np.sqrt(weights), terms[:, -1]
    design = roots[:, None] * (terms[:, :-1] - last[:, None])
    target = roots * (values - empty - last * (full - empty))
    solved: Any = lstsq(design, target, lapack_driver="gelsy", cond=1e-10)
    found, _, rank, _ = solved
    if rank < terms.shape[1] - 1:
        return None
    spread = _spread(design, target - design @ found)
    found = np.append(found, full - empty - found.sum())
    return Quadratic(found[:m], found[m:], spread)


def _spread(
    design: Float[np.ndarray, "coalition free"], residual: Float[np.ndarray, " coalition"]
) -> Float[np.ndarray, "term coalition"] | None:
    """What the residual of each coalition contributes to each term, the last one included."""
    solved: Any = qr(design, mode="economic")
    left, right = solved
    rest = 1 - (left**2).sum(1)
    if rest.min() < _DETERMINED:
        return None
    moved = solve_triangular(right, (left * (residual / np.sqrt(rest))[:, None]).T)
    return np.concatenate([moved, -moved.sum(0, keepdims=True)])


def halves(pairs: Float[np.ndarray, " pair"], m: int) -> Float[np.ndarray, " word"]:
    """Return the sum of half the scores of each word's pairs."""
    first, second = _pairs(m)
    return (np.bincount(first, pairs, m) + np.bincount(second, pairs, m)) / 2


def _pairs(m: int) -> tuple[np.ndarray, np.ndarray]:
    both = np.array(list(combinations(range(m), 2)), int).reshape(-1, 2)
    return both[:, 0], both[:, 1]
