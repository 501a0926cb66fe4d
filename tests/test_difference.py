"""Differences over contexts and questions: SciPy's tests as limits, published mean squares, simulated coverage and power."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom, nct, norm, ttest_1samp
from scipy.stats import t as student

from experiments.coverage import World, coverage
from selfamplify.evaluation.conclusion import conclusion, could_have_shown
from selfamplify.evaluation.crossed import OF_DIFFERENCES, Variances, crossed
from selfamplify.evaluation.difference import accuracy_interval, corrected, difference, measured
from selfamplify.evaluation.power import (
    SMALL,
    detectable_by_mcnemar,
    detectable_by_t,
    mcnemar_power,
    needed_by_t,
    questions_for_mcnemar,
)
from selfamplify.evaluation.statistics import mcnemar, wilson

pytestmark = pytest.mark.typed

SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 40))
ANSWERS = SHAPES.flatmap(lambda shape: st.tuples(arrays(bool, shape), arrays(bool, shape)))
RNG = np.random.default_rng


def test_the_variances_are_those_of_shrout_and_fleiss_1979():
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]  # six targets x four judges
    found = crossed(np.transpose(np.array(ratings, float)), ends=())
    judges, targets, rest = 32.49, 11.24, 1.02  # the published mean squares
    variances = found.variances
    expected = (judges - rest) / 6, (targets - rest) / 4, rest
    assert (variances.contexts, variances.questions, variances.rest) == pytest.approx(expected, abs=5e-3)
    assert found.standard_error**2 == pytest.approx((judges + targets - rest) / 24, abs=1e-3)
    df = (judges + targets - rest) ** 2 / (judges**2 / 3 + (targets - rest) ** 2 / 5)
    assert found.df == pytest.approx(df, abs=5e-3)


@pytest.mark.parametrize("axis", [0, 1])
def test_without_variance_between_contexts_or_questions_the_test_is_student_s_over_the_others(axis: int):
    values = RNG(0).normal(0.4, 1, 12)
    table = np.repeat(np.expand_dims(values, axis), 5, axis)  # all contexts are alike, or all questions
    found, expected = crossed(table, ends=()), cast(Any, ttest_1samp(values, 0))
    assert found.p == pytest.approx(expected.pvalue) and found.df == pytest.approx(11)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_the_variance_is_estimated_without_bias_where_there_are_many_contexts():
    rng, wanted = RNG(0), Variances(0.3, 0.5, 1.0)
    of_contexts, of_questions = rng.normal(0, 0.3**0.5, (400, 30, 1)), rng.normal(0, 0.5**0.5, (400, 1, 40))
    found = crossed(of_contexts + of_questions + rng.normal(0, 1, (400, 30, 40)), ends=())
    for name in ("contexts", "questions", "rest"):
        assert np.mean(getattr(found, name)) == pytest.approx(getattr(wanted, name), rel=0.05)
    variance, _ = wanted.of_mean(30.0, 40.0)
    assert np.mean(found.standard_error**2) == pytest.approx(variance, rel=0.05)
    assert np.var(found.mean) == pytest.approx(variance, rel=0.2)


REALISTIC = [
    (contexts, questions, spread)
    for contexts in (3, 5)
    for questions in (50, 200, 400)
    for spread in (0.15, 0.4)
    if (contexts, questions, spread) != (5, 400, 0.4)
]


@pytest.mark.long
@pytest.mark.parametrize(("contexts", "questions", "spread"), REALISTIC)
def test_intervals_over_contexts_contain_the_truth_19_times_in_20(contexts: int, questions: int, spread: float):
    found = coverage(World(own_context=spread), contexts, questions)
    assert 0.93 <= found.difference <= 0.97
    assert 0.92 <= found.accuracy <= 0.97


def test_two_contexts_cover_less_if_shots_matter_much_and_docs_say_so():
    found = coverage(World(own_context=0.4), 2, 200)
    assert 0.87 < found.difference < 0.93
    assert coverage(World(own_context=0.0), 2, 200).difference > 0.94


def test_a_test_over_questions_alone_would_be_wrong_about_other_shots():
    first, second = World(gain=0, own_context=0.4).draw(500, 3, 200, 0)
    by_questions = [cast(Any, ttest_1samp((a.astype(float) - b).mean(0), 0)).pvalue for a, b in zip(first, second, strict=True)]
    ours = crossed(first.astype(float) - second, OF_DIFFERENCES).p
    assert np.mean(np.array(by_questions) < 0.05) > 0.25 and 0.02 < np.mean(ours < 0.05) < 0.09


@given(ANSWERS)
@settings(deadline=None, max_examples=40)
def test_a_difference_holds_its_estimate_and_turns_with_the_methods(pair: tuple[np.ndarray, np.ndarray]):
    first, second = pair
    found, turned = difference(first, second), difference(second, first)
    assert found.estimate == pytest.approx(first.mean() - second.mean())
    assert -1 <= found.low <= found.estimate + 1e-9 and found.estimate - 1e-9 <= found.high <= 1
    assert found.low < found.high and 0 < found.p <= 1
    assert (found.contexts, found.questions) == first.shape
    assert (found.only_first, found.only_second) == (turned.only_second, turned.only_first)
    again = found.turned()
    for each in (turned, again):
        assert (each.p, each.estimate) == pytest.approx((found.p, -found.estimate))
        assert each.detectable == (None if found.detectable is None else pytest.approx(found.detectable))
    assert again.turned() == found
    assert conclusion("a", "b", found).endswith(".")


@pytest.mark.long
@given(ANSWERS)
@example((np.ones((10, 1), bool),) * 2)
@example((np.zeros((6, 2), bool),) * 2)
@example((np.ones((20, 5), bool),) * 2)
def test_the_interval_of_an_accuracy_holds_it(pair: tuple[np.ndarray, np.ndarray]):
    found = accuracy_interval(pair[0])
    assert 0 <= found.low <= pair[0].mean() <= found.high <= 1 and found.low < found.high


def test_no_difference_turned_is_printed_without_a_sign():
    same = np.ones((1, 9), bool)
    turned = difference(same, same).turned()
    assert f"{turned.estimate:+.1f}" == "+0.0" == f"{replace(turned, low=0.0).turned().high:+.1f}"


def test_one_context_is_tested_by_mcnemar_and_has_no_variance_of_contexts():
    first, second = np.ones((1, 1), bool), np.zeros((1, 1), bool)
    found = difference(first, second)
    assert found.p == 1.0 and found.low <= 0 < found.high == 1 and found.variances is found.df is None
    drawn = RNG(0).random((2, 1, 90)) < 0.6
    assert difference(*drawn).p == mcnemar(drawn[0, 0].tolist(), drawn[1, 0].tolist())
    assert accuracy_interval(drawn[0]) == wilson(int(drawn[0].sum()), 90)


@pytest.mark.parametrize("contexts", [1, 2, 5])
def test_methods_that_never_differ_get_an_interval_with_width(contexts: int):
    same = RNG(0).random((contexts, 100)) < 0.7
    found = difference(same, same)
    assert found.estimate == 0 and found.p == 1 and 0.005 < found.high < 0.03
    assert found.low == pytest.approx(-found.high, abs=0.01)


def test_the_p_falls_below_5_percent_exactly_where_the_interval_leaves_0():
    first, second = World(gain=0.4).draw(200, 3, 120, 1)
    found = [measured(a, b) for a, b in zip(first, second, strict=True)]
    assert all((each.p < 0.05) == (each.low > 0 or each.high < 0) for each in found)
    assert 20 < sum(each.p < 0.05 for each in found) < 180


def enumerated_power(n: int, disagreement: float, gain: float, level: float) -> float:
    """The power of McNemar's exact test by enumeration of all outcomes of n questions."""
    first, second = (disagreement + gain) / 2, (disagreement - gain) / 2
    total = 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            if 2 * binom.cdf(min(a, b), a + b, 0.5) <= level:
                total += float(binom.pmf(a, n, first) * binom.pmf(b, n - a, second / (1 - first)))
    return total


