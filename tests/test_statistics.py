"""Intervals and tests of one accuracy and of one pair of methods: published examples, formulas, enumeration and simulation."""

from itertools import product
from math import isclose, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, norm, ttest_rel
from small import question

from selfamplify import Result, contrast
from selfamplify.errors import DataError
from selfamplify.evaluation.holm import holm
from selfamplify.evaluation.paired_bootstrap import paired_bootstrap
from selfamplify.evaluation.statistics import Interval, mcnemar, mean_and_deviation, paired, wilson
from selfamplify.records import Cost, Response

pytestmark = pytest.mark.typed

Z = 1.959963984540054
COUNTS = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 300)).filter(lambda counts: sum(counts) > 0)


@given(st.integers(1, 2000), st.floats(0, 1))
def test_wilson_equals_its_formula(n: int, share: float):
    correct = round(share * n)
    p = correct / n
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    interval = wilson(correct, n)
    assert isclose(interval.low, centre - half, abs_tol=1e-9) and isclose(interval.high, centre + half, abs_tol=1e-9)
    assert 0 <= interval.low <= p <= interval.high <= 1


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_intervals_of_newcombe_1998(correct: int, n: int, low: float, high: float):
    interval = wilson(correct, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("n", "p"), [(20, 0.3), (145, 0.5), (350, 0.7)])
def test_wilson_contains_the_truth_19_times_in_20(n: int, p: float):
    draws = np.random.default_rng(0).binomial(n, p, 4000)
    intervals = {int(correct): wilson(int(correct), n) for correct in set(draws)}
    covered = np.mean([intervals[int(correct)].low <= p <= intervals[int(correct)].high for correct in draws])
    assert 0.93 < covered < 0.98


def answers(only_first: int, only_second: int, both: int = 1, neither: int = 1) -> tuple[list[bool], list[bool]]:
    """What two methods answered correctly, by how many questions only one of them did."""
    first = [True] * only_first + [False] * only_second + [True] * both + [False] * neither
    second = [False] * only_first + [True] * only_second + [True] * both + [False] * neither
    return first, second


@pytest.mark.parametrize(("only_first", "only_second"), [(a, b) for a in range(6) for b in range(6)])
def test_mcnemar_equals_the_enumeration_of_all_outcomes(only_first: int, only_second: int):
    n = only_first + only_second
    observed = abs(only_first - n / 2)
    as_far = sum(abs(sum(flips) - n / 2) >= observed for flips in product((0, 1), repeat=n))
    first, second = answers(only_first, only_second)
    assert isclose(mcnemar(first, second), as_far / 2**n)
    assert isclose(mcnemar(first, second), mcnemar(second, first))


@pytest.mark.parametrize(
    ("counts", "p"),
    [
        ((12, 2, 20, 16), 0.0129),  # two media for a culture; Armitage and Berry 1994, p. 127
        ((1, 7, 1, 12), 0.0703),  # airway hyper-responsiveness; Bentur et al. 2009 in Fagerland, Lydersen and Laake 2013
    ],
)
def test_mcnemar_gives_published_values(counts: tuple[int, int, int, int], p: float):
    assert mcnemar(*answers(*counts)) == pytest.approx(p, abs=5e-5)


def test_mcnemar_of_identical_results_is_one():
    assert mcnemar([True, False], [True, False]) == 1.0
    assert mcnemar([], []) == 1.0


@pytest.mark.parametrize("counts", [(12, 2, 36), (3, 3, 14), (0, 0, 20), (40, 31, 129), (1, 0, 0)])
def test_the_bootstrap_is_that_of_scipy_with_many_resamples(counts: tuple[int, int, int]):
    only_first, only_second, others = counts
    values = np.repeat([1.0, -1.0, 0.0], [only_first + 1, only_second + 1, others])
    drawn = bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(0), batch=2000)
    found = paired_bootstrap(only_first, only_second, sum(counts))
    step = 1 / len(values)  # a mean of so many values is a multiple of this; a resample more or less can move the end by one
    assert found.low == pytest.approx(drawn.confidence_interval.low, abs=1.01 * step)
    assert found.high == pytest.approx(drawn.confidence_interval.high, abs=1.01 * step)


