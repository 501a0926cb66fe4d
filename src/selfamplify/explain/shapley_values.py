"""Shapley values by enumeration of all coalitions (Shapley 1953): exact, and only for few words."""

from dataclasses import dataclass
from math import factorial
from time import perf_counter

import numpy as np
from jaxtyping import Bool, Float

from ..errors import ExplanationError, SettingsError
from ..games.coalitions import AbstractGame
from ..text.lines import duration
from .perturbation import AbstractPerturbation
from .scores import Attribution, completeness_gap
from .settings import check_count, in_python

_MOST = 20
"""The largest limit: a million coalitions and their values still fit in memory."""
_TIMED = 48
"""Coalitions of a refused question that are timed, after as many that warm the model up."""


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
    limit : int, default 12
        A question of more words is refused with an ExplanationError, which says how many coalitions it has and how long they
        would take here, by a short measurement; at most 20.

    Raises
    ------
    SettingsError
        If a setting is invalid.
    """

    name = "shapley_values"
    limit: int = 12

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "limit")
        if self.limit > _MOST:
            raise SettingsError(
                f"`{in_python(type(self), 'limit', self.limit)}` is invalid, since 2^{self.limit} coalitions are too many; "
                f"write at most `{in_python(type(self), 'limit', _MOST)}`."
            )

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        m = game.players
        if m > self.limit:
            raise self._refused(game)
        values = game.values(every_coalition(m))
        scores = exact_shapley(values, m)
        return Attribution(scores.tolist(), game.passes, completeness_gap(scores, values[-1], values[0]), [0.0] * m)

    def _refused(self, game: AbstractGame) -> ExplanationError:
        m = game.players
        waiting = f"`{in_python(type(self), 'limit', m)}` to wait for that, or " if m <= _MOST else ""
        return ExplanationError(
            f"shapley_values evaluates every coalition of words, and {m} words have 2^{m} = {2**m:,} of them: "
            f"{duration(2**m * _seconds_each(game))} of work here, by a short measurement; write {waiting}"
            f'`explainer="kernel_shap"`, which estimates the same values from a few hundred.'
        )


def _seconds_each(game: AbstractGame) -> float:
    """The time that a coalition of this game takes, measured on a few."""
    drawn = np.random.default_rng(0).random((2 * _TIMED, game.players)) < 0.5
    game.values(drawn[:_TIMED])
    start, before = perf_counter(), game.passes
    game.values(drawn[_TIMED:])
    return (perf_counter() - start) / max(game.passes - before, 1)


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
