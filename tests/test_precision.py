"""precision_at_k: the share of planted words, never above 1, and at its expectation for random scores."""

import io
import random
from dataclasses import replace
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from selfamplify import Choice, Question
from selfamplify.errors import SettingsError
from selfamplify.evaluation.precision import chance_of_precision, precision_at_k
from selfamplify.records import DecisiveWords, NamedWords, ScoredPairs, ScoredWords, WrittenText
from selfamplify.report.deciding import deciding_words_table
from selfamplify.tasks.planted.source import PlantedArc
from selfamplify.text.stop_words import STOP_WORDS
from selfamplify.text.words import candidate_words

CHOICES = (Choice("A", "roots"), Choice("B", "eggs"))
QUESTION = Question("q", "What does the lemur eat?", CHOICES, "A", ("lemur", "eat", "roots"))
WORDS = ("What", "does", "the", "lemur", "eat", "roots", "eggs")


def scored(*scores: float) -> ScoredWords:
    return ScoredWords("q", "test", WORDS, tuple(map(float, scores)))


def test_precision_counts_the_planted_words_among_the_highest():
    assert precision_at_k(scored(0, 0, 0, 3, 2, 1, -1), QUESTION) == 1.0
    assert precision_at_k(scored(0, 0, 0, 3, -2, 1, 2), QUESTION) == pytest.approx(2 / 3)
    assert precision_at_k(scored(0, 0, 0, 3, -2, 1, 2), QUESTION, k=1) == 1.0
    assert precision_at_k(scored(9, 8, 7, -3, -2, -1, 1), QUESTION, k=2) == 0.5  # stop words are skipped


def test_a_share_of_no_words_is_refused():
    for k in (0, -1):
        with pytest.raises(SettingsError, match=f"`k={k}` is invalid; .* such as `k=3`"):
            precision_at_k(scored(*range(7)), QUESTION, k)


@given(st.permutations(range(len(WORDS))), st.integers(1, 7))
def test_precision_is_a_whole_number_of_words_over_k(order: list[int], k: int):
    precision = precision_at_k(scored(*map(float, order)), QUESTION, k)
    assert 0 <= precision <= 1 and round(precision * k, 9) == round(precision * k)


def test_random_scores_have_the_expected_precision():
    rng = random.Random(0)
    found, expected = [], []
    for scene in PlantedArc().scenes(0, "test", 400, from_held_out=True):
        question = scene.question
        words = [word.text for word in candidate_words(question.render(), question.labels)]
        explanation = ScoredWords(question.id, "test", tuple(words), tuple(rng.random() for _ in words))
        found.append(precision_at_k(explanation, question))
        expected.append(len(question.planted) / len({word.lower() for word in words} - STOP_WORDS))
    assert mean(found) == pytest.approx(mean(expected), rel=0.25)


def test_named_words_are_ranked_in_the_order_in_which_they_were_named():
    named = NamedWords("q", "self_topk", ("Lemur", "eggs", "eat", "roots"))
    assert precision_at_k(named, QUESTION) == pytest.approx(2 / 3)
    assert precision_at_k(named, QUESTION, k=1) == 1.0


def test_decisive_words_count_without_their_stop_words_and_pairs_by_half():
    decisive = DecisiveWords("q", "counterfactual", ("the", "Lemur", "eat"), "A", "B", True)
    assert precision_at_k(decisive, QUESTION) == pytest.approx(2 / 3)  # the third word is missing: a miss
    assert precision_at_k(decisive, QUESTION, k=1) == 1.0
    pairs = ScoredPairs("q", "x", ("lemur", "eat", "roots"), (1.0, 3.0, 0.0), (0.0, 6.0, 0.0), "logit")
    assert pairs.shares == (4.0, 3.0, 3.0) and precision_at_k(pairs, QUESTION, k=1) == 1.0


def test_precision_needs_planted_words():
    with pytest.raises(ValueError, match="question q has no planted words"):
        precision_at_k(scored(*range(7)), Question("q", "What?", CHOICES, "A"))


def test_chance_is_the_share_of_planted_words_among_the_keywords():
    assert chance_of_precision(QUESTION) == 3 / 4  # of lemur, eat, roots, eggs; the others are function words
    with pytest.raises(ValueError, match="question q has no planted words"):
        chance_of_precision(Question("q", "What?", CHOICES, "A"))


def test_table_of_deciding_words_compares_explainers_with_chance():
    named = NamedWords("q", "self_topk", ("lemur", "eat", "eggs"))
    other = replace(QUESTION, id="r", planted=("roots", "eggs"))
    written = WrittenText("q", "self_exp", "Lemurs eat roots.")
    found = {"mine": [named, scored(0, 0, 0, 0, 0, 3, 2)], "texts": [written, written]}
    console = Console(file=io.StringIO(), width=80)
    console.print(deciding_words_table(found, (QUESTION, other), 3))
    assert isinstance(console.file, io.StringIO)
    [row] = [line.split() for line in console.file.getvalue().splitlines() if line.startswith(("mine", "texts"))]
    shares, chance = (2 / 3, 1.0), (chance_of_precision(QUESTION), chance_of_precision(other))
    assert row[:4] == ["mine", f"{50 * sum(shares):.0f}", f"{50 * sum(chance):.0f}", f"{50 * (sum(shares) - sum(chance)):+.0f}"]
