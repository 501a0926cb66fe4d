"""The perturbation explainers compared with games whose answer is known, the axioms, and Captum."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation as CaptumAblation
from captum.attr import KernelShap as CaptumKernelShap
from captum.attr import ShapleyValues as CaptumShapleyValues
from games import Game, Polynomial, Worth, polynomial, scores_of, shapley_by_orders, shapley_by_subsets, table, types_unchecked
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import ThreadpoolController

from selfamplify import (
    FeatureAblation,
    KernelShap,
    KernelShapCaptum,
    Lime,
    ShapleyInteractions,
    ShapleyValues,
    ShapleyValueSampling,
)
from selfamplify.errors import ExplanationError, SettingsError
from selfamplify.explain.estimators import odd_process
from selfamplify.explain.estimators.informative import informative_pairs
from selfamplify.explain.estimators.odd_kernel import kernel, shapley_kernel, shapley_prior
from selfamplify.explain.estimators.odd_prior import cost, likeliest
from selfamplify.explain.estimators.odd_process import OddProcess
from selfamplify.explain.estimators.pairs import draw_pairs
from selfamplify.explain.kernel_shap import ESTIMATORS, Estimator
from selfamplify.explain.perturbation import AbstractPerturbation
from selfamplify.explain.scores import Attribution
from selfamplify.explain.shapley_values import every_coalition

pytestmark = pytest.mark.typed

EXACT = {"kernel_shap": KernelShap(samples=1024), "shapley_values": ShapleyValues()}
SAMPLED = {
    "kernel_shap": KernelShap(samples=60),
    "least_squares": KernelShap(samples=60, estimator="least_squares"),
    "shapley_value_sampling": ShapleyValueSampling(permutations=6),
}
SHAPLEY = {**EXACT, **{f"sampled-{name}": explainer for name, explainer in SAMPLED.items()}}
every_exact = pytest.mark.parametrize("explainer", EXACT.values(), ids=EXACT.keys())
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS)
every_shapley = pytest.mark.parametrize("explainer", SHAPLEY.values(), ids=SHAPLEY.keys())


def drawn_pairs(players: int, count: int, seed: int) -> np.ndarray:
    """The coalitions [pair, word] that KernelSHAP draws, of each pair the first one."""
    game = Game(players, polynomial(players, 0))
    KernelShap(samples=2 * count + 2, estimator="least_squares").attribute(game, seed)
    _, pairs = game.asked  # the ends come first
    assert (pairs[count:] == ~pairs[:count]).all(), "each coalition comes with its complement"
    return pairs[:count]


def random_values(players: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=2**players) * 3 + 1


games = {"players": st.integers(1, 7), "seed": st.integers(0, 10**6)}


@pytest.mark.long
@every_shapley
@settings(max_examples=25, deadline=None)
@given(**games)
def test_scores_share_out_the_whole_difference(explainer: AbstractPerturbation, players: int, seed: int) -> None:
    values = random_values(players, seed)
    result = explainer.attribute(Game(players, table(players, values)), seed)
    assert sum(result.scores) == pytest.approx(values[-1] - values[0], abs=1e-9)
    assert result.completeness_gap == pytest.approx(0.0, abs=1e-6)


@every_exact
@settings(max_examples=25, deadline=None)
@given(**games)
def test_words_that_do_the_same_score_the_same(explainer: AbstractPerturbation, players: int, seed: int) -> None:
    values = random_values(players + 1, seed)
    swapped = [
        number & ~(1 | 1 << players) | (number & 1) << players | number >> players & 1 for number in range(2 ** (players + 1))
    ]
    scores = scores_of(explainer, players + 1, table(players + 1, values + values[swapped]))
    assert scores[0] == pytest.approx(scores[players], abs=1e-9)


@every_exact
@settings(max_examples=25, deadline=None)
@given(**games)
def test_word_that_does_nothing_scores_nothing(explainer: AbstractPerturbation, players: int, seed: int) -> None:
    values = random_values(players, seed)
    scores = scores_of(explainer, players + 1, table(players + 1, np.concatenate([values, values])))
    assert scores[players] == pytest.approx(0.0, abs=1e-9)
    assert scores[:players] == pytest.approx(scores_of(explainer, players, table(players, values)), abs=1e-9)


@pytest.mark.parametrize("explainer", [ShapleyValueSampling(permutations=6)])
def test_word_that_does_nothing_scores_nothing_in_every_order(explainer: AbstractPerturbation) -> None:
    values = random_values(7, 1)
    assert scores_of(explainer, 8, table(8, np.concatenate([values, values])))[7] == pytest.approx(0.0, abs=1e-12)


# The process chooses its prior for each game, and is linear in the game only for a fixed prior.
@pytest.mark.parametrize("explainer", [own for name, own in SHAPLEY.items() if name != "sampled-kernel_shap"], ids=str)
@settings(max_examples=25, deadline=None)
@given(**games)
def test_scores_of_a_sum_of_games_are_the_sums(explainer: AbstractPerturbation, players: int, seed: int) -> None:
    first, second = random_values(players, seed), random_values(players, seed + 1)
    parts = [scores_of(explainer, players, table(players, values), seed=3) for values in (first, second)]
    whole = scores_of(explainer, players, table(players, first + 2 * second), seed=3)
    assert whole == pytest.approx(parts[0] + 2 * parts[1], abs=1e-9)


@every_exact
@pytest.mark.parametrize("players", range(1, 11))
def test_exact_scores_equal_enumeration(explainer: AbstractPerturbation, players: int) -> None:
    values = random_values(players, players)
    scores = scores_of(explainer, players, table(players, values))
    assert scores == pytest.approx(shapley_by_subsets(players, values), abs=1e-9)
    if players <= 6:
        assert scores == pytest.approx(shapley_by_orders(players, table(players, values)), abs=1e-9)


def test_all_orders_sampled_often_approach_the_exact_scores() -> None:
    values = random_values(6, 2)
    result = ShapleyValueSampling(permutations=4000).attribute(Game(6, table(6, values)), 0)
    errors = np.abs(np.array(result.scores) - shapley_by_subsets(6, values))
    assert result.standard_errors is not None
    assert (errors < 4 * np.array(result.standard_errors)).all()


@pytest.mark.parametrize(("players", "samples"), [(20, 40), (20, 350), (60, 350), (100, 350), (170, 350)])
def test_sampled_kernel_shap_is_exact_on_pairwise_games(players: int, samples: int) -> None:
    for pairwise in (0.0, 0.5):
        worth = polynomial(players, players, pairwise=pairwise)
        result = KernelShap(samples=samples, estimator="least_squares").attribute(Game(players, worth), 1)
        if samples >= 3 * players:  # enough pairs for full rank
            assert np.array(result.scores) == pytest.approx(worth.shapley, abs=1e-7)
            assert result.standard_errors == pytest.approx([0.0] * players, abs=1e-7)
        assert sum(result.scores) == pytest.approx(worth.shapley.sum(), abs=1e-8)
        assert result.passes <= samples


@pytest.mark.long
@pytest.mark.parametrize(("players", "samples"), [(20, 350), (60, 350), (100, 350), (170, 350)])
def test_process_is_exact_on_pairwise_games_to_its_ridge(players: int, samples: int) -> None:
    for pairwise in (0.0, 0.5):
        worth = polynomial(players, players, pairwise=pairwise)
        result = KernelShap(samples=samples).attribute(Game(players, worth), 1)
        assert sum(result.scores) == pytest.approx(worth.shapley.sum(), abs=1e-8)
        if samples >= 3 * players:
            assert np.array(result.scores) == pytest.approx(worth.shapley, abs=1e-5)


def test_shapley_value_sampling_is_exact_on_additive_games() -> None:
    worth = polynomial(40, 0)
    result = ShapleyValueSampling(permutations=4).attribute(Game(40, worth), 0)
    assert np.array(result.scores) == pytest.approx(worth.shapley, abs=1e-9)
    assert result.standard_errors == pytest.approx([0.0] * 40, abs=1e-9)


def test_kernel_shap_without_spare_evaluations_claims_no_standard_error() -> None:
    worth = polynomial(30, 5, threes=90)
    for samples, estimated in ((60, False), (62, True)):
        result = KernelShap(samples=samples, estimator="least_squares").attribute(Game(30, worth), 0)
        assert (result.standard_errors is not None) == estimated


@pytest.mark.long
@pytest.mark.parametrize("players", [2, 3, 5, 8])
@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("equal", [True, False])
def test_shapley_values_of_the_process_are_those_of_enumeration(players: int, share: float, equal: bool) -> None:
    share = share if players > 2 else 0.0
    relevance = np.ones(players) if equal else np.random.default_rng(0).exponential(size=players)
    signs = 2.0 * every_coalition(players) - 1
    games = kernel(signs, signs, relevance, share)  # the game of each column, by coalitions
    once = np.array([shapley_by_subsets(players, column) for column in games.T])  # [column, word]
    assert shapley_kernel(signs, relevance, share) == pytest.approx(once.T, abs=1e-12)
    twice = np.array([shapley_by_subsets(players, word) for word in once.T])
    assert shapley_prior(relevance, share) == pytest.approx(twice, abs=1e-12)


def test_the_kernel_is_that_of_products_of_odd_numbers_of_signs() -> None:
    signs, relevance = 2.0 * every_coalition(5)[::3] - 1, np.array([0.2, 1.3, 1.0, 0.5, 0.3])
    subsets = [list(subset) for size in (1, 3, 5) for subset in combinations(range(5), size)]
    weights = np.array([np.tanh(relevance[subset]).prod() for subset in subsets])
    products = np.stack([signs[:, subset].prod(1) for subset in subsets], 1)
    together = (products * weights) @ products.T / weights.sum()
    expected = 0.3 * together + 0.7 * (signs * relevance) @ signs.T / relevance.sum()
    assert kernel(signs, signs[:4], relevance, 0.3) == pytest.approx(expected[:, :4], abs=1e-12)


@pytest.mark.parametrize(("players", "pairs"), [(6, 20), (12, 8)])
def test_the_slope_of_the_prior_is_that_of_finite_differences(players: int, pairs: int) -> None:
    generator = np.random.default_rng(pairs)
    signs, o = 2.0 * (generator.random((pairs, players)) < 0.5) - 1, generator.normal(size=pairs)
    values = np.append(generator.normal(size=players) - 2, [0.4, -3.0])
    slopes = [
        (cost(values + step, signs, o)[0] - cost(values - step, signs, o)[0]) / 2e-5 for step in 1e-5 * np.eye(players + 2)
    ]
    assert cost(values, signs, o)[1] == pytest.approx(slopes, rel=1e-5, abs=1e-5)


def test_the_chosen_prior_is_more_probable_than_those_around_it() -> None:
    worth, pairs = polynomial(8, 3, pairwise=0.3, threes=8), draw_pairs(8, 60, np.random.default_rng(0))
    signs, o = 2.0 * pairs - 1, (worth(pairs.astype(float)) - worth(1.0 - pairs)) / 2
    prior = likeliest(signs, o)
    values = np.log([*prior.relevance, prior.share / (1 - prior.share), prior.ridge])
    least = cost(values, signs, o)[0]
    moves = np.random.default_rng(1).normal(size=(50, 10)) * 0.3
    moves[:, -1] = np.abs(moves[:, -1])  # the ridge is at its least
    assert all(cost(values + move, signs, o)[0] > least - 1e-3 for move in moves)


def test_the_first_chosen_pair_leaves_the_least_variance() -> None:
    worth, pairs = polynomial(9, 3, pairwise=0.3, threes=20), draw_pairs(9, 20, np.random.default_rng(0))
    process = OddProcess.of(pairs, (worth(pairs.astype(float)) - worth(1.0 - pairs)) / 2, 1.0)

    def left(pair: np.ndarray) -> float:
        prior, signs = process.prior, np.concatenate([process.signs, 2.0 * pair[None] - 1])
        across = shapley_kernel(signs, prior.relevance, prior.share)
        known = kernel(signs, signs, prior.relevance, prior.share) + max(prior.ridge, 1e-6) * np.eye(len(signs))
        return float((shapley_prior(prior.relevance, prior.share) - across @ np.linalg.solve(known, across.T)).trace())

    chosen = informative_pairs(process, 5, np.random.default_rng(1))
    others = np.random.default_rng(2).random((100, 9)) < 0.5
    assert left(chosen[0]) <= min(map(left, others)) + 1e-9
    known, both = ({min(pair.tobytes(), (~pair).tobytes()) for pair in some} for some in (pairs, (*pairs, *chosen)))
    assert len(both) == len(known) + 5, "none is known already, and none is chosen twice"


@pytest.mark.long
def test_chosen_pairs_give_smaller_errors_than_drawn_ones() -> None:
    errors = np.zeros(2)
    for seed in range(8):
        worth = polynomial(16, seed, threes=0)
        worth.alone[5:] *= 0.05
        worth.threes += [(np.array(three), 1.0) for three in combinations(range(5), 3)]
        pairs = draw_pairs(16, 79, np.random.default_rng(seed))
        drawn = OddProcess.of(pairs, (worth(pairs.astype(float)) - worth(1.0 - pairs)) / 2, float(worth.shapley.sum()))
        found = (scores_of(KernelShap(samples=160), 16, worth, seed), drawn.estimate().scores)
        errors += [float(np.linalg.norm(scores - worth.shapley)) for scores in found]
    assert errors[0] < 0.8 * errors[1]


def test_the_process_gives_the_same_for_the_same_seed_and_asks_for_pairs() -> None:
    worth = polynomial(14, 2, pairwise=0.3, threes=14)
    first, second = Game(14, worth), Game(14, worth)
    found = [KernelShap(samples=200).attribute(game, 5) for game in (first, second)]
    assert found[0] == found[1] and found[0].passes <= 200
    for rows, others in zip(first.asked, second.asked, strict=True):
        assert (rows == others).all()
    for rows in first.asked[1:]:  # the ends come first
        assert (rows[len(rows) // 2 :] == ~rows[: len(rows) // 2]).all()


def test_process_learns_that_a_few_words_decide() -> None:
    few = [3, 8, 17, 29]
    worth = polynomial(40, 7, threes=0)
    worth.alone[[word for word in range(40) if word not in few]] *= 0.02
    worth.threes += [(np.array(three), 2.0) for three in combinations(few, 3)]
    found = [scores_of(KernelShap(samples=150), 40, worth, seed) for seed in range(6)]
    plain = [scores_of(KernelShap(samples=150, estimator="least_squares"), 40, worth, seed) for seed in range(6)]
    errors = [float(np.mean([np.square(run - worth.shapley).sum() for run in runs])) for runs in (found, plain)]
    assert errors[0] < errors[1] / 20, "forty words of equal relevance need as many pairs; four do not"


def test_coalitions_are_uniform_among_those_of_their_size_and_sizes_are_even() -> None:
    m, pairs = 9, np.concatenate([drawn_pairs(9, 80, seed) for seed in range(100)])
    sizes = pairs.sum(1)
    assert np.bincount(sizes, minlength=m).tolist() == [0, *[1000] * (m - 1)]
    for size in range(1, m):
        of_size = pairs[sizes == size]
        assert of_size.mean(0) == pytest.approx(np.full(m, size / m), abs=0.06), "each word as often"
        both = np.array([(of_size[:, one] & of_size[:, other]).mean() for one, other in combinations(range(m), 2)])
        assert both == pytest.approx(np.full(len(both), size * (size - 1) / (m * (m - 1))), abs=0.06), "each two words as often"


def test_coalitions_have_less_in_common_than_independent_ones() -> None:
    generator, common = np.random.default_rng(0), np.zeros(2)
    for seed in range(10):
        drawn = drawn_pairs(30, 120, seed)
        independent = generator.random(drawn.shape).argsort(1) < drawn.sum(1)[:, None]
        common += [np.square((2.0 * rows - 1) @ (2.0 * rows - 1).T).sum() for rows in (drawn, independent)]
    assert common[0] < 0.98 * common[1]


def test_a_game_without_any_difference_scores_nothing() -> None:
    result = KernelShap(samples=60).attribute(Game(20, lambda rows: np.zeros(len(rows))), 0)
    assert not any(result.scores) and not any(result.standard_errors or ())


@pytest.mark.long
@every_estimator
def test_stopping_rule_spends_little_if_the_best_words_are_clear_and_everything_if_not(estimator: Estimator) -> None:
    apart = np.where(np.arange(30) < 4, 5.0 + np.arange(30), 0.1)
    rule = KernelShap(samples=600, estimator=estimator, stop_when_settled=0.95, keywords=4)
    clear = rule.attribute(Game(30, Polynomial(apart, np.zeros((30, 30)))), 0)
    assert clear.passes < 200 and set(np.argsort(clear.scores)[-4:]) == {0, 1, 2, 3}
    flat = polynomial(30, 1, pairwise=0.2, threes=300)
    flat.alone[:] = 1.0
    assert rule.attribute(Game(30, flat), 0).passes > 500
    whole = KernelShap(samples=600, estimator=estimator)
    assert whole.attribute(Game(30, flat), 0).scores == rule.attribute(Game(30, flat), 0).scores


NOUNS = [f"noun{place}" for place in range(30)]
OPEN = polynomial(30, 1, pairwise=0.2, threes=300)


@pytest.mark.long
@every_estimator
@pytest.mark.parametrize(
    ("ahead", "words", "keywords_settle", "units_settle"),
    [
        (4, ["the", "Of", "a", "is", *NOUNS[4:]], False, True),  # the function words are clearly ahead, the nouns are not
        (8, [*NOUNS[:4], "the", "Of", "a", "is", *NOUNS[8:]], True, False),  # and here it is the nouns that are
        (5, [*NOUNS[:4], "NOUN3", *NOUNS[5:]], True, False),  # the order of two equal words changes nothing
        (4, ["noun1", *NOUNS[1:]], False, True),  # three keywords are clearly ahead, and the fourth is open
    ],
)
def test_stopping_rule_is_about_the_words_that_would_become_keywords(
    estimator: Estimator, ahead: int, words: list[str], keywords_settle: bool, units_settle: bool
) -> None:
    values = 100.0 * (np.arange(30) < ahead)  # two levels, each of ties
    worth = Polynomial(OPEN.alone + values - OPEN.shapley, OPEN.pairs, OPEN.threes)
    rule = KernelShap(samples=600, estimator=estimator, stop_when_settled=0.95, keywords=4)
    for named, settled in ((tuple(words), keywords_settle), ((), units_settle)):
        assert (rule.attribute(Game(30, worth, named), 0).passes < 200) == settled


@pytest.mark.parametrize(
    ("kind", "setting", "remedy"),
    [
        (KernelShap, {"estimator": "ols"}, "least_squares"),
        (KernelShap, {"stop_when_settled": 95.0}, "stop_when_settled=0.95"),
        (KernelShap, {"samples": 0}, "samples=1"),
        (KernelShap, {"keywords": 0}, "keywords=1"),
        (KernelShap, {"absent": "cut"}, "mask, delete"),
        (KernelShapCaptum, {"samples": -1}, "samples=1"),
        (Lime, {"samples": 2.5}, "samples=1"),
        (Lime, {"kernel_width": 0}, "above 0"),
        (Lime, {"ridge": -1.0}, "above 0"),
        (ShapleyValueSampling, {"permutations": 2}, "permutations=4"),
        (ShapleyValueSampling, {"permutations": 27}, "permutations=28"),
        (ShapleyValues, {"limit": 0}, "limit=1"),
        (ShapleyValues, {"limit": 21}, "limit=20"),
        (ShapleyInteractions, {"samples": 0}, "samples=1"),
    ],
)
def test_invalid_settings_are_refused_when_the_explainer_is_made(
    kind: type[AbstractPerturbation], setting: dict[str, Any], remedy: str
) -> None:
    with types_unchecked(), pytest.raises(SettingsError, match=remedy):
        kind(**setting)


@pytest.mark.parametrize(
    ("explainer", "players", "remedy"),
    [
        (KernelShap(samples=59, estimator="least_squares"), 30, "`samples=60`"),
        (KernelShap(samples=31), 30, "`samples=32`"),
        (KernelShapCaptum(samples=31), 30, "at least M \\+ 2 = 32.*`samples=32`"),
        (KernelShapCaptum(), 1, 'use `explainer="kernel_shap"`'),
        (Lime(samples=31), 30, "at least M \\+ 2 = 32.*`samples=32`"),
        (
            ShapleyValues(),
            13,
            r'8,192 of them: .* of work here, by a .*; write `ShapleyValues\(limit=13\)`.*`explainer="kernel_shap"`',
        ),
        (ShapleyValues(limit=20), 21, r'2,097,152 of them: .* of work here, by a .*; write `explainer="kernel_shap"`'),
        (
            ShapleyInteractions(samples=465),
            30,
            r"465 terms.*`samples` out, which makes 1,024.*`ShapleyInteractions\(samples=1860\)`",
        ),
    ],
    ids=str,
)
def test_budgets_that_are_too_small_are_refused(explainer: AbstractPerturbation, players: int, remedy: str) -> None:
    with pytest.raises(ExplanationError, match=remedy):
        explainer.attribute(Game(players, polynomial(players, 0)), 0)


def test_one_word_gets_the_whole_difference() -> None:
    for explainer in (KernelShap(), ShapleyValues(), ShapleyValueSampling(), FeatureAblation()):
        assert scores_of(explainer, 1, table(1, np.array([1.0, 4.0]))) == pytest.approx([3.0])


def test_captum_is_run_once_and_asks_for_all_its_coalitions_in_one_call() -> None:
    game = Game(12, polynomial(12, 2, pairwise=0.5))
    KernelShapCaptum(samples=50).attribute(game, 3)
    assert [len(rows) for rows in game.asked] == [50, 2], "its draws, and the two ends for the gap"
    assert game.passes == len({row.tobytes() for row in game.asked[0]})


def test_passes_are_the_distinct_coalitions() -> None:
    def passes(explainer: AbstractPerturbation, players: int) -> int:
        return explainer.attribute(Game(players, polynomial(players, 0)), 0).passes

    assert passes(FeatureAblation(), 9) == 10
    assert passes(ShapleyValues(), 9) == 2**9
    assert passes(KernelShap(samples=350), 8) == 2**8
    assert 300 < passes(KernelShap(samples=350), 60) <= 350
    assert passes(ShapleyValueSampling(permutations=26), 60) <= 26 * 59 + 2
    assert passes(Lime(samples=100), 60) <= 100


@settings(max_examples=10, deadline=None)
@given(players=st.integers(2, 20), seed=st.integers(0, 1000))
def test_lime_recovers_the_slopes_of_a_linear_game(players: int, seed: int) -> None:
    worth = polynomial(players, seed)
    scores = scores_of(Lime(ridge=1e-9), players, worth, seed)
    assert scores == pytest.approx(worth.alone, abs=1e-5)


def test_lime_weighs_as_its_authors_do() -> None:
    players, worth, lime = 12, polynomial(12, 3, pairwise=1.0), Lime(samples=200)
    game = Game(players, worth)
    scores = np.array(lime.attribute(game, 0).scores)
    rows = game.asked[0].astype(float)
    cosine = rows.sum(1) / np.maximum(np.sqrt(rows.sum(1) * players), 1e-12)
    weights = np.sqrt(np.exp(-((100 * (1 - cosine)) ** 2) / 25.0**2))
    from sklearn.linear_model import Ridge

    expected = Ridge(alpha=1.0, fit_intercept=True).fit(rows, worth(rows), sample_weight=weights).coef_
    assert scores == pytest.approx(expected, abs=1e-8)
    assert rows[0].all() and set(rows[1:].sum(1)) == set(range(players))


def captum_forward(worth: Worth):
    return lambda rows: torch.from_numpy(worth(rows.double().numpy()))


def test_feature_ablation_equals_captums() -> None:
    worth = polynomial(9, 1, pairwise=1.0, threes=9)
    expected = CaptumAblation(captum_forward(worth)).attribute(torch.ones(1, 9), baselines=torch.zeros(1, 9))
    assert scores_of(FeatureAblation(), 9, worth) == pytest.approx(expected[0].numpy(), abs=1e-5)


def test_shapley_values_equal_captums() -> None:
    worth = polynomial(5, 1, pairwise=1.0, threes=9)
    expected = CaptumShapleyValues(captum_forward(worth)).attribute(torch.ones(1, 5), baselines=torch.zeros(1, 5))
    assert scores_of(ShapleyValues(), 5, worth) == pytest.approx(expected[0].numpy(), abs=1e-5)
    assert worth.shapley == pytest.approx(expected[0].numpy(), abs=1e-5)


def test_kernel_shap_captum_is_captums() -> None:
    worth, players = polynomial(9, 1, pairwise=1.0, threes=9), 9
    torch.manual_seed(7)
    expected = CaptumKernelShap(captum_forward(worth)).attribute(
        torch.ones(1, players), baselines=torch.zeros(1, players), n_samples=100
    )
    state = torch.random.get_rng_state()
    assert scores_of(KernelShapCaptum(samples=100), players, worth, 7) == pytest.approx(expected[0].numpy(), abs=1e-4)
    assert torch.equal(torch.random.get_rng_state(), state), "the caller's generator is left alone"


def test_polynomial_games_know_their_shapley_values() -> None:
    worth = polynomial(6, 8, pairwise=1.0, threes=7)
    assert isinstance(worth, Polynomial)
    assert worth.shapley == pytest.approx(shapley_by_orders(6, worth), abs=1e-9)


def test_attribution_fields_are_plain_numbers() -> None:
    result = KernelShap(samples=60).attribute(Game(20, polynomial(20, 0, threes=20)), 0)
    assert isinstance(result, Attribution)
    assert all(type(score) is float for score in result.scores)


def test_the_process_is_found_on_one_thread_and_the_game_on_as_many_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = ThreadpoolController().select(user_api="blas")
    within, outside, plain = set[int](), set[int](), odd_process.likeliest

    def threads() -> set[int]:
        return {each.num_threads for each in libraries.lib_controllers}

    def counting(*args: Any) -> Any:
        within.update(threads())
        return plain(*args)

    def worth(coalitions: np.ndarray) -> np.ndarray:
        outside.update(threads())
        return polynomial(9, 0)(coalitions)

    monkeypatch.setattr(odd_process, "likeliest", counting)
    with libraries.limit(limits=2):
        KernelShap(samples=60).attribute(Game(9, worth), 0)
        assert threads() == {2}
    assert within == {1} and outside == {2}
