"""What an attribution method returns for the players of one game, and what is checked before anything builds on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from ..errors import ExplanationError


@dataclass(frozen=True)
class Attribution:
    """The scores of a game's players.

    Parameters
    ----------
    scores : sequence of float
        One score per player, in the unit of the game's value.
    passes : int, default 0
        Rows that were run through the model; usually ``game.passes``.
    completeness_gap : float, optional
        |sum of scores - (f(x) - f(x'))| / |f(x) - f(x')|, if the method promises completeness.
    standard_errors : sequence of float, optional
        One standard error per player, if the method estimates them.
    pairs : sequence of float, optional
        What each two players do together, in the order of ``itertools.combinations``, if the method scores pairs; half of it is
        in the score of each of the two.
    pair_errors : sequence of float, optional
        The standard error of each of these, if the method estimates them.
    """

    scores: Sequence[float]
    passes: int = 0
    completeness_gap: float | None = None
    standard_errors: Sequence[float] | None = None
    pairs: Sequence[float] | None = None
    pair_errors: Sequence[float] | None = None


def completeness_gap(scores: Sequence[float] | np.ndarray, full: float, empty: float) -> float | None:
    """Return |sum of scores - (f(x) - f(x'))| / |f(x) - f(x')|, or None if f(x) = f(x'), when it is not defined.

    Parameters
    ----------
    scores : sequence of float
        The scores of all players.
    full : float
        f(x), the value with all players.
    empty : float
        f(x'), the value with none.
    """
    return None if full == empty else abs(float(np.sum(scores)) - (full - empty)) / abs(full - empty)


def check_scores(scores: Sequence[float], explainer: str, value: str, what: str) -> None:
    """Raise ExplanationError, naming ``what`` was explained, for scores that are not finite or are all 0."""
    if not all(map(isfinite, scores)):
        raise ExplanationError(f'{explainer} returned scores that are not numbers for {what}; try `dtype="float32"`.')
    if not any(scores):
        raise ExplanationError(
            f"No word of {what} changes the model's {value} (every score of {explainer} is 0); "
            f"explain another prompt, or use another model."
        )