@pytest.mark.parametrize(("n", "disagreement", "gain"), [(20, 0.5, 0.3), (25, 0.3, 0.25), (12, 0.9, 0.8)])
def test_the_power_of_mcnemar_is_that_of_all_outcomes(n: int, disagreement: float, gain: float):
    expected = enumerated_power(n, disagreement, gain, 0.05)
    assert mcnemar_power(n, disagreement, gain, 0.05) == pytest.approx(expected, abs=1e-9)
    assert 0.05 < expected < 0.95


@pytest.mark.parametrize(("n", "disagreement"), [(60, 0.3), (200, 0.15), (1000, 0.4)])
def test_mcnemar_shows_the_detectable_difference_in_four_of_five_simulated_runs(n: int, disagreement: float):
    gain = detectable_by_mcnemar(n, disagreement, 0.05)
    assert gain is not None
    drawn = RNG(0).multinomial(n, [(disagreement + gain) / 2, (disagreement - gain) / 2, 1 - disagreement], 4000)[:, :2]
    p = 2 * binom.cdf(drawn.min(1), drawn.sum(1), 0.5)
    assert np.mean(p < 0.05) == pytest.approx(0.8, abs=0.02)


def test_few_questions_show_nothing_and_more_tests_show_less():
    assert detectable_by_mcnemar(4, 0.5, 0.05) is None and detectable_by_mcnemar(6, 0.0, 0.05) is not None
    assert (detectable_by_mcnemar(200, 0.2, 0.05) or 1) < (detectable_by_mcnemar(200, 0.2, 0.05 / 14) or 0)
    assert detectable_by_t(0.02, 1.2, 0.05 / 14) is None


