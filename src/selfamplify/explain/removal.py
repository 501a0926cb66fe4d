"""The smallest set of words whose removal changes an outcome: all sets by size, then a beam, then pruned.

A search by best-first removal is SEDC's (Martens and Provost 2014, https://doi.org/10.25300/MISQ/2014/38.1.04). The beam is
wider than its single path, as in MiCE (Ross et al. 2021, https://aclanthology.org/2021.findings-acl.336).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

Progress = Callable[[Sequence[tuple[int, ...]]], Sequence[float]]
"""Takes sets of words and returns how far the outcome is changed without each: above 0, it is another one."""


@dataclass(frozen=True)
class Removal:
    """The result of a search.

    Parameters
    ----------
    gone : tuple of int
        The words whose removal changes the outcome, in their order; if none does, those whose removal comes closest. Empty if
        no removal comes closer than none.
    changes : bool
        Whether it changes the outcome.
    smallest : bool
        Whether no smaller set does.
    """

    gone: tuple[int, ...]
    changes: bool
    smallest: bool


def smallest_removal(words: int, progress: Progress, most: int, evaluations: int, beam: int) -> Removal:
    """Find a set of words whose removal changes an outcome, with as few words as possible.

    All sets of one word are evaluated, then all of two, and so on for as long as the evaluations allow; of the first size at
    which the outcome changes, the set that changes it most is the result, and no smaller one exists. Larger sets are those of
    the size before with the most progress, each with one more word. A set that is found there may have a word too many, so
    words are put back, one by one, for as long as the outcome stays changed.

    Parameters
    ----------
    words : int
        The number of words.
    progress : callable
        The progress of sets.
    most : int
        The largest set.
    evaluations : int
        How many sets are evaluated, at most, before words are put back.
    beam : int
        How many sets of one size are extended.
    """
    known: dict[tuple[int, ...], float] = {}

    def best(sets: Iterable[tuple[int, ...]], count: int) -> list[tuple[int, ...]]:
        sets = list(sets)
        new = [each for each in sets if each not in known]
        known.update(zip(new, progress(new), strict=True) if new else ())
        return sorted(sets, key=lambda each: -known[each])[:count]

    leading, complete = best([()], 1), 0
    for size in range(1, min(most, words) + 1):
        left = max(evaluations - len(known), 0)
        if complete == size - 1 and comb(words, size) <= left:
            leading, complete = best(combinations(range(words), size), beam), size
        else:
            larger = {tuple(sorted((*each, word))): None for each in leading for word in range(words) if word not in each}
            leading = best(list(larger)[:left], beam)
        if not leading:
            break
        if known[leading[0]] > 0:
            gone = leading[0]
            while len(gone) - 1 > complete and known[(fewer := best(_without_one(gone), 1)[0])] > 0:
                gone = fewer
            return Removal(gone, True, complete >= len(gone) - 1)
    return Removal(max(known, key=lambda gone: (known[gone], -len(gone))), False, False)


def _without_one(gone: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The set with one of its words put back, for each of them."""
    return [gone[:place] + gone[place + 1 :] for place in range(len(gone))]
