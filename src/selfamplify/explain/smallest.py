"""The smallest set of words whose change turns an outcome: all sets by size, then a beam, then pruned.

A search by best-first removal is SEDC's (Martens and Provost 2014, https://doi.org/10.25300/MISQ/2014/38.1.04). The beam is
wider than its single path, as in MiCE (Ross et al. 2021, https://aclanthology.org/2021.findings-acl.336).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, combinations, product

Progress = Callable[[Sequence[tuple[int, ...]]], Sequence[float]]
"""Takes sets of changes and returns how far the outcome is turned by each: above 0, it is another one."""


@dataclass(frozen=True)
class Found:
    """The result of a search.

    Parameters
    ----------
    changes : tuple of int
        The changes that turn the outcome, in their order; if none do, those that come closest. Empty if none come closer than
        no change.
    turns : bool
        Whether they turn the outcome.
    smallest : bool
        Whether no smaller set does.
    """

    changes: tuple[int, ...]
    turns: bool
    smallest: bool


def smallest_change(ways: Sequence[int], progress: Progress, most: int, evaluations: int, beam: int) -> Found:
    """Find a set of changes that turns an outcome, with as few words as possible.

    All sets that change one word are evaluated, then all that change two, and so on for as long as the evaluations allow; of
    the first size at which the outcome turns, the set that turns it most is the result, and no smaller one exists. Larger sets
    are those of the size before with the most progress, each with one more change. A set that is found there may have a change
    too many, so changes are taken back, one by one, for as long as the outcome stays turned.

    Parameters
    ----------
    ways : sequence of int
        In how many ways each word can be changed: one if it can only be removed. Changes are numbered word by word.
    progress : callable
        The progress of sets.
    most : int
        The largest set.
    evaluations : int
        How many sets are evaluated, at most, before changes are taken back.
    beam : int
        How many sets of one size are extended.
    """
    words = _numbered(ways)
    word_of = {change: word for word, own in enumerate(words) for change in own}
    known: dict[tuple[int, ...], float] = {}

    def best(sets: Iterable[tuple[int, ...]], count: int) -> list[tuple[int, ...]]:
        sets = list(sets)
        new = [each for each in sets if each not in known]
        known.update(zip(new, progress(new), strict=True) if new else ())
        return sorted(sets, key=lambda each: -known[each])[:count]

    def larger(chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        taken = {word_of[change] for change in chosen}
        return (tuple(sorted((*chosen, change))) for change, word in word_of.items() if word not in taken)

    leading, complete = best([()], 1), 0
    for size in range(1, min(most, len(words)) + 1):
        left = max(evaluations - len(known), 0)
        if complete == size - 1 and _count(ways, size) <= left:
            leading, complete = best(_sets(words, size), beam), size
        else:
            leading = best(list(dict.fromkeys(chain.from_iterable(map(larger, leading))))[:left], beam)
        if not leading:
            break
        if known[leading[0]] > 0:
            found = leading[0]
            while len(found) - 1 > complete and known[(fewer := best(_without_one(found), 1)[0])] > 0:
                found = fewer
            return Found(found, True, complete >= len(found) - 1)
    return Found(max(known, key=lambda changes: (known[changes], -len(changes))), False, False)


def _numbered(ways: Sequence[int]) -> list[range]:
    """The changes of each word."""
    return [range(end - count, end) for count, end in zip(ways, accumulate(ways), strict=True)]


def _sets(words: Sequence[range], size: int) -> Iterator[tuple[int, ...]]:
    """All sets that change so many words."""
    return chain.from_iterable(product(*chosen) for chosen in combinations(words, size))


def _count(ways: Sequence[int], size: int) -> int:
    """How many sets change so many words: the elementary symmetric polynomial of the numbers of ways."""
    counts = [1] + [0] * size
    for own in ways:
        for chosen in range(size, 0, -1):
            counts[chosen] += counts[chosen - 1] * own
    return counts[size]


def _without_one(changes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The set without one of its changes, for each of them."""
    return [changes[:place] + changes[place + 1 :] for place in range(len(changes))]
