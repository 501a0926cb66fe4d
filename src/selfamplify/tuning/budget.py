"""How much a race may cost."""

import re
from dataclasses import dataclass
from math import inf
from numbers import Integral
from time import monotonic

from ..arguments import is_above_0
from ..errors import SettingsError
from ..text.lines import argument, duration

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
CONFIRMING = 0.25
"""The share of a budget that is kept for the test questions."""


@dataclass(frozen=True)
class Budget:
    """Seconds, or answers to questions, whichever is given.

    Parameters
    ----------
    seconds : float, optional
        For everything from the call on: loading the model where ``tune`` does that, making the prompts, the race, and the test.
    calls : int, optional
        How many answers are asked for, in the race and in the test; making the prompts is not counted.

    Raises
    ------
    SettingsError
        Unless exactly one of them is given, as a number above 0, and of answers as a whole one.
    """

    seconds: float | None = None
    calls: int | None = None

    def __post_init__(self) -> None:
        given = [each for each in (self.seconds, self.calls) if each is not None]
        if len(given) != 1 or not is_above_0(given[0]) or not isinstance(self.calls, Integral | None):
            raise SettingsError(f"{self!r} is not a budget; use for example `Budget(seconds=300)` or `Budget(calls=2000)`.")

    def __str__(self) -> str:
        return f"calls={self.calls}" if self.seconds is None else f"{self.seconds:g}s"


def as_budget(budget: "Budget | str") -> Budget:
    """A budget as it is written: ``"90s"``, ``"5m"``, ``"1h"`` or ``"calls=2000"``. Raises SettingsError for anything else."""
    if isinstance(budget, Budget):
        return budget
    found = re.fullmatch(r"\s*(?:calls\s*=\s*(\d+)|(\d+(?:\.\d+)?)\s*([smh]))\s*", budget) if isinstance(budget, str) else None
    if found is None or not float(found[1] or found[2]):
        raise SettingsError(
            f'{argument("budget", budget)} is not a budget; use for example `budget="5m"` or `budget="calls=2000"`.'
        )
    return Budget(calls=int(found[1])) if found[1] else Budget(seconds=float(found[2]) * _UNITS[found[3]])


@dataclass(frozen=True)
class Clock:
    """The time that is left of so many seconds."""

    seconds: float
    started: float

    @staticmethod
    def start(budget: Budget, begun: float) -> "Clock":
        """A clock that starts now, for what is left of a budget since it ``begun``; with a budget of calls it never ends.

        Raises SettingsError if nothing is left.
        """
        now = monotonic()
        if budget.seconds is None:
            return Clock(inf, now)
        left = budget.seconds - (now - begun)
        if left <= 0:
            raise SettingsError(
                f'`budget="{budget}"` was used up by loading the model and the questions, which took '
                f"{duration(now - begun)}; use a larger one."
            )
        return Clock(left, now)

    @property
    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self.seconds - (monotonic() - self.started))
