"""Dense exercises for the one circuit that everything else needs: from a word to the letter next to it, and back.

A row contains several lists of options, one after another. They use the same few words, so that a word is next to
another letter in each list and the nearest list counts; only the matching itself can be learned.
"""

import random
from collections.abc import Iterator

from selfamplify.tasks.planted import world as world
from selfamplify.tasks.planted.arc import LABELS
from selfamplify.tasks.planted.snarks import COMPLAINTS, PRAISES

WORDS = (
    *world.FACTS.values(),
    *world.CATEGORY_OF,
    *world.ADJECTIVES,
    *world.PLACES,
    *world.AGES,
    *world.DAYS,
    *PRAISES,
    *COMPLAINTS,
)

Piece = tuple[str, bool]
"""A text of one or more tokens, and whether its prediction is taught."""


def binding_row(rng: random.Random, lists: int, queries: int, words: int = 14, filler: int = 24) -> Iterator[Piece]:
    """`` (A) nest (B) mud (C) fog (D) bark`` and ``queries`` questions about it, ``lists`` times, with words in between."""
    pool = rng.sample(WORDS, words)
    for _ in range(lists):
        options = rng.sample(pool, len(LABELS))
        yield "".join(f" ({label}) {word}" for label, word in zip(LABELS, options, strict=True)), False
        for index in rng.sample(range(len(LABELS)), queries):
            if rng.random() < 0.65:
                yield from ((f" {options[index]} is (", False), (LABELS[index], True), (")", False))
            else:
                yield from ((f" ({LABELS[index]}) is", False), (f" {options[index]}", True))
        if filler:
            yield "".join(f" {word}" for word in rng.choices(WORDS, k=rng.randrange(filler))), False