@given(COUNTS)
def test_the_bootstrap_is_within_range_has_width_and_turns_with_the_methods(counts: tuple[int, int, int]):
    only_first, only_second, others = counts
    n = sum(counts)
    found, turned = paired_bootstrap(only_first, only_second, n), paired_bootstrap(only_second, only_first, n)
    assert -1 <= found.low < found.high <= 1
    assert found.low <= (only_first - only_second) / n <= found.high
    # The quantiles of a discrete distribution are its lower ones, so that turning can move an end by one step.
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1.01 / (n + 2))


@pytest.mark.parametrize(
    ("n", "only_first", "only_second"), [(50, 0.05, 0.02), (100, 0.1, 0.1), (200, 0.3, 0.1), (400, 0.05, 0.02)]
)
def test_the_bootstrap_contains_the_truth_19_times_in_20(n: int, only_first: float, only_second: float):
    drawn = np.random.default_rng(0).multinomial(n, [only_first, only_second, 1 - only_first - only_second], 2000)
    intervals = {(a, b): paired_bootstrap(a, b, n) for a, b in {(a, b) for a, b, _ in drawn.tolist()}}
    found = [intervals[a, b] for a, b, _ in drawn.tolist()]
    covered = np.mean([each.low - 1e-9 <= only_first - only_second <= each.high + 1e-9 for each in found])
    assert 0.93 < covered < (0.99 if n > 50 else 1)  # with few disagreements, a discrete interval covers more


def test_holm_corrects_as_published():
    # Wikipedia's example of the Holm-Bonferroni method: 0.01, 0.04, 0.03, 0.005 at m = 4.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_lies_between_no_correction_and_bonferroni(values: list[float]):
    corrected = holm(values)
    assert all(p <= q <= min(1, len(values) * p) or p == q for p, q in zip(values, corrected, strict=True))
    order = sorted(range(len(values)), key=lambda place: values[place])
    assert [corrected[place] for place in order] == sorted(corrected)


def test_holm_shows_a_false_difference_in_one_table_of_twenty():
    shared, own = np.random.default_rng(0).normal(size=(2, 2000, 8))
    tests = 2 * norm.sf(np.abs(np.sqrt(0.5) * (shared[:, :1] + own)))  # eight methods against the same one
    false = np.mean([min(holm(values)) < 0.05 for values in tests.tolist()])
    assert 0.02 < false < 0.06 < np.mean(tests.min(1) < 0.05)


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
    found = result("BBBBBBBA").against(result("AAAAAAAA"))
    assert (found.only_first, found.only_second, found.estimate, found.p) == (7, 0, 0.875, 2 / 2**7)
    assert found.contexts == 1 and found.low > 0 and found.verdict == "shown"


def test_a_contrast_needs_results_on_the_same_questions_in_as_many_contexts():
    one, two = result("BAB"), result("BBB")
    assert contrast([one, one], [two, two]).contexts == 2
    for first, second in (([one], [result("BB")]), ([one, result("BB")], [two, two])):
        with pytest.raises(DataError, match="same questions"):
            contrast(first, second)
    for first, second in (([one], [two, two]), ([], [])):
        with pytest.raises(DataError, match="one result of each method per context"):
            contrast(first, second)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=60))
def test_paired_agrees_with_scipy_and_changes_sign_with_the_order(pairs: list[tuple[int, int]]):
    first, second = ([each[side] / 6 for each in pairs] for side in (0, 1))
    found, turned = paired(first, second), paired(second, first)
    if len({a - b for a, b in pairs}) == 1:
        assert found is turned is None
        return
    assert found is not None and turned is not None
    (interval, p), (other, same) = found, turned
    assert (other.low, other.high, same) == pytest.approx((-interval.high, -interval.low, p))
    assert p == pytest.approx(ttest_rel(first, second).pvalue)
    assert interval.low <= sum(first) / len(first) - sum(second) / len(second) <= interval.high


@pytest.mark.parametrize(("first", "second"), [([1.0], [0.5]), ([0.5, 1.0], [0.5, 1.0]), ([0.5, 1.0], [0.0, 0.5])])
def test_paired_without_variation_tests_nothing(first: list[float], second: list[float]):
    assert paired(first, second) is None
