"""The kernel of a Gaussian process over the odd part of a game, and the Shapley values of its functions.

The sides of a coalition z are t = 2 z - 1, a vector of signs. A game is a sum of products of signs; its odd part is a sum of
products of an odd number of them: of one word, of three, and so on. The process gives independent coefficients to the products
of one word and of three words. The variance of a product is the product of its words' relevances v, and c is the share of the
threes:

    k(z, z') = (1 - c) e_1(w) / e_1(v) + c e_3(w) / e_3(v),    w = v t t' (elementwise),

where e_d are the elementary symmetric polynomials, which are functions of the sums of w, of v^2 and of v^3 t t'. Shapley
values are linear in the game, and the product of the signs of d words, d odd, gives 2 / d to each of them. So the Shapley
values of the process's mean and their covariance have closed forms.
"""

import numpy as np
from jaxtyping import Float


def kernel(
    signs: Float[np.ndarray, "pair word"], relevance: Float[np.ndarray, " word"], share: float
) -> Float[np.ndarray, "pair pair"]:
    """Return k between the sides of coalitions.

    Parameters
    ----------
    signs : float64 array of shape (pair, word)
        The sides t of each coalition, 1 or -1.
    relevance : float64 array of shape (word,)
        The relevances v.
    share : float
        The share c of products of three words.
    """
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
    """Return the Shapley values of the games k(., z): 2 v_i t_i ((1 - c) / e_1(v) + c e_2(v t without i) / (3 e_3(v))).

    Parameters are those of ``kernel``.
    """
    weighted = signs * relevance
    inner = np.full_like(weighted, (1 - share) / relevance.sum())
    if share:
        others = weighted.sum(1, keepdims=True) - weighted
        twos = (others**2 - ((relevance**2).sum() - relevance**2)) / 2
        inner += share / (3 * _threes(relevance)) * twos
    return (2 * weighted * inner).T


def shapley_prior(relevance: Float[np.ndarray, " word"], share: float) -> Float[np.ndarray, "word word"]:
    """Return the covariance of the Shapley values before anything is observed: 4 / d^2 for each product that two words share.

    Parameters are those of ``kernel``.
    """
    ones = np.diag(4 * (1 - share) / relevance.sum() * relevance)
    if not share:
        return ones
    total, others = relevance.sum(), relevance.sum() - relevance
    threes = np.outer(relevance, relevance) * (total - relevance[:, None] - relevance)
    np.fill_diagonal(threes, relevance * (others**2 - ((relevance**2).sum() - relevance**2)) / 2)
    return ones + share / _threes(relevance) * 4 / 9 * threes


def _threes(relevance: Float[np.ndarray, " word"]) -> float:
    """e_3 of the relevances: the sum, over all sets of three words, of their product."""
    total, squares, cubes = relevance.sum(), (relevance**2).sum(), (relevance**3).sum()
    return float(total**3 - 3 * total * squares + 2 * cubes) / 6
