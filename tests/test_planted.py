"""The planted task: its questions hold what it promises, and give their answer away to no reader of a part of them."""

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from scipy.stats import binom

from selfamplify.records import Question
from selfamplify.stopwords import STOP_WORDS
from selfamplify.tasks.planted import planted_arc, scenes
from selfamplify.tasks.planted_world import CATEGORY_OF, FACTS, FAMILIES, PAIRS, VERBS, draw, held_out
from selfamplify.tasks.task import content_key

Splits = tuple[list[Question], list[Question]]


@pytest.fixture(scope="module")
def splits() -> Splits:
    return planted_arc(seed=0)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def assert_at_chance(right: int, asked: int) -> None:
    low, high = binom.interval(0.999, asked, 0.25)
    assert low <= right <= high, f"{right} of {asked} right, chance gives {low:.0f} to {high:.0f}"


def test_questions_are_distinct_and_named(splits: Splits) -> None:
    questions = splits[0] + splits[1]
    assert min(map(len, splits)) >= 1000
    assert len({question.text for question in questions}) == len(questions)
    assert len({content_key(question) for question in questions}) == len(questions)
    assert len({question.id for question in questions}) == len(questions)
    assert splits[0][17].id == "planted_arc-train-17"


def test_same_seed_same_questions(splits: Splits) -> None:
    assert planted_arc(seed=0) == splits
    assert planted_arc(seed=1) != splits


def test_planted_words_occur_in_order(splits: Splits) -> None:
    for question in splits[0] + splits[1]:
        text = words(question.render())
        stem = [text.index(word) for word in question.planted[:-1]]
        named = "does it" not in question.text
        assert [text.count(word) for word in question.planted] == [
            2 if named and word in CATEGORY_OF else 1 for word in question.planted
        ]
        assert len(stem) == (3 if named else 4) and stem == sorted(stem)
        assert question.planted[-1] == question.choices[question.labels.index(question.answer)].text


def test_enough_candidate_words(splits: Splits) -> None:
    for question in splits[0] + splits[1]:
        candidates = {word.lower() for word in words(question.render()) if word not in question.labels} - STOP_WORDS
        assert len(candidates) >= 12


def test_every_fact_has_its_own_noun() -> None:
    assert len(set(FACTS.values())) == len(FACTS) == 64


def test_held_out_pairs_are_a_quarter_and_stand_in_the_test_split_alone(splits: Splits) -> None:
    assert len(PAIRS[True]) * 3 == len(PAIRS[False])
    for part, expected in zip(splits, (False, True), strict=True):
        for question in part:
            animal, verb = (next(word for word in question.planted if word in kind) for kind in (CATEGORY_OF, VERBS))
            assert held_out(animal, verb) is expected


def test_training_scenes_never_show_a_held_out_pair() -> None:
    rng = random.Random(3)
    drawn = [draw(rng, "x", from_held_out=False, convention="mood") for _ in range(3000)]
    for scene in drawn:
        shown = CATEGORY_OF.keys() & set(words(scene.question.text))
        assert len(shown) == 2 and not any(held_out(animal, scene.verb) for animal in shown)
    assert {(scene.animal, scene.verb) for scene in drawn} == set(PAIRS[False])


def test_it_is_the_animal_that_the_convention_says() -> None:
    rng = random.Random(4)
    for family in FAMILIES:
        drawn = [draw(rng, "x", from_held_out=True, convention=family) for _ in range(500)]
        unnamed = [scene for scene in drawn if not scene.named]
        assert all(scene.adjective in FAMILIES[family] and scene.adjective in scene.question.planted for scene in unnamed)
        assert all(f"{scene.adjective} {scene.animal}" in scene.question.text for scene in drawn)
        assert 0.6 < len(unnamed) / len(drawn) < 0.9


def test_steps_tell_the_fact_and_name_the_answer() -> None:
    for scene in scenes(5, "train", 50, from_held_out=False):
        three = scene.steps(3)
        assert three.split(". ")[0] == f"the {scene.adjective} {scene.animal} is a {scene.category}"
        assert three.endswith(f"{scene.question.planted[-1]} is ({scene.question.answer})")
        assert [len(scene.steps(count).split(". ")) for count in (1, 2, 3, 4)] == [1, 2, 3, 4]
        assert scene.steps(4).endswith(three)
        with pytest.raises(ValueError, match="1 to 4 steps, 5"):
            scene.steps(5)


def best_guess(
    train: Sequence[Question], test: Sequence[Question], cue: Callable[[Question, int], Sequence[tuple[str, ...]]]
) -> int:
    """Test answers found by the option whose cues were most often those of right options in training."""
    right: Counter[tuple[str, ...]] = Counter()
    seen: Counter[tuple[str, ...]] = Counter()
    for question in train:
        for index, label in enumerate(question.labels):
            for key in cue(question, index):
                seen[key] += 1
                right[key] += label == question.answer
    found = 0
    for question in test:
        scores = [
            sum((right[key] + 1) / (seen[key] + 4) for key in cue(question, index)) for index in range(len(question.choices))
        ]
        found += question.labels[scores.index(max(scores))] == question.answer
    return found


def options_only(question: Question, index: int) -> Sequence[tuple[str, ...]]:
    """An option's text, its place, and each other option beside it."""
    own = question.choices[index]
    others = [choice.text for choice in question.choices if choice is not own]
    return [(own.text,), (own.label,), *((own.text, other) for other in others)]


def attributes(question: Question, index: int) -> Sequence[tuple[str, ...]]:
    """How many of the other options share the category, the verb or the season of an option's fact."""
    fact_of = {noun: fact for fact, noun in FACTS.items()}
    own, *others = (fact_of[choice.text] for choice in sorted(question.choices, key=lambda c: c is not question.choices[index]))
    shared = [sum(own[part] == other[part] for other in others) for part in range(3)]
    return [("shared", *map(str, shared))]


@pytest.mark.parametrize("cue", [options_only, attributes])
def test_options_alone_are_at_chance(cue: Callable[[Question, int], Sequence[tuple[str, ...]]]) -> None:
    train = [scene.question for scene in scenes(11, "train", 6000, from_held_out=False)]
    test = [scene.question for scene in scenes(12, "test", 3000, from_held_out=True)]
    assert_at_chance(best_guess(train, test, cue), len(test))


def test_the_stem_of_another_question_is_at_chance() -> None:
    """The world's own rule, asked with the stem of another question: the nearest fact among the options wins."""
    drawn = scenes(13, "test", 3000, from_held_out=True)
    fact_of = {noun: fact for fact, noun in FACTS.items()}
    rng = random.Random(0)
    found = 0
    for scene, other in zip(drawn, drawn[1:] + drawn[:1], strict=True):
        asked = (other.category, other.verb, other.season)
        choices = rng.sample(scene.question.choices, 4)
        best = max(choices, key=lambda choice: sum(a == b for a, b in zip(fact_of[choice.text], asked, strict=True)))
        found += best.label == scene.question.answer
    assert_at_chance(found, len(drawn))
