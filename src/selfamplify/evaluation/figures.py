"""Figures over questions: the mean of a measure, and its difference from that of random words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .difference import LEVEL
from .holm import holm
from .pair import Pair
from .statistics import Interval, paired, wilson

Better = Literal["higher", "lower"]
MEASURES: dict[str, Better] = {
    "comprehensiveness": "higher",
    "sufficiency": "lower",
    "deletion": "lower",
    "insertion": "higher",
    "flips": "higher",
    "simulatability": "higher",
    "plausibility": "higher",
}
"""All measures, and which of their values are better."""
_SHARES = ("flips", "simulatability")
"""Measures that are 0 or 1 on each question."""
_DIFFERENCES = ("comprehensiveness", "sufficiency")
"""Measures from -1 to 1; all others are from 0 to 1."""


@dataclass(frozen=True)
class Figure:
    """A measure of one explainer over the questions on which it is defined.

    Parameters
    ----------
    measure : str
        A name of ``MEASURES``, or ``"agreement"``.
    explainer : str
        Whose explanations; of an agreement the two explainers.
    questions : int
        How many questions count.
    mean, random : float
        The mean, and that of random words on the same questions.
    low, high : float, optional
        The 95 % interval of the mean: Student's t over questions within the measure's range, or of
        a share Wilson's. None if the values do not vary.
    gain : float
        ``mean - random``.
    gain_low, gain_high : float, optional
        The 95 % interval of the gain, by Student's t over questions within its range, not corrected for the number of tests.
    p, p_holm : float, optional
        Two-sided, of the paired t-test over questions; and the same corrected by Holm's method for all tests of the table. None
        if the differences do not vary: then there is nothing to test.
    tests : int
        The number of these tests; by default 0.
    """

    measure: str
    explainer: str
    questions: int
    mean: float
    random: float
    low: float | None
    high: float | None
    gain: float
    gain_low: float | None
    gain_high: float | None
    p: float | None
    p_holm: float | None = None
    tests: int = 0

    @property
    def better(self) -> Better:
        """Which values of the measure are better."""
        return MEASURES.get(self.measure, "higher")

    @property
    def verdict(self) -> Literal["better", "worse", "not shown"]:
        """How it compares with random words, by the corrected p."""
        if self.p_holm is None or self.p_holm >= LEVEL:
            return "not shown"
        return "better" if (self.gain > 0) == (self.better == "higher") else "worse"


def figure(measure: str, explainer: str, pairs: Sequence[Pair]) -> Figure:
    """The figure of one measure and explainer.

    Parameters
    ----------
    measure, explainer : str
        Their names.
    pairs : sequence of Pair
        The measurement of each question; at least one.
    """
    own, random = [pair.own for pair in pairs], [pair.random for pair in pairs]
    mean, expected = float(np.mean(own)), float(np.mean(random))
    within, tested = _interval(measure, own), paired(own, random)
    gain, p = tested if tested else (None, None)
    widest = 2.0 if measure in _DIFFERENCES else 1.0
    return Figure(
        measure,
        explainer,
        len(pairs),
        mean,
        expected,
        within.low if within else None,
        within.high if within else None,
        mean - expected,
        max(gain.low, -widest) if gain else None,
        min(gain.high, widest) if gain else None,
        p,
    )


def _interval(measure: str, values: Sequence[float]) -> Interval | None:
    if measure in _SHARES:
        return wilson(round(sum(values)), len(values))
    found, least = paired(values, [0.0] * len(values)), -1.0 if measure in _DIFFERENCES else 0.0
    return Interval(max(found[0].low, least), min(found[0].high, 1.0)) if found else None


def corrected(figures: Sequence[Figure]) -> tuple[Figure, ...]:
    """Figures that are tested together, with every p corrected by Holm's method."""
    tested = [each.p for each in figures if each.p is not None]
    found = iter(holm(tested))
    return tuple(
        replace(each, p_holm=None if each.p is None else next(found), tests=0 if each.p is None else len(tested))
        for each in figures
    )


def figures(pairs: Mapping[str, Mapping[str, Sequence[Pair]]]) -> tuple[Figure, ...]:
    """The figures of all measures (outer keys) and explainers (inner keys), tested together."""
    return corrected([figure(measure, name, own) for measure, by_name in pairs.items() for name, own in by_name.items() if own])
