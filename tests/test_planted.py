"""The planted tasks: their questions are as described, and no part of a question gives its answer away."""

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from scipy.stats import binom

from selfamplify import Question, load_task
from selfamplify.tasks.copies import content_key
from selfamplify.tasks.planted.arc import CONVENTIONS, arc_scene
from selfamplify.tasks.planted.snarks import COMPLAINTS, LIKED, PRAISES
from selfamplify.tasks.planted.source import AbstractPlanted, PlantedArc, PlantedSnarks
from selfamplify.tasks.planted.world import CATEGORY_OF, FACTS, HOPS, VERBS, Scene, held_out
from selfamplify.text.stop_words import STOP_WORDS

TASKS = (PlantedArc(), PlantedSnarks())
FACT_OF = {noun: fact for fact, noun in FACTS.items()}
each_task = pytest.mark.parametrize("planted", TASKS, ids=lambda task: task.name)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def animals(scene: Scene) -> list[str]:
    return [animal for animal in CATEGORY_OF if animal in words(scene.question.text)]


def nouns(scene: Scene) -> list[str]:
    return [words(choice.text)[0] for choice in scene.question.choices]


def assert_at_chance(right: int, asked: int, choices: int) -> None:
    low, high = binom.interval(0.999, asked, 1 / choices)
    assert low <= right <= high, f"{right} of {asked} are right, but chance gives {low:.0f} to {high:.0f}"


@each_task
def test_questions_and_their_ids_are_distinct(planted: AbstractPlanted) -> None:
    task = load_task(planted.name)
    questions = (*task.train, *task.test)
    assert min(len(task.train), len(task.test)) >= 1000
    assert len({question.text for question in questions}) == len(questions)
    assert len({content_key(question) for question in questions}) == len(questions)
    assert len({question.id for question in questions}) == len(questions)


@each_task
def test_the_same_seed_gives_the_same_questions_and_another_seed_others(planted: AbstractPlanted) -> None:
    assert planted.scenes(0, "train", 200, False) == planted.scenes(0, "train", 200, False)
    assert planted.scenes(0, "train", 200, False) != planted.scenes(1, "train", 200, False)


@each_task
def test_planted_words_occur_in_order_and_include_the_right_option(planted: AbstractPlanted) -> None:
    for scene in planted.scenes(0, "train", 500, from_held_out=False):
        question, stem = scene.question, words(scene.question.text)
        deciding = [word for word in question.planted if word in stem]
        places = [stem.index(word) for word in deciding]
        assert places == sorted(places) and not set(deciding) & STOP_WORDS
        right = words(question.choices[question.labels.index(question.answer)].text)
        assert right[0] == scene.noun == question.planted[len(deciding)] and set(question.planted) - {*stem} <= {*right}
        assert (scene.met.names[0] in deciding) == (scene.hops == 4)
        assert (scene.met.adjectives[0] in deciding) == (scene.hops >= 3)
        assert (scene.animal in deciding) == (scene.hops > 1)
        assert (scene.category in deciding) == (scene.hops == 1)
        assert scene.met.asked in question.text
        assert f"{scene.met.adjectives[0]} {scene.animal}" in question.text


@each_task
def test_candidate_words_outnumber_the_deciding_words(planted: AbstractPlanted) -> None:
    for scene in planted.scenes(0, "train", 500, from_held_out=False):
        found = {word.lower() for word in words(scene.question.render()) if word not in scene.question.labels} - STOP_WORDS
        assert len(found) >= 3 * len(scene.question.planted)


def test_every_fact_has_its_own_noun() -> None:
    assert len(set(FACTS.values())) == len(FACTS) == 64


def test_held_out_pairs_are_a_quarter_of_all_and_of_every_animal_and_verb() -> None:
    pairs = [(animal, verb) for animal in CATEGORY_OF for verb in VERBS if held_out(animal, verb)]
    assert len(pairs) * 4 == len(CATEGORY_OF) * len(VERBS)
    assert set(Counter(animal for animal, _ in pairs).values()) == {2}
    assert set(Counter((CATEGORY_OF[animal], verb) for animal, verb in pairs).values()) == {2}
    assert {held_out(animal, "eat") == held_out(animal, "carry") for animal in CATEGORY_OF} == {True}


@each_task
def test_test_questions_are_only_about_held_out_pairs(planted: AbstractPlanted) -> None:
    assert all(held_out(scene.animal, scene.verb) for scene in planted.scenes(0, "test", 500, from_held_out=True))


@pytest.mark.long
@each_task
def test_training_scenes_never_show_an_animal_with_a_noun_held_out_for_it(planted: AbstractPlanted) -> None:
    scenes = planted.scenes(3, "train", 3000, from_held_out=False)
    for scene in scenes:
        shown = {FACT_OF[noun][1] for noun in nouns(scene)}
        assert len(animals(scene)) == 2
        assert not any(held_out(animal, verb) for animal in animals(scene) for verb in shown)
    assert {(scene.animal, scene.verb) for scene in scenes} > {
        (animal, "eat") for animal in CATEGORY_OF if not held_out(animal, "eat")
    }


