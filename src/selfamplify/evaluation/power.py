"""What a test could have shown, and what it would take to show more: the sizes of differences found with a power of 80 %."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
import scipy  # loads scipy.stats, which takes a second, when it is first used

from .crossed import Variances

POWER = 0.8
SMALL = 0.02
"""The difference for which the questions are counted: 2 points."""
_MOST_CONTEXTS, _MOST_QUESTIONS = 1000, 1_000_000


@dataclass(frozen=True)
class Needed:
    """How many contexts, and how many questions in each of them, would show a difference of 2 points with a power of 80 %.

    ``contexts`` is 1 if the difference is that of one context, as in the run.
    """

    contexts: int
    questions: int


def mcnemar_power(questions: int, disagreement: float, difference: float, level: float) -> float:
    """The power of McNemar's exact test: that of the binomial test, averaged over how many questions disagree.

    Parameters
    ----------
    questions : int
        How many both methods answer.
    disagreement, difference : float
        The share of questions that exactly one method answers correctly, and the difference in accuracy, which is no larger.
    level : float
        The p below which a difference counts as shown.

    Returns
    -------
    float
        From 0 to 1.
    """
    around = int(8 * np.sqrt(questions * disagreement * (1 - disagreement))) + 8
    middle = round(questions * disagreement)
    counts = np.arange(max(0, middle - around), min(questions, middle + around) + 1)
    most = scipy.stats.binom.ppf(
        level / 2, counts, 0.5
    )  # the larger of the two counts is shown if the smaller is at most so many
    most = np.where(scipy.stats.binom.cdf(most, counts, 0.5) <= level / 2, most, most - 1)
    share = (1 + difference / disagreement) / 2
    shown = scipy.stats.binom.cdf(most, counts, share) + scipy.stats.binom.sf(counts - most - 1, counts, share)
    return float(np.sum(scipy.stats.binom.pmf(counts, questions, disagreement) * shown))


@lru_cache(4096)  # the pairs of a table often share their number of disagreements
def detectable_by_mcnemar(questions: int, disagreement: float, level: float) -> float | None:
    """The difference that McNemar's exact test shows with a power of 80 %; None if it shows none, however large.

    Parameters
    ----------
    questions : int
        How many both methods answer.
    disagreement : float
        The share of them that exactly one method answers correctly; if the difference has to be larger, they all go one way.
    level : float
        The p below which a difference counts as shown.

    Returns
    -------
    float or None
        From 0 to 1.
    """

    def excess(difference: float) -> float:
        return mcnemar_power(questions, max(disagreement, difference), difference, level) - POWER

    return float(scipy.optimize.brentq(excess, 1e-6, 1.0, xtol=1e-4)) if excess(1.0) >= 0 else None  # pyright: ignore[reportArgumentType]


@lru_cache(4096)
def questions_for_mcnemar(disagreement: float, level: float) -> int:
    """How many questions McNemar's exact test needs to show 2 points with a power of 80 %.

    Begins with the number for the corrected normal approximation (Connor 1987, https://doi.org/10.2307/2531961, with a
    difference that is smaller by one question, since the test is exact).

    Parameters
    ----------
    disagreement : float
        The share of questions that exactly one method answers correctly.
    level : float
        The p below which a difference counts as shown.

    Returns
    -------
    int
        To about 1 %.
    """
    disagreement = max(disagreement, SMALL)
    sizes = -scipy.special.ndtri(level / 2) * np.sqrt(disagreement) + scipy.special.ndtri(POWER) * np.sqrt(
        disagreement - SMALL**2
    )
    enough = ceil(((sizes + np.sqrt(sizes**2 + 4 * SMALL)) / (2 * SMALL)) ** 2)
    while mcnemar_power(ceil(enough * 0.99), disagreement, SMALL, level) >= POWER:
        enough = ceil(enough * 0.99)
    return enough


def detectable_by_t(standard_error: float, df: float, level: float) -> float | None:
    """The difference that a t-test with this standard error shows with a power of 80 %; None if that is more than 1.

    Parameters
    ----------
    standard_error, df : float
        Of the difference.
    level : float
        The p below which a difference counts as shown.

    Returns
    -------
    float or None
        From 0 to 1.
    """
    found = standard_error * float(scipy.special.nctdtrinc(df, 1 - POWER, scipy.stats.t.isf(level / 2, df)))
    return found if found <= 1 else None


def needed_by_t(variances: Variances, contexts: int, questions: int, level: float) -> Needed | None:
    """The fewest answers that show a difference of 2 points with a power of 80 %, of at least so many contexts and questions.

    Parameters
    ----------
    variances : Variances
        Those of the difference, as they were estimated.
    contexts, questions : int
        How many there are. More contexts may need fewer answers in all.
    level : float
        The p below which a difference counts as shown.

    Returns
    -------
    Needed or None
        Both to about 5 %; None if 1,000 contexts do not suffice.
    """
    several = np.unique(np.geomspace(contexts, max(contexts, _MOST_CONTEXTS), 120).round())[:, None]
    asked = np.unique(np.geomspace(max(questions, 2), max(questions, _MOST_QUESTIONS), 200).round())[None, :]
    variance, df = variances.of_mean(several, asked)
    known = np.geomspace(1, 1e9, 200)  # the noncentrality is smooth in df, so that it need not be solved everywhere
    noncentral = np.interp(
        np.log(df), np.log(known), scipy.special.nctdtrinc(known, 1 - POWER, scipy.stats.t.isf(level / 2, known))
    )
    answers = np.where(noncentral * np.sqrt(variance) <= SMALL, several * asked, np.inf)
    row, column = np.unravel_index(np.argmin(answers), answers.shape)
    if not np.isfinite(answers[row, column]):
        return None
    return Needed(int(several[row, 0]), int(asked[0, column]))
