"""Faith-SHAP of order 2: compared with its closed form over all coalitions, and on games whose pairs are known."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from games import Game, Polynomial, polynomial, table
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from small import Run
from zoo import HANDS, model_of

from selfamplify import ScoredPairs, ShapleyInteractions, coloured_question, explanation_table
from selfamplify.errors import DataError, ExplanationError
from selfamplify.explain.estimators.quadratic import halves, quadratic_fit
from selfamplify.explain.shapley_values import every_coalition
from selfamplify.prompting.chosen import best_pair
from selfamplify.prompting.wordings import OURS

pytestmark = pytest.mark.typed


def terms(explainer: ShapleyInteractions, game: Game, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What each word does alone, and each two together."""
    found = explainer.attribute(game, seed)
    pairs = np.array(found.pairs)
    return np.array(found.scores) - halves(pairs, game.players), pairs


def moebius(players: int, values: np.ndarray) -> np.ndarray:
    """What each coalition adds to all that is within it."""
    added = values.astype(float).copy()
    for word in range(players):
        has = (np.arange(2**players) >> word & 1).astype(bool)
        added[has] -= added[~has]
    return added


def faith_shap(players: int, values: np.ndarray, coalition: int, order: int = 2) -> float:
    """The closed form of Tsai et al. 2023, which shares out what larger coalitions add."""
    added, size = moebius(players, values), coalition.bit_count()
    shared = sum(
        comb(larger.bit_count() - 1, order) / comb(larger.bit_count() + order - 1, order + size) * added[larger]
        for larger in range(2**players)
        if larger & coalition == coalition and larger.bit_count() > order
    )
    return added[coalition] + (-1) ** (order - size) * size / (order + size) * comb(order, size) * shared


@given(st.integers(2, 7), st.integers(0, 999))
@settings(max_examples=25)
def test_all_coalitions_give_the_closed_form(players: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=2**players)
    alone, pairs = terms(ShapleyInteractions(), Game(players, table(players, values)))
    np.testing.assert_allclose(alone, [faith_shap(players, values, 1 << word) for word in range(players)], atol=1e-9)
    expected = [faith_shap(players, values, 1 << i | 1 << j) for i, j in combinations(range(players), 2)]
    np.testing.assert_allclose(pairs, expected, atol=1e-9)
    assert alone.sum() + pairs.sum() == pytest.approx(values[-1] - values[0], abs=1e-9)


def test_standard_errors_are_as_large_as_the_spread_of_runs() -> None:
    players, runs = 12, range(12)
    draw = np.random.default_rng(3)
    weights = draw.normal(size=players)
    game = Game(players, lambda rows: 3 * np.tanh(rows @ weights) + rows[:, 0] * rows[:, 5] * rows[:, 7])
    exact = ShapleyInteractions(samples=2**players).attribute(game, 0)
    assert exact.pairs and exact.pair_errors == [0.0] * comb(players, 2) and exact.standard_errors == [0.0] * players
    for samples in (110, 400):
        found = [ShapleyInteractions(samples=samples).attribute(game, seed) for seed in runs]
        pairs, scores = np.array([each.pairs for each in found]), np.array([each.scores for each in found])
        of_pairs = np.array([each.pair_errors for each in found], float)
        of_shares = np.array([each.standard_errors for each in found], float)
        assert 0.7 < root_mean(of_pairs) / root_mean(pairs - np.array(exact.pairs)) < 1.6
        assert 0.6 < np.median(np.sqrt((of_pairs**2).mean(0)) / pairs.std(0, ddof=1)) < 1.8
        assert 0.7 < root_mean(of_shares) / root_mean(scores - np.array(exact.scores)) < 3


def root_mean(errors: np.ndarray) -> float:
    return float(np.sqrt((errors**2).mean()))


def test_terms_that_nothing_else_tells_have_no_standard_errors() -> None:
    inner = every_coalition(3)[1:-1]
    for count, known in ((5, False), (6, True)):  # five free terms
        found = quadratic_fit(inner[:count], np.arange(count) ** 2.0, np.ones(count), 0.0, 7.0)
        assert found is not None and (found.pair_errors is not None) == (found.share_errors is not None) == known
    assert ShapleyInteractions().attribute(Game(1, lambda rows: rows[:, 0]), 0).standard_errors == [0.0]
    with pytest.raises(DataError, match="standard errors for 1 pairs"):
        ScoredPairs("q", "x", ("a", "b"), (1.0, 1.0), (1.0,), "logit", pair_errors=(0.1, 0.2))


