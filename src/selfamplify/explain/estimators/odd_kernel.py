"""The kernel of a Gaussian process over the odd part of a game, and the Shapley values of its functions.

The sides of a coalition z are t = 2 z - 1, a vector of signs. A game is a sum of products of signs; its odd part is a sum of
products of an odd number of them: of one word, of three, and so on. The process gives independent coefficients to these
products. The variance of a product is the product of its words' relevances tanh(b), and products of single words have a part of
their own, whose variances are proportional to b. With c the share of the first part:

    k(z, z') = c sinh(u) / sinh(B) + (1 - c) u / B,    u = sum_i b_i t_i t'_i,    B = sum_i b_i,

since exp(u) is the product over words of cosh(b_i) (1 + tanh(b_i) t_i t'_i). Shapley values are linear in the game, and the
product of the signs of d words, d odd, gives 2 / d to each of them. So the Shapley values of the process's mean and their
covariance are sums over products. They are taken by quadrature, as 1 / d is the integral of x^(d - 1) from 0 to 1.
"""

import numpy as np
from jaxtyping import Float

_NODES = 20
"""Exact for products of up to 39 words; the larger ones have no weight that could be noticed."""


def kernel(
    signs: Float[np.ndarray, "pair word"],
    others: Float[np.ndarray, "other word"],
    relevance: Float[np.ndarray, " word"],
    share: float,
) -> Float[np.ndarray, "pair other"]:
    """Return k between the sides of coalitions.

    Parameters
    ----------
    signs, others : float64 arrays of shape (pair, word) and (other, word)
        The sides t of each coalition, 1 or -1.
    relevance : float64 array of shape (word,)
        The relevances b.
    share : float
        The share c of the part in which words interact.
    """
    u, total = (signs * relevance) @ others.T, relevance.sum()
    return share / np.sinh(total) * np.sinh(u) + (1 - share) / total * u


def shapley_kernel(
    signs: Float[np.ndarray, "pair word"], relevance: Float[np.ndarray, " word"], share: float
) -> Float[np.ndarray, "word pair"]:
    """Return the Shapley values of the games k(., z).

    Parameters are those of ``kernel``.
    """
    total, sides = relevance.sum(), signs * np.tanh(relevance)
    inner = np.zeros_like(sides)
    for node, weight in zip(*_quadrature(), strict=True):
        for x in (node, -node):
            inner += weight / 2 * _products(x * sides)[:, None] / (1 + x * sides)
    alone = (1 - share) / total * signs * relevance
    return (2 * (share * _scale(relevance) * sides * inner + alone)).T


def shapley_prior(relevance: Float[np.ndarray, " word"], share: float) -> Float[np.ndarray, "word word"]:
    """Return the covariance of the Shapley values before anything is observed: 4 / d^2 for each product that two words share.

    Parameters are those of ``kernel``.
    """
    total, sides = relevance.sum(), np.tanh(relevance)
    nodes, weights = _quadrature()
    # 1 / d^2 is the integral of (x y)^(d - 1) over x and y.
    x, weight = (np.outer(each, each).ravel()[:, None] for each in (nodes, weights))
    both, own = np.zeros((len(sides), len(sides))), np.zeros(len(sides))
    for sign in (1, -1):
        without = sides / (1 + sign * x * sides)
        weighted = weight / 2 * _products(sign * x * sides)[:, None] * without
        both += sign * (x * weighted).T @ without
        own += weighted.sum(0)
    np.fill_diagonal(both, own)
    return 4 * (share * _scale(relevance) * both + (1 - share) / total * np.diag(relevance))


def _products(terms: Float[np.ndarray, "row word"]) -> Float[np.ndarray, " row"]:
    """The product over words of 1 + term."""
    return np.prod(1 + terms, axis=1)


def _scale(relevance: Float[np.ndarray, " word"]) -> float:
    """The product of all cosh(b), in units of sinh(B)."""
    return float(np.exp(np.log(np.cosh(relevance)).sum()) / np.sinh(relevance.sum()))


def _quadrature() -> tuple[Float[np.ndarray, " node"], Float[np.ndarray, " node"]]:
    """Nodes and weights between 0 and 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2