@pytest.mark.parametrize("disagreement", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("level", [0.05, 0.05 / 14])
def test_the_questions_for_two_points_are_as_many_as_it_takes(disagreement: float, level: float):
    n = questions_for_mcnemar(disagreement, level)
    share = max(disagreement, SMALL)
    assert mcnemar_power(n, share, SMALL, level) >= 0.8 > mcnemar_power(round(n * 0.97), share, SMALL, level)
    if disagreement > 0.05:  # the normal approximation of Miettinen 1968
        sizes = norm.isf(level / 2) * share**0.5 + norm.ppf(0.8) * (share - SMALL**2) ** 0.5
        assert n == pytest.approx((sizes / SMALL) ** 2, rel=0.07)


@pytest.mark.parametrize("df", [1.5, 3.0, 20.0, 500.0])
def test_the_detectable_difference_of_a_t_test_has_a_power_of_four_fifths(df: float):
    gain = detectable_by_t(0.01, df, 0.05)
    assert gain is not None
    assert nct.sf(student.isf(0.025, df), df, gain / 0.01) == pytest.approx(0.8, abs=2e-3)


@pytest.mark.parametrize("variances", [Variances(0.0, 0.05, 0.2), Variances(0.0005, 0.05, 0.2), Variances(0.01, 0.0, 0.3)])
def test_what_two_points_need_is_enough_and_no_smaller_run_of_as_many_contexts_is(variances: Variances):
    found = needed_by_t(variances, 3, 100, 0.05)
    assert found is not None and found.contexts >= 3 and found.questions >= 100

    def power(contexts: float, questions: float) -> float:
        variance, df = variances.of_mean(float(contexts), float(questions))
        return float(nct.sf(student.isf(0.025, df), df, SMALL / variance**0.5))

    assert power(found.contexts, found.questions) > 0.79
    assert power(found.contexts * 0.9, found.questions * 0.9) < 0.8
    assert needed_by_t(Variances(1.0, 0.0, 0.0), 3, 100, 0.05) is None


def test_simulated_runs_of_the_needed_size_show_two_points():
    variances = Variances(0.0, 0.1, 0.3)
    found = needed_by_t(variances, 5, 50, 0.05)
    assert found is not None
    rng, shape = RNG(0), (200, found.contexts, found.questions)
    tables = SMALL + rng.normal(0, 0.1**0.5, (200, 1, found.questions)) + rng.normal(0, 0.3**0.5, shape)
    assert np.mean(crossed(tables, OF_DIFFERENCES).p < 0.05) == pytest.approx(0.8, abs=0.1)


def test_corrected_p_and_power_are_those_of_all_tests_together():
    first, second = World(gain=0.6).draw(4, 1, 150, 0)
    alone = [difference(a, b) for a, b in zip(first, second, strict=True)]
    together = corrected(alone)
    for one, each in zip(alone, together, strict=True):
        assert one.tests == 1 and each.tests == 4 and one.p_holm == one.p == each.p <= each.p_holm
        assert one.detectable is not None and each.detectable is not None and one.detectable < each.detectable
        assert one.needed is not None and each.needed is not None and one.needed.questions < each.needed.questions
    assert min(each.p_holm for each in together) == pytest.approx(4 * min(each.p for each in alone))


def test_conclusions_are_plain_sentences():
    first = RNG(0).random((3, 200)) < 0.6
    gained = first | (RNG(1).random((3, 200)) < 0.3)
    better, worse = conclusion("a", "b", difference(gained, first)), conclusion("b", "a", difference(first, gained))
    assert better.startswith("a is better than b by 13.7 points (95 % interval ") and better.endswith("; p = 0.010).")
    assert worse == better.replace("a is better than b", "b is worse than a")
    few = measured(gained[:1, :80], first[:1, :80])
    assert few.p < 0.05
    assert conclusion("a", "b", corrected([few] * 9)[0]).startswith("a may be better than b by ")
    none = conclusion("a", "b", difference(first, RNG(2).random((3, 200)) < 0.6))
    assert none.startswith("No difference between a and b was shown (") and " With 200 questions in 3 contexts, only " in none
    assert "to show 2 points takes about " in none
    nothing = could_have_shown([difference(first[:1, :3], first[:1, :3])])
    assert nothing.startswith("With 3 questions in 1 context, no difference, however large, would probably have been shown;")
    exact = np.ones((5, 2000), bool)
    assert could_have_shown([difference(exact, exact)]).endswith(
        "only a difference of 0.1 points or more would probably have been shown."
    )
