"""The paired bootstrap over questions, of the difference of two methods in one context."""

import numpy as np

from .statistics import Interval


def paired_bootstrap(only_first: int, only_second: int, questions: int) -> Interval:
    """The 95 % interval of a difference in accuracy: the percentiles of the bootstrap over questions (Efron 1979).

    A question is drawn together with both answers to it, which count +1, 0 or -1. So the sum of a resample is a sum of
    independent draws of three values, and its distribution is computed, by Fourier transform, in place of being drawn: there
    is no seed, and the result is that of infinitely many resamples. One imagined question that only the first method answers
    correctly, and one that only the second does, are added (Bonett & Price 2012, https://doi.org/10.3102/1076998611411915):
    without them, methods that never differ would get an interval of no width, and coverage falls to 63 % for 20 questions
    with few differences (with them it is 95 to 100 %). Percentiles, and not BCa, since a difference of proportions is hardly
    skewed or biased.

    Parameters
    ----------
    only_first, only_second : int
        How many questions only the first method answered correctly, and only the second.
    questions : int
        How many both were asked, at least 1.

    Returns
    -------
    Interval
        Within [-1, 1].
    """
    drawn = questions + 2
    plus, minus = (only_first + 1) / drawn, (only_second + 1) / drawn
    one = np.zeros(2 * drawn + 1)
    one[[0, 1, -1]] = 1 - plus - minus, plus, minus  # places count from 0 upwards and, from the end, downwards
    sums = np.fft.fftshift(np.fft.irfft(np.fft.rfft(one) ** drawn, len(one)))
    low, high = np.searchsorted(np.cumsum(sums), [0.025, 0.975]) - drawn
    return Interval(float(low) / drawn, float(high) / drawn)
