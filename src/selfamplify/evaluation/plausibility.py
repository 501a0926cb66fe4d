"""How far two sets of words of the same question agree: an explanation with marked words, or two explanations."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Shared:
    """What two sets of words have in common, and what random ones would.

    Parameters
    ----------
    value : float
        From 0 to 1.
    chance : float
        Its expected value if one of the sets were as many words drawn at random from the question.
    """

    value: float
    chance: float


def f1(found: Collection[str], marked: Collection[str], words: int) -> Shared:
    """The F1 of the words of an explanation with those that a person marked (ERASER's token F1, DeYoung et al. 2020).

    With as many words found as are marked, it is also precision and recall.

    Parameters
    ----------
    found, marked : collection of str
        Words; at least one is marked.
    words : int
        How many words the question has that either could hold.
    """
    return _shared(found, marked, words, (len(set(found)) + len(set(marked))) / 2)


def overlap(first: Collection[str], second: Collection[str], words: int) -> Shared:
    """The share of the smaller set that the larger one holds; neither is empty. Parameters are those of ``f1``."""
    return _shared(first, second, words, float(min(len(set(first)), len(set(second)))))


def _shared(first: Collection[str], second: Collection[str], words: int, among: float) -> Shared:
    one, other = set(first), set(second)
    # Of n words drawn from N, each of the m others is one with probability n / N.
    return Shared(len(one & other) / among, len(one) * len(other) / words / among)
