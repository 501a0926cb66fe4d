"""A scored word or token of a prompt."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import DataError
from ..records import Message


@dataclass(frozen=True, slots=True)
class Unit:
    """A word or token of a prompt, and how much it contributes to the answer's value.

    Parameters
    ----------
    text
        The word or token as it is written in the prompt: ``messages[message].content[start:end]``.
    start, end
        Where it begins and ends in its message, in characters.
    score
        Its contribution, in the unit of the attribution's ``value``: above 0 for the answer, below 0 against it.
    standard_error
        The standard error of the score, or None if the explainer does not estimate it.
    message
        The index of its message, from 0.
    """

    text: str
    start: int
    end: int
    score: float
    standard_error: float | None = None
    message: int = 0


def check_units(messages: Sequence[Message], units: Sequence[Unit]) -> None:
    """Raise DataError unless the units are parts of the messages, in order and without overlap, with finite scores."""
    last = (0, 0)
    for unit in units:
        if not 0 <= unit.message < len(messages):
            raise DataError(f"The unit {unit.text!r} is in message {unit.message}, which does not exist; leave it out.")
        if messages[unit.message].content[unit.start : unit.end] != unit.text or not 0 <= unit.start < unit.end:
            raise DataError(f"{unit.text!r} is not at {unit.start} in message {unit.message}; correct `start` and `end`.")
        if (unit.message, unit.start) < last:
            raise DataError(f"The unit {unit.text!r} starts before the end of the one before it; sort the units by position.")
        if not math.isfinite(unit.score):
            raise DataError(f"The score of {unit.text!r} is {unit.score}; give a finite number.")
        last = (unit.message, unit.end)
