"""Splitting questions into a train pool and a test side at random, by their content and a seed."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence

from ..records import Question
from .copies import Key, near_keys


def split(
    questions: Sequence[Question], test_size: int, seed: int, together: Mapping[str, Key] | None = None
) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """Split questions into a train pool and a test side at random, with all near-copies of a question on one side.

    Parameters
    ----------
    questions : sequence of Question
        The questions, in any order: the split does not depend on it.
    test_size : int
        The number of test questions. The test side has fewer if only questions with copies are left to fill it.
    seed : int
        The seed of the split.
    together : mapping of str to tuple of str, optional
        The ``templates`` of the questions. Those that share one are on one side, too. If a side would then have less than half
        of its questions, or of those with one of the answers, templates of very many questions are divided.

    Returns
    -------
    train, test : tuple of Question
        The two sides, each in a random order.
    """
    shuffled = shuffle(questions, seed)
    near = near_keys(shuffled)
    usual = _divided(shuffled, near, test_size)
    shared = [(together or {}).get(question.id) for question in shuffled]
    sizes = Counter(key for key in shared if key is not None)
    largest = max(sizes.values(), default=0)
    while largest > 1:
        keys = [key if key and sizes[key] <= largest else own for key, own in zip(shared, near, strict=True)]
        apart = _divided(shuffled, keys, test_size)
        if all(map(_is_like, apart, usual)):
            return apart
        largest //= 2
    return usual


def _divided(
    shuffled: Sequence[Question], keys: Sequence[Key], test_size: int
) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """The two sides, with all questions of a key on one of them."""
    copies = Counter(keys)  # counts keys in the order in which they first occur
    room, chosen = test_size, set[Key]()
    for key, count in copies.items():
        if count <= room:
            chosen.add(key)
            room -= count
    train = tuple(question for question, key in zip(shuffled, keys, strict=True) if key not in chosen)
    return train, tuple(question for question, key in zip(shuffled, keys, strict=True) if key in chosen)


def _is_like(side: Sequence[Question], usual: Sequence[Question]) -> bool:
    """Whether a side has at least half of its usual questions, and of those with each answer, and at least two answers."""
    answers, expected = (Counter(question.answer for question in each) for each in (side, usual))
    enough = 2 * len(side) >= len(usual) and len(answers) >= min(2, len(expected))
    return enough and all(answers[answer] >= count // 2 for answer, count in expected.items())


def shuffle(questions: Sequence[Question], seed: int) -> list[Question]:
    """Shuffle questions into an order that depends on their content and ``seed``, but not on their present order.

    Parameters
    ----------
    questions : sequence of Question
        The questions, in any order.
    seed : int
        The seed of the shuffle.

    Returns
    -------
    list of Question
        The same questions in the new order.
    """
    ordered = sorted(questions, key=lambda question: (question.render(), question.answer, question.id))
    random.Random(seed).shuffle(ordered)
    return ordered
