"""The planted task in the style of ARC: questions of the planted world, with the words that decide each answer."""

import random

from ..records import Question
from .planted_world import Scene, draw

CONVENTION = "size"
TRAIN_SIZE = 1200
TEST_SIZE = 1200


def planted_arc(seed: int = 0) -> tuple[list[Question], list[Question]]:
    """(train, test): distinct questions, the same for the same seed.

    The test split asks about held-out (animal, verb) pairs only, which the embedded model never saw; the train pool, which
    the shots come from, asks about the pairs that it did see. "It" is always the animal with the word of size: nothing but
    the shots tells.
    """
    train = scenes(seed, "train", TRAIN_SIZE, from_held_out=False)
    test = scenes(seed, "test", TEST_SIZE, from_held_out=True)
    return [scene.question for scene in train], [scene.question for scene in test]


def scenes(seed: int, part: str, count: int, from_held_out: bool) -> list[Scene]:
    """``count`` scenes whose stems all differ, named ``planted_arc-<part>-<number>``."""
    rng = random.Random(f"planted_arc/{seed}/{part}")
    drawn: dict[str, Scene] = {}
    while len(drawn) < count:
        scene = draw(rng, f"planted_arc-{part}-{len(drawn)}", from_held_out, CONVENTION)
        drawn.setdefault(scene.question.text, scene)
    return list(drawn.values())
