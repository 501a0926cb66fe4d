"""How much a number can be trusted: intervals of an accuracy, and paired tests."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest


@dataclass(frozen=True)
class Interval:
    """A two-sided 95 % interval."""

    low: float
    high: float


def wilson(correct: int, n: int) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927), which stays inside [0, 1] and holds for small n."""
    interval = binomtest(correct, n).proportion_ci(0.95, "wilson")
    return Interval(float(interval.low), float(interval.high))


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """McNemar's exact test that two methods are right equally often on the same questions; returns the two-sided p.

    Only questions that one method gets right and the other wrong count: a fair coin decides under the null hypothesis.
    """
    only_first = sum(a and not b for a, b in zip(first, second, strict=True))
    only_second = sum(b and not a for a, b in zip(first, second, strict=True))
    discordant = only_first + only_second
    return float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation (Table 2); None for a single value, which has none."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None
