"""The difference of two methods on the same questions: what is shown by it, and what could have been."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool

from .crossed import OF_ACCURACIES, OF_DIFFERENCES, Variances, crossed
from .holm import holm
from .paired_bootstrap import paired_bootstrap
from .power import Needed, detectable_by_mcnemar, detectable_by_t, needed_by_t, questions_for_mcnemar
from .statistics import Interval, mcnemar, wilson

LEVEL = 0.05
"""A difference is shown if its corrected p is below."""


@dataclass(frozen=True)
class Difference:
    """How much more often the first of two methods is right than the second.

    In one context, p is that of McNemar's exact test and the interval that of the paired bootstrap: they hold for the shots
    of this context. Over several contexts, both come from the mean over contexts and questions (see ``crossed``), and hold
    for other shots and other questions. docs/statistics.md says which test is for what.

    Parameters
    ----------
    contexts, questions : int
        The number of contexts, and of questions that both methods answered.
    only_first, only_second : int
        How many answers only the first method gave correctly, and only the second, over all contexts.
    estimate : float
        The difference in accuracy, first minus second, from -1 to 1.
    low, high : float
        Its 95 % interval, which is not corrected for the number of tests.
    p : float
        Two-sided, of the hypothesis that there is no difference.
    p_holm, tests
        p corrected by Holm's method for this number of tests; equal to p for a single one.
    detectable : float, optional
        The difference that the test shows with a power of 80 %, at a level of 0.05 over the number of tests; None if it shows
        none, however large.
    needed : Needed, optional
        What it takes to show a difference of 2 points in the same way; None if 1,000 contexts do not suffice.
    standard_error, df : float, optional
        Of the estimate over several contexts; None for one.
    variances : Variances, optional
        What the difference of single answers varies by; None for one context.
    """

    contexts: int
    questions: int
    only_first: int
    only_second: int
    estimate: float
    low: float
    high: float
    p: float
    p_holm: float
    tests: int = 1
    detectable: float | None = None
    needed: Needed | None = None
    standard_error: float | None = None
    df: float | None = None
    variances: Variances | None = None

    @property
    def verdict(self) -> Literal["shown", "doubtful", "not shown"]:
        """Whether there is a difference: doubtful if p is below 0.05 and the corrected one is not."""
        if self.p_holm < LEVEL:
            return "shown"
        return "doubtful" if self.p < LEVEL else "not shown"

    @property
    def leaves_out_0(self) -> bool:
        """Whether the interval leaves out 0, as that of one context may do where its exact test shows nothing."""
        return self.low > 0 or self.high < 0

    def turned(self) -> "Difference":
        """The same, second minus first."""
        return replace(
            self,
            only_first=self.only_second,
            only_second=self.only_first,
            estimate=0.0 - self.estimate,  # 0.0 turned is 0.0, where -self.estimate would be printed as -0.0
            low=0.0 - self.high,
            high=0.0 - self.low,
        )


def difference(first: Bool[np.ndarray, "context question"], second: Bool[np.ndarray, "context question"]) -> Difference:
    """The difference of two methods, as a single test.

    Parameters
    ----------
    first, second : array of bool of shape (contexts, questions)
        In each context, whether the method answered each question correctly.

    Returns
    -------
    Difference
        With all that ``corrected`` adds.
    """
    return corrected([measured(first, second)])[0]


def measured(first: Bool[np.ndarray, "context question"], second: Bool[np.ndarray, "context question"]) -> Difference:
    """The difference of two methods, without what depends on the number of tests."""
    contexts, questions = first.shape
    only_first, only_second = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    counts = contexts, questions, only_first, only_second, (only_first - only_second) / first.size
    if contexts == 1:
        interval = paired_bootstrap(only_first, only_second, questions)
        p = mcnemar(first[0].tolist(), second[0].tolist())
        return Difference(*counts, interval.low, interval.high, p, p)
    found = crossed(first.astype(float) - second, OF_DIFFERENCES)
    low, high = _within(found.interval, -1.0, 1.0)
    p = float(found.p)
    about = {"standard_error": float(found.standard_error), "df": float(found.df), "variances": found.variances}
    return Difference(*counts, low, high, p, p, **about)


def corrected(differences: Sequence[Difference]) -> list[Difference]:
    """Differences that are tested together: p corrected by Holm's method, and what the tests could have shown so.

    Parameters
    ----------
    differences : sequence of Difference
        All tests of a table, for example.

    Returns
    -------
    list of Difference
        In the order given, with ``p_holm``, ``tests``, ``detectable`` and ``needed``. These two are for the smallest p of the
        table, which is compared with 0.05 over the number of tests.
    """
    tests = len(differences)
    found = zip(differences, holm([each.p for each in differences]), strict=True)
    return [_planned(replace(each, p_holm=p, tests=tests), LEVEL / tests) for each, p in found]


def _planned(found: Difference, level: float) -> Difference:
    if found.variances is None or found.standard_error is None or found.df is None:
        # With the imagined questions of the interval: five questions without a disagreement do not say that there are none.
        disagreement = (found.only_first + found.only_second + 2) / (found.questions + 2)
        needed = Needed(1, questions_for_mcnemar(disagreement, level))
        return replace(found, detectable=detectable_by_mcnemar(found.questions, disagreement, level), needed=needed)
    return replace(
        found,
        detectable=detectable_by_t(found.standard_error, found.df, level),
        needed=needed_by_t(found.variances, found.contexts, found.questions, level),
    )


def accuracy_interval(correct: Bool[np.ndarray, "context question"]) -> Interval:
    """The 95 % interval of an accuracy: Wilson's in one context, and over several that of ``crossed``, within [0, 1].

    With very few questions, the imagined ones move its centre so far that it is extended to the accuracy itself.

    Parameters
    ----------
    correct : array of bool of shape (contexts, questions)
        In each context, whether each question was answered correctly.

    Returns
    -------
    Interval
    """
    if len(correct) == 1:
        return wilson(int(correct.sum()), correct.size)
    low, high = _within(crossed(correct.astype(float), OF_ACCURACIES).interval, 0.0, 1.0)
    mean = float(correct.mean())
    return Interval(min(low, mean), max(high, mean))


def _within(interval: tuple[Any, Any], least: float, most: float) -> tuple[float, float]:
    low, high = interval
    return max(float(low), least), min(float(high), most)