@pytest.mark.parametrize("players", [5, 14])
def test_words_that_do_the_same_have_the_same_terms(players: int) -> None:
    rest = polynomial(players - 2, 3, pairwise=1.0)
    alone, pairs = terms(ShapleyInteractions(), Game(players, lambda rows: rest(rows[:, 2:]) + 2.0 * rows[:, 0] * rows[:, 1]))
    of = dict(zip(combinations(range(players), 2), pairs, strict=True))
    assert alone[:2] == pytest.approx([0, 0], abs=1e-8) and of[0, 1] == pytest.approx(2)
    assert all(of[0, other] == pytest.approx(0, abs=1e-8) == of[1, other] for other in range(2, players))


@pytest.mark.parametrize("seed", range(3))
def test_sampled_coalitions_are_exact_if_no_more_than_two_words_act_together(seed: int) -> None:
    worth = polynomial(16, seed, pairwise=1.0)
    game = Game(16, worth)
    alone, pairs = terms(ShapleyInteractions(samples=400), game, seed)
    assert game.passes <= 400
    np.testing.assert_allclose(alone, worth.alone + worth.pairs.diagonal(), atol=1e-8)
    np.testing.assert_allclose(pairs, [worth.pairs[i, j] for i, j in combinations(range(16), 2)], atol=1e-8)
    scores = ShapleyInteractions(samples=400).attribute(Game(16, worth), seed).scores
    np.testing.assert_allclose(scores, worth.shapley, atol=1e-8)


def test_a_planted_pair_is_found_among_words_that_act_in_threes() -> None:
    noise = polynomial(24, 1, threes=30)
    pairs = np.zeros((24, 24))
    pairs[4, 17] = 6.0
    worth = Polynomial(noise.alone, pairs, noise.threes)
    found = ShapleyInteractions().attribute(Game(24, worth), 0)
    assert found.passes <= 1024 and found.completeness_gap is not None and found.completeness_gap < 1e-9
    words = tuple(f"w{place}" for place in range(24))
    alone = np.array(found.scores) - halves(np.array(found.pairs), 24)
    scored = ScoredPairs("q", "x", words, tuple(alone.tolist()), tuple(found.pairs or ()), "logit")
    assert max(scored.by_pair, key=lambda places: scored.by_pair[places]) == (4, 17) == best_pair(scored)
    assert scored.shares == pytest.approx(found.scores)


@pytest.mark.parametrize("players", [1, 2])
def test_the_shortest_questions_are_exact(players: int) -> None:
    values = np.array([1.0, 3.0, 4.0, 9.0][: 2**players])
    alone, pairs = terms(ShapleyInteractions(), Game(players, table(players, values)))
    assert [alone.tolist(), pairs.tolist()] == [[pytest.approx(2.0)], []] if players == 1 else [[2.0, 3.0], [3.0]]
    assert alone.sum() + pairs.sum() == pytest.approx(values[-1] - values[0])


def test_too_few_evaluations_are_refused_with_a_number_that_suffices() -> None:
    game = Game(15, polynomial(15, 0, pairwise=1.0))
    with pytest.raises(ExplanationError, match=r"120 terms.*for 120 evaluations.*1,024.*`ShapleyInteractions\(samples=480\)`"):
        ShapleyInteractions(samples=120).attribute(game, 0)
    ShapleyInteractions(samples=480).attribute(game, 0)


@pytest.mark.long
def test_scored_pairs_are_shown_with_their_words(run: Run) -> None:
    found = ShapleyInteractions().explain(model_of("llama"), HANDS, OURS, 0)
    assert isinstance(found, ScoredPairs) and found.value == "logit"
    console = Console(width=100)
    with console.capture() as printed:
        console.print(explanation_table(found, 4))
    chosen = best_pair(found)
    assert chosen is not None
    lines = [line for line in printed.get().splitlines() if " and " in line]
    assert len(lines) == 4 and "*" in lines[0]
    assert all(found.words[place] in lines[0] for place in chosen)
    drawn = coloured_question(HANDS, found, 4)
    marked = [drawn.plain[span.start : span.end] for span in drawn.spans if "underline" in str(span.style)]
    assert marked == [found.words[place] for place in chosen]
    code, out, err = run(
        "explain", "--model", "embedded", "--task", "planted_arc", "--explainer", "shapley_interactions", "--samples", "600"
    )
    assert code == 0 and "together" in out and "(logit)" in out and "together are important" in out, err


def test_pairs_without_a_score_each_can_not_be_recorded() -> None:
    for scores, pairs in [((1.0,), ()), ((1.0, 2.0), (1.0, 2.0))]:
        with pytest.raises(DataError, match="each two words one score"):
            ScoredPairs("q", "x", ("a", "b"), scores, pairs, "logit")
    with pytest.raises(DataError, match="not a finite number"):
        ScoredPairs("q", "x", ("a", "b"), (1.0, 2.0), (float("nan"),), "logit")
