"""Holm's correction of several tests."""

from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """p values corrected for their number, so that a false difference is shown in 5 % of all tables at most.

    Holm 1979 (https://www.jstor.org/stable/4615733): the smallest p is multiplied by the number of tests, the next by one less,
    and so on; none is below a smaller one before it.

    Parameters
    ----------
    values : sequence of float
        The p values of all tests.

    Returns
    -------
    list of float
        The corrected values, in the order given.
    """
    order = sorted(range(len(values)), key=lambda place: values[place])
    corrected, worst = [0.0] * len(values), 0.0
    for rank, place in enumerate(order):
        worst = max(worst, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = worst
    return corrected
