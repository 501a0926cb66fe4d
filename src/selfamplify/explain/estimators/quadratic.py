"""Words and pairs of words from coalitions by weighted least squares: Faith-SHAP of order 2 (Tsai et al. 2023)."""

from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import lstsq


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
) -> tuple[Float[np.ndarray, " word"], Float[np.ndarray, " pair"]] | None:
    """Return what each word does alone, and each two words together, in the polynomial that fits a game best.

    The polynomial f(none) + sum_i a_i z_i + sum_ij b_ij z_i z_j minimises the weighted squared error among those that equal the
    game for no word and for all words (Tsai et al. 2023, https://arxiv.org/abs/2203.00870). The second condition,
    sum(a) + sum(b) = f(all) - f(none), is imposed by eliminating the last term.

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
    (float64 array of shape (word,), float64 array of shape (pair,)) or None
        The terms; None if the coalitions are too few to tell them apart.
    """
    m = coalitions.shape[1]
    terms = np.concatenate([coalitions.astype(float), pair_terms(coalitions)], 1)
    roots, last = np.sqrt(weights), terms[:, -1]
    design = roots[:, None] * (terms[:, :-1] - last[:, None])
    target = roots * (values - empty - last * (full - empty))
    solved: Any = lstsq(design, target, lapack_driver="gelsy", cond=1e-10)
    found, _, rank, _ = solved
    if rank < terms.shape[1] - 1:
        return None
    found = np.append(found, full - empty - found.sum())
    return found[:m], found[m:]


def halves(pairs: Float[np.ndarray, " pair"], m: int) -> Float[np.ndarray, " word"]:
    """Return the sum of half the scores of each word's pairs."""
    first, second = _pairs(m)
    return (np.bincount(first, pairs, m) + np.bincount(second, pairs, m)) / 2


def _pairs(m: int) -> tuple[np.ndarray, np.ndarray]:
    both = np.array(list(combinations(range(m), 2)), int).reshape(-1, 2)
    return both[:, 0], both[:, 1]
