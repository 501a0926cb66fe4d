"""Shapley values by enumeration of all coalitions (Shapley 1953): exact, and only for few words."""

from dataclasses import dataclass
from math import factorial

import numpy as np
from jaxtyping import Bool, Float

from ..errors import ExplanationError
from .attribution import Attribution, completeness_gap
from .perturbation import AbstractPerturbation, Play, Players


@dataclass(frozen=True, kw_only=True)
class ShapleyValues(AbstractPerturbation):
    """All 2^M coalitions are evaluated; a question of more than ``max_words`` words is refused.

    Captum's class of this name enumerates the M! orders instead, with the same result.
    """

    name = "shapley_values"
    max_words: int = 12

    def play(self, players: Players, seed: int) -> Play:
        m = len(players)
        if m > self.max_words:
            raise ExplanationError(
                f"shapley_values evaluates every coalition, and {m} words have 2^{m} = {2**m:,} of them; at most "
                f"{self.max_words} words are taken on. Use kernel_shap or shapley_value_sampling, or --set max_words={m}."
            )
        values = yield every_coalition(m)
        scores = exact_shapley(values, m)
        return Attribution(scores.tolist(), 0, completeness_gap(scores, values[-1], values[0]), [0.0] * m)


def every_coalition(m: int) -> Bool[np.ndarray, "coalition word"]:
    """All 2^M coalitions; number c holds word i if bit i of c is set, so the first is empty and the last is full."""
    return (np.arange(2**m)[:, None] >> np.arange(m) & 1).astype(bool)


def exact_shapley(values: Float[np.ndarray, " coalition"], m: int) -> Float[np.ndarray, " word"]:
    """The Shapley values of a game given by the values of ``every_coalition(m)``.

    phi_i = sum over S without i of |S|! (M-|S|-1)! / M! (f(S + i) - f(S)).
    """
    coalitions = every_coalition(m)
    weights = np.array([factorial(size) * factorial(m - size - 1) / factorial(m) for size in range(m)])
    scores = np.empty(m)
    for word in range(m):
        without = np.flatnonzero(~coalitions[:, word])
        scores[word] = weights[coalitions[without].sum(1)] @ (values[without + (1 << word)] - values[without])
    return scores
