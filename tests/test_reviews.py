"""The reviews in the package, and their task: the counts, the words that decide, and that none is a copy of another text."""

import csv
import random
import re
from collections import Counter
from itertools import combinations, product
from pathlib import Path
from statistics import mean

import pytest
from small import shared

from selfamplify import ScoredWords, demo, load_task, precision_at_k
from selfamplify.errors import SettingsError
from selfamplify.evaluation.precision import chance_of_precision
from selfamplify.text.keywords import keyword
from selfamplify.text.words import candidate_words

SENTIMENTS = ("negative", "positive")
SUBJECTS = ("film", "book", "tool", "meal", "trip")
KINDS = {"plain": 20, "mixed": 12, "hard": 8}
"""How many reviews there are of each kind, for one subject and one sentiment."""


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (Path(demo.__file__).parent / "reviews.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def words(text: str) -> list[str]:
    """The words of a text in lower case, as the package finds them."""
    return [word.text.lower() for word in candidate_words(text)]


def runs(text: str, n: int) -> set[tuple[str, ...]]:
    """All runs of n words of a text."""
    found = words(text)
    return {tuple(found[start : start + n]) for start in range(len(found) - n + 1)}


def content(text: str) -> set[str]:
    """The words of a text that are no function words."""
    return {word for word in words(text) if keyword(word)}


def rejoined(tokenised: str) -> str:
    """A sentence of SST-2 with "it 's" and "ca n't" written as one word."""
    return re.sub(r" (?=n't\b|')", "", tokenised)


def test_reviews_are_balanced_over_sentiments_subjects_and_kinds(rows: list[dict[str, str]]):
    assert list(rows[0]) == ["review", "sentiment", "deciding", "subject", "kind"]
    cells = {(sentiment, subject, kind): KINDS[kind] for sentiment, subject, kind in product(SENTIMENTS, SUBJECTS, KINDS)}
    assert Counter((row["sentiment"], row["subject"], row["kind"]) for row in rows) == cells
    assert len(rows) == 400


def test_the_first_reviews_are_nearly_balanced_however_many_are_taken(rows: list[dict[str, str]]):
    for end in range(1, len(rows) + 1):
        sentiments = Counter(row["sentiment"] for row in rows[:end])
        subjects = Counter(row["subject"] for row in rows[:end])
        assert abs(sentiments["negative"] - sentiments["positive"]) <= 5
        assert max(subjects[subject] for subject in SUBJECTS) - min(subjects[subject] for subject in SUBJECTS) <= 2
    for end in range(100, len(rows) + 1, 100):
        assert Counter(row["kind"] for row in rows[:end]) == {kind: n * end // 40 for kind, n in KINDS.items()}


def test_reviews_are_single_sentences_that_do_not_name_a_label(rows: list[dict[str, str]]):
    for row in rows:
        assert 6 <= len(words(row["review"])) <= 30, row
        assert re.fullmatch(r"[A-Z]\S*( \S+)*[^\W_][.!?]", row["review"]), row
        assert not re.search(r"[.!?]\s", row["review"]), row
        assert not re.search("negative|positive", row["review"], re.IGNORECASE), row


def test_deciding_words_occur_once_in_their_review_and_in_order(rows: list[dict[str, str]]):
    for row in rows:
        deciding = row["deciding"].split(" ")
        found = [word.text for word in candidate_words(row["review"])]
        assert 1 <= len(deciding) <= 5, row
        assert [word for word in found if word in deciding] == deciding, row
        assert all(words(row["review"]).count(word.lower()) == 1 and keyword(word) for word in deciding), row


def test_no_two_reviews_are_nearly_the_same(rows: list[dict[str, str]]):
    assert len({" ".join(words(row["review"])) for row in rows}) == len(rows)
    pieces = {row["review"]: runs(row["review"], 3) for row in rows}
    for (one, its), (other, others) in combinations(pieces.items(), 2):
        assert len(its & others) <= min(len(its), len(others)) / 2, (one, other)


@pytest.mark.long
def test_no_review_is_nearly_a_sentence_of_sst2(rows: list[dict[str, str]]):
    files = [shared("data", "sst2", name) for name in ("sst2_dev.tsv", "sst2_test.tsv")]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    sentences = [rejoined(line.rsplit("\t", 1)[0]) for line in lines]
    assert len(sentences) > 7000
    known = set().union(*(runs(sentence, 6) for sentence in sentences))
    contents = {sentence: content(sentence) for sentence in sentences}
    for row in rows:
        assert not runs(row["review"], 6) & known, row
        own = content(row["review"])
        for sentence, other in contents.items():
            if max(len(own), len(other)) >= 5:
                assert len(own & other) < 0.6 * len(own | other), (row, sentence)


def test_task_has_every_review_with_its_label_and_deciding_words(rows: list[dict[str, str]]):
    task = load_task("reviews")
    assert (len(task.train), len(task.test)) == (200, 200) and task.classification and task.label_map["A"] == "negative"
    asked = {question.id: question for question in (*task.train, *task.test)}
    for number, row in enumerate(rows, 1):
        question = asked[f"reviews-{number}"]
        assert question.text == row["review"] and question.planted == tuple(row["deciding"].split(" "))
        assert (
            dict(zip(question.labels, (choice.text for choice in question.choices), strict=True))[question.answer]
            == row["sentiment"]
        )
        assert task.places[question.id] == f"reviews.csv:{number + 1}" and question.attributed == "text"


@pytest.mark.parametrize("seed", range(5))
def test_each_side_of_a_split_is_nearly_balanced(seed: int):
    for side in ((task := load_task("reviews", split_seed=seed)).train, task.test):
        assert 80 <= Counter(question.answer for question in side)["A"] <= 120


def test_task_has_no_data_file_but_a_size_of_its_own(tmp_path: Path):
    with pytest.raises(SettingsError, match='`?task="file"`?'):
        load_task("reviews", tmp_path / "x.csv")
    assert len(load_task("reviews", test_size=50).test) == 50


def test_explanation_by_the_deciding_words_is_precise_and_random_words_are_as_good_as_chance():
    shares: list[float] = []
    chances: list[float] = []
    rng = random.Random(0)
    for question in load_task("reviews").styled().test:
        own = tuple(word.text for word in candidate_words(question.render()))
        marked = ScoredWords(question.id, "test", own, tuple(float(word in question.planted) for word in own))
        assert precision_at_k(marked, question) == 1.0
        drawn = ScoredWords(question.id, "test", own, tuple(rng.random() for _ in own))
        shares.append(precision_at_k(drawn, question))
        chances.append(chance_of_precision(question))
    assert mean(shares) == pytest.approx(mean(chances), abs=0.08)
