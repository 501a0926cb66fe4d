"""How much a number can be trusted: intervals of an accuracy, and paired tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.stats import binomtest, ttest_1samp


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


def paired(first: Sequence[float], second: Sequence[float]) -> tuple[Interval, float]:
    """Student's paired t over questions: the 95 % interval of the mean difference ``first - second``, and the two-sided p.

    Each number is a question's share of contexts with which it was answered right: the questions, not the contexts, are the
    independent draws. Where all differences are equal the interval is that point, and p is 0, or 1 for no difference.
    """
    differences = np.subtract(first, second)
    if np.allclose(differences, differences[0], atol=1e-12):
        return Interval(differences[0], differences[0]), float(abs(differences[0]) < 1e-12)
    test = cast(Any, ttest_1samp(differences, 0.0))
    interval = test.confidence_interval(0.95)
    return Interval(float(interval.low), float(interval.high)), float(test.pvalue)


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation (Table 2); None for a single value, which has none."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None
