"""Dense exercises for the one circuit that everything else needs: from a word to the letter it stands beside.

The words are drawn from all words of the world, so that nothing can be learned but the matching itself.
"""

import random

from selfamplify.tasks import planted_world as world

WORDS = (
    *world.FACTS.values(),
    *world.CATEGORY_OF,
    *world.FAMILIES["size"],
    *world.FAMILIES["mood"],
    *world.PLACES,
    *world.AGES,
    *world.DAYS,
)


def exercise(rng: random.Random, queries: int) -> str:
    """`` (A) nest (B) mud (C) fog (D) bark. mud is [B]. bark is [D]``: options, then ``queries`` questions about them."""
    options = rng.sample(WORDS, len(world.LABELS))
    shown = "".join(f" ({label}) {word}" for label, word in zip(world.LABELS, options, strict=True))
    asked = rng.sample(range(len(options)), queries)
    return shown + "".join(f" {options[index]} is [{world.LABELS[index]})" for index in asked)


def row_text(rng: random.Random, exercises: int, queries: int) -> str:
    return "".join(exercise(rng, queries) for _ in range(exercises))
