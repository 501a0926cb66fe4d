"""How far a figure can be trusted: intervals of an accuracy, and paired tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import scipy  # loads scipy.stats, which takes a second, when it is first used


@dataclass(frozen=True)
class Interval:
    """A two-sided 95 % interval.

    Parameters
    ----------
    low, high : float
        Its ends.
    """

    low: float
    high: float


def wilson(correct: int, n: int) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927), which stays within [0, 1] and is valid for small n.

    Parameters
    ----------
    correct, n : int
        How many of ``n`` answers are correct; ``n`` is at least 1.

    Returns
    -------
    Interval
        The 95 % interval of the share of correct answers.
    """
    interval = scipy.stats.binomtest(correct, n).proportion_ci(0.95, "wilson")
    return Interval(float(interval.low), float(interval.high))


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """McNemar's exact test of whether two methods are correct equally often on the same questions.

    Only questions that exactly one of the methods answers correctly count; under the null hypothesis, either method is the
    correct one with probability 1/2.

    Parameters
    ----------
    first, second : sequence of bool
        For each question, whether the method answered it correctly.

    Returns
    -------
    float
        The two-sided p; 1 if no question counts.
    """
    only_first = sum(a and not b for a, b in zip(first, second, strict=True))
    only_second = sum(b and not a for a, b in zip(first, second, strict=True))
    discordant = only_first + only_second
    return float(scipy.stats.binomtest(only_first, discordant).pvalue) if discordant else 1.0


def paired(first: Sequence[float], second: Sequence[float]) -> tuple[Interval, float] | None:
    """Student's paired t-test over questions, of measurements other than right and wrong (``difference`` is for these).

    Parameters
    ----------
    first, second : sequence of float
        For each question, two measurements, such as the share of deciding words that were found.

    Returns
    -------
    interval : Interval
        The 95 % interval of the mean difference ``first - second``.
    p : float
        Two-sided. Instead of both, None if the differences do not vary, or there is only one: then nothing can be tested.
    """
    differences = np.subtract(first, second)
    if np.allclose(differences, differences[0], atol=1e-12):
        return None
    test = cast(Any, scipy.stats.ttest_1samp(differences, 0.0))
    interval = test.confidence_interval(0.95)
    return Interval(float(interval.low), float(interval.high)), float(test.pvalue)


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float | None]:
    """The mean and the sample standard deviation (Table 2); the latter is None for a single value."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None
