"""How much a race may cost."""

import re
from dataclasses import dataclass
from math import inf
from time import monotonic

from ..errors import SettingsError
from ..text.lines import argument
from .racing import LEAST, calls, rounds

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
CONFIRMING = 0.25
"""The share of a budget that is kept for the test questions."""
ENOUGH = 100
"""Arms are left out rather than that the finalists answer fewer questions."""


@dataclass(frozen=True)
class Budget:
    """Seconds, or answers to questions, whichever is given.

    Parameters
    ----------
    seconds : float, optional
        For everything: making the prompts, the race, and the test.
    calls : int, optional
        How many answers are asked for, in the race and in the test; making the prompts is not counted.

    Raises
    ------
    SettingsError
        Unless exactly one of them is given, and more than 0.
    """

    seconds: float | None = None
    calls: int | None = None

    def __post_init__(self) -> None:
        given = [each for each in (self.seconds, self.calls) if each is not None]
        if len(given) != 1 or given[0] <= 0:
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
    def start(budget: Budget) -> "Clock":
        """A clock that starts now; with a budget of calls it never ends."""
        return Clock(inf if budget.seconds is None else budget.seconds, monotonic())

    @property
    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self.seconds - (monotonic() - self.started))


@dataclass(frozen=True)
class Size:
    """How many arms a race has, baselines included, and how many questions its finalists answer."""

    arms: int
    questions: int


def size(affordable: int, arms: int, questions: int, extra: int, baselines: int) -> Size | None:
    """The size of a race that takes at most so many answers: as many arms as leave enough questions for the finalists.

    Parameters
    ----------
    affordable : int
        How many answers the race may take.
    arms, questions : int
        How many of each there are.
    extra : int
        How many answers each arm takes besides, for calibration.
    baselines : int
        How many of the arms stay to the end.

    Returns
    -------
    Size or None
        None if not even the baselines and one other arm can be asked 10 questions.
    """
    for count in range(arms, baselines, -1):
        left = affordable - count * extra
        asked = next((each for each in range(questions, 0, -1) if calls(rounds(count, each, baselines)) <= left), 0)
        if asked >= min(questions, ENOUGH if count > baselines + 1 else LEAST):
            return Size(count, asked)
    return None
