"""Shapley values by enumeration of all coalitions (Shapley 1953): exact, and only for few words."""

from dataclasses import dataclass
from math import factorial

import numpy as np
from jaxtyping import Bool, Float

from ..errors import ExplanationError
from ..games.coalitions import AbstractGame
from .perturbation import AbstractPerturbation
from .scores import Attribution, completeness_gap
from .settings import check_count


@dataclass(frozen=True, kw_only=True)
class ShapleyValues(AbstractPerturbation):
    """Exact Shapley values of short questions, by evaluating all 2^M coalitions.

    Captum's class of this name enumerates the M! orders instead, with the same result.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent; see ``AbstractPerturbation``.
    max_words : int, default 12
        A question of more words is refused with an ExplanationError.

    Raises
    ------
    SettingsError
        If a setting is invalid.
    """

    name = "shapley_values"
    max_words: int = 12

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "max_words")

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        m = game.players
        if m > self.max_words:
            raise ExplanationError(
                f"shapley_values evaluates every coalition, and {m} words have 2^{m} = {2**m:,} of them; it accepts at most "
                f'`max_words={self.max_words}`. Use `explainer="kernel_shap"`, `explainer="shapley_value_sampling"`, '
                f"or `max_words={m}`."
            )
        values = game.values(every_coalition(m))
        scores = exact_shapley(values, m)
        return Attribution(scores.tolist(), game.passes, completeness_gap(scores, values[-1], values[0]), [0.0] * m)


def every_coalition(m: int) -> Bool[np.ndarray, "coalition word"]:
    """Return all 2^M coalitions; number c has word i if bit i of c is set, so the first is empty and the last is full."""
    return (np.arange(2**m)[:, None] >> np.arange(m) & 1).astype(bool)


def exact_shapley(values: Float[np.ndarray, " coalition"], m: int) -> Float[np.ndarray, " word"]:
    """Return the Shapley values of a game, given the values of ``every_coalition(m)``.

    phi_i = sum over S without i of |S|! (M-|S|-1)! / M! (f(S + i) - f(S)).
    """
    coalitions = every_coalition(m)
    weights = np.array([factorial(size) * factorial(m - size - 1) / factorial(m) for size in range(m)])
    scores = np.empty(m)
    for word in range(m):
        without = np.flatnonzero(~coalitions[:, word])
        scores[word] = weights[coalitions[without].sum(1)] @ (values[without + (1 << word)] - values[without])
    return scores