@each_task
def test_options_are_facts_about_both_animals(planted: AbstractPlanted) -> None:
    for scene in planted.scenes(4, "train", 500, from_held_out=False):
        facts = [FACT_OF[noun] for noun in nouns(scene)]
        categories, verbs = ({fact[part] for fact in facts} for part in (0, 1))
        assert categories == {CATEGORY_OF[animal] for animal in animals(scene)}
        assert len(set(facts)) == len(facts) == len(categories) * len(verbs)


def test_vague_words_mean_what_the_convention_says() -> None:
    rng = random.Random(4)
    for convention in CONVENTIONS:
        for scene in (arc_scene(rng, "x", from_held_out=True, convention=convention) for _ in range(300)):
            spoken = words(scene.question.text)[-1]
            assert convention.get(spoken, spoken) == scene.verb
            assert FACT_OF[scene.noun] == (scene.category, scene.verb)
            if spoken in convention:
                assert {FACT_OF[noun][1] for noun in nouns(scene)} == set(convention.values())


def test_sarcasm_praises_the_rivals_noun_or_complains_about_the_animals_own() -> None:
    for scene in PlantedSnarks().scenes(5, "train", 500, from_held_out=False):
        [rival] = [animal for animal in animals(scene) if animal != scene.animal]
        assert set(nouns(scene)) == {FACTS[CATEGORY_OF[animal], scene.verb] for animal in (rival, scene.animal)}
        tones = {words(choice.text)[-1] for choice in scene.question.choices}
        assert tones <= set(COMPLAINTS if scene.noun == scene.own_noun else PRAISES) and scene.verb in LIKED


@each_task
def test_steps_lead_from_the_animal_over_the_fact_to_the_answer(planted: AbstractPlanted) -> None:
    scenes = planted.scenes(5, "train", 50, from_held_out=False)
    for scene in scenes:
        asked, known, fact, answer = scene.steps(4).split(". ")
        assert scene.met.asked in asked and scene.category in words(known)
        assert {scene.category, VERBS[scene.verb], scene.own_noun} <= {*words(fact)}
        assert (scene.spoken in words(fact)) == (scene.spoken is not None)
        assert {scene.noun, scene.question.answer} <= {*words(answer)}
        for count in (1, 2, 3):
            assert scene.steps(count).split(". ") == scene.steps(4).split(". ")[-count:]
        with pytest.raises(ValueError, match="1 to 4 steps, not 5"):
            scene.steps(5)
    assert {scene.hops for scene in scenes} == set(HOPS)


Cue = Callable[[Question, int], Sequence[tuple[str, ...]]]


def best_guess(train: Sequence[Question], test: Sequence[Question], cue: Cue) -> int:
    """The number of right guesses. A guess is the option whose cues were most often those of right options in training."""
    seen: Counter[tuple[str, ...]] = Counter()
    right: Counter[tuple[str, ...]] = Counter()
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
    """An option's words, its label, its verb and category, and its noun together with each word of the other options."""
    own = words(question.choices[index].text)
    others = [word for choice in question.choices if choice is not question.choices[index] for word in words(choice.text)]
    category, verb = FACT_OF[own[0]]
    alone = [*own, question.choices[index].label, f"category {category}", f"verb {verb}"]
    return [*((word,) for word in alone), *((own[0], other) for other in others)]


def attributes(question: Question, index: int) -> Sequence[tuple[str, ...]]:
    """The number of other options that share the category or the verb of an option's fact, and their verbs."""
    own, *others = (
        FACT_OF[words(choice.text)[0]]
        for choice in sorted(question.choices, key=lambda choice: choice is not question.choices[index])
    )
    shared = [str(sum(own[part] == other[part] for other in others)) for part in (0, 1)]
    return [("shared", *shared), ("verbs", own[1], *sorted(other[1] for other in others))]


@pytest.mark.long
@each_task
@pytest.mark.parametrize("cue", [options_only, attributes])
def test_guessing_from_the_options_alone_is_at_chance(planted: AbstractPlanted, cue: Cue) -> None:
    train = [scene.question for scene in planted.scenes(11, "train", 6000, from_held_out=False)]
    test = [scene.question for scene in planted.scenes(12, "test", 3000, from_held_out=True)]
    assert_at_chance(best_guess(train, test, cue), len(test), len(test[0].choices))


@each_task
def test_guessing_from_the_stem_of_another_question_is_at_chance(planted: AbstractPlanted) -> None:
    """The guess is the option whose fact shares most with the fact that the other question asks for."""
    drawn = planted.scenes(13, "test", 3000, from_held_out=True)
    rng = random.Random(0)
    found = 0
    for scene, other in zip(drawn, drawn[1:] + drawn[:1], strict=True):
        asked = FACT_OF[other.noun]
        choices = rng.sample(scene.question.choices, len(scene.question.choices))
        facts = {choice.label: FACT_OF[words(choice.text)[0]] for choice in choices}
        best = max(facts, key=lambda label: sum(a == b for a, b in zip(facts[label], asked, strict=True)))
        found += best == scene.question.answer
    assert_at_chance(found, len(drawn), len(drawn[0].question.choices))
