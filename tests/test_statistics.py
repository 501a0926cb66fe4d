"""Intervals and paired tests, compared with formulas, enumeration and simulation."""

from itertools import product
from math import isclose, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel
from small import question

from selfamplify import Result
from selfamplify.evaluation.statistics import Interval, mcnemar, mean_and_deviation, paired, wilson
from selfamplify.records import Cost, Response

Z = 1.959963984540054


@given(st.integers(1, 2000), st.floats(0, 1))
def test_wilson_equals_its_formula(n: int, share: float):
    correct = round(share * n)
    p = correct / n
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    interval = wilson(correct, n)
    assert isclose(interval.low, centre - half, abs_tol=1e-9) and isclose(interval.high, centre + half, abs_tol=1e-9)
    assert 0 <= interval.low <= p <= interval.high <= 1


@pytest.mark.parametrize(("n", "p"), [(20, 0.3), (145, 0.5), (350, 0.7)])
def test_wilson_contains_the_truth_19_times_in_20(n: int, p: float):
    draws = np.random.default_rng(0).binomial(n, p, 4000)
    intervals = {int(correct): wilson(int(correct), n) for correct in set(draws)}
    covered = np.mean([intervals[int(correct)].low <= p <= intervals[int(correct)].high for correct in draws])
    assert 0.93 < covered < 0.98


@pytest.mark.parametrize(("only_first", "only_second"), [(a, b) for a in range(6) for b in range(6)])
def test_mcnemar_equals_the_enumeration_of_all_outcomes(only_first: int, only_second: int):
    n = only_first + only_second
    observed = abs(only_first - n / 2)
    as_far = sum(abs(sum(flips) - n / 2) >= observed for flips in product((0, 1), repeat=n))
    first = [True] * only_first + [False] * only_second + [True, False]
    second = [False] * only_first + [True] * only_second + [True, False]
    assert isclose(mcnemar(first, second), as_far / 2**n)
    assert isclose(mcnemar(first, second), mcnemar(second, first))


def test_mcnemar_of_identical_results_is_one():
    assert mcnemar([True, False], [True, False]) == 1.0
    assert mcnemar([], []) == 1.0


def test_mean_and_deviation_are_those_of_the_sample():
    assert mean_and_deviation([0.5]) == (0.5, None)
    mean, deviation = mean_and_deviation([1.0, 2.0, 4.0])
    assert isclose(mean, 7 / 3) and isclose(deviation or 0, sqrt(((4 / 3) ** 2 + (1 / 3) ** 2 + (5 / 3) ** 2) / 2))


def result(labels: str, rules: str = "") -> Result:
    questions = tuple(question(number, answer="B") for number in range(len(labels)))
    named = {"s": "stated", "c": "constrained", "n": "none"}
    responses = tuple(
        Response(asked.id, "", None if label == "-" else label, named[rule], Cost(1, 0.5))
        for asked, label, rule in zip(questions, labels, rules or "s" * len(labels), strict=True)
    )
    return Result("io", "small", "scripted", questions, responses)


def test_a_result_counts_only_true_labels_as_correct():
    judged = result("BBA-", "scsn")
    assert (judged.n, judged.correct, judged.accuracy, judged.unparsed, judged.seconds) == (4, 2, 0.5, 0.5, 2.0)
    assert judged.interval == wilson(2, 4) and isinstance(judged.interval, Interval)
    assert str(judged) == "io on small: 2/4 = 50.0% (95 % interval 15.0% to 85.0%), unparsed 50.0%"


def test_a_result_is_compared_with_another_on_the_same_questions():
    assert result("BBBBBB").p_against(result("AAAAAA")) == 2 / 2**6
    with pytest.raises(ValueError, match="same questions"):
        result("BB").p_against(result("BBB"))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=60))
def test_paired_agrees_with_scipy_and_changes_sign_with_the_order(pairs: list[tuple[int, int]]):
    first, second = ([each[side] / 6 for each in pairs] for side in (0, 1))
    interval, p = paired(first, second)
    turned, same = paired(second, first)
    assert (turned.low, turned.high, same) == pytest.approx((-interval.high, -interval.low, p))
    if len({a - b for a, b in pairs}) > 1:
        assert p == pytest.approx(ttest_rel(first, second).pvalue)
        assert interval.low <= sum(first) / len(first) - sum(second) / len(second) <= interval.high


def test_paired_of_equal_differences_is_exact():
    assert paired([0.5, 1.0], [0.5, 1.0]) == (Interval(0.0, 0.0), 1.0)
    assert paired([0.5, 1.0], [0.0, 0.5]) == (Interval(0.5, 0.5), 0.0)
