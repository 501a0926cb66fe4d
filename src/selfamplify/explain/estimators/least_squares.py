"""Shapley values from pairs of coalitions by weighted least squares."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from .estimate import Estimate
from .pairs import sum_zero


@dataclass(frozen=True)
class LeastSquares:
    """The paired regression.

    A coalition of size s has the kernel weight (M-1) / (C(M,s) s (M-s)) and is drawn with probability 1 / ((M-1) C(M,s)), so
    its row has weight 1 / (s (M-s)). With z centred at a half, a coalition and its complement differ in sign alone. Only the
    pair's half difference o(z) = (f(z) - f(1-z)) / 2 enters, and o(z) = (z - 1/2) . phi is fitted. Efficiency,
    sum(phi) = f(all) - f(none), is imposed by writing phi = mean + B u, where B is an orthonormal basis of the scores that sum
    to zero. The covariance is the sandwich estimate over pairs, with the usual correction for the degrees of freedom.

    Parameters
    ----------
    pairs : boolean array of shape (pair, word)
        One coalition z of each pair.
    odd : float64 array of shape (pair,)
        o(z) of each pair.
    difference : float
        f(all) - f(none).
    """

    pairs: Bool[np.ndarray, "pair word"]
    odd: Float[np.ndarray, " pair"]
    difference: float

    def estimate(self) -> Estimate:
        """Return the scores."""
        count, m = self.pairs.shape
        sizes = self.pairs.sum(1)
        roots = 1.0 / np.sqrt(sizes * (m - sizes))
        mean = self.difference / m
        basis = sum_zero(m)
        centred = self.pairs - 0.5
        design = roots[:, None] * (centred @ basis)
        target = roots * (self.odd - centred.sum(1) * mean)
        solution = np.linalg.lstsq(design, target, rcond=None)[0]
        residual = target - design @ solution
        bread = np.linalg.pinv(design.T @ design) @ design.T
        spread = basis @ (bread * residual)
        freedom = max(count - (m - 1), 1)
        return Estimate(mean + basis @ solution, spread @ spread.T * count / freedom)
