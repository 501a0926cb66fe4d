"""The draw of coalitions, each of which is evaluated with its complement."""

import numpy as np
from jaxtyping import Bool, Float

_CANDIDATES = 50
"""Coalitions that are drawn, of which one is taken."""
_SPREAD = 200
"""Among more words than these, any two coalitions have little in common, and the choice would cost more than it gains."""


def draw_pairs(m: int, count: int, generator: np.random.Generator) -> Bool[np.ndarray, "pair word"]:
    """Draw coalitions, each uniform among those of its size; their complements complete the pairs.

    Sizes come in shuffled rounds of all sizes from 1 to M-1. Of several candidates of one size, the one is taken that has the
    least in common with the coalitions before it, by the sum of the squared products of their signs. This choice treats all
    words alike, so each coalition on its own is still uniform. A draw that leaves the regression singular, as happens if there
    are hardly more pairs than words, is repeated.

    Parameters
    ----------
    m : int
        The number of words, M.
    count : int
        The number of pairs.
    generator : numpy.random.Generator
        The source of randomness.

    Returns
    -------
    boolean array of shape (pair, word)
        One coalition of each pair.
    """
    while True:
        pairs = _drawn(m, count, generator)
        if count > 4 * m or count < m - 1 or np.linalg.matrix_rank((pairs - 0.5) @ sum_zero(m)) == m - 1:
            return pairs


def _drawn(m: int, count: int, generator: np.random.Generator) -> Bool[np.ndarray, "pair word"]:
    rounds = [generator.permutation(np.arange(1, m)) for _ in range(-(-count // (m - 1)))]
    pairs, common = np.empty((count, m), bool), np.ones((m, m))  # the pair (all, none) comes first
    candidates = _CANDIDATES if m <= _SPREAD else 1
    for place, size in enumerate(np.concatenate(rounds)[:count] if rounds else ()):
        signs = 2.0 * (generator.random((candidates, m)).argsort(1) < size) - 1
        chosen = signs[((signs @ common) * signs).sum(1).argmin()] if candidates > 1 else signs[0]
        pairs[place] = chosen > 0
        if candidates > 1:
            common += np.outer(chosen, chosen)
    return pairs


def sum_zero(m: int) -> Float[np.ndarray, "word free"]:
    """Return an orthonormal basis of the scores that sum to zero."""
    return np.linalg.qr(np.eye(m) - 1.0 / m)[0][:, : m - 1]
