"""What happens to an answer as words are removed, or come in, in the order of their importance: curves and their areas."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
from jaxtyping import Bool, Float
from scipy.integrate import trapezoid

BINS = (0.01, 0.05, 0.1, 0.2, 0.5)
"""The shares of words over which ERASER averages (DeYoung et al. 2020, section 5)."""
Values = Callable[[Bool[np.ndarray, "coalition word"]], Float[np.ndarray, " coalition"]]
"""The value of each coalition of words, True where a word is present: ``AbstractGame.values``, or the answer's probability."""


@dataclass(frozen=True)
class Curves:
    """The value of an answer along an order of the words, from the most important to the least.

    Parameters
    ----------
    players : int
        The number of words, M.
    counts : tuple of int
        After how many words the value was taken, from 0 to M, rising.
    without, only : tuple of float
        For each count, the value without the first so many words, and with only these.
    """

    players: int
    counts: tuple[int, ...]
    without: tuple[float, ...]
    only: tuple[float, ...]

    @property
    def comprehensiveness(self) -> float:
        """How much the value falls without the most important words: the mean over ``BINS``; larger is better.

        DeYoung et al. 2020 (ERASER, https://aclanthology.org/2020.acl-main.408), section 5. Words and not tokens are counted,
        and at least one is removed.
        """
        return self.without[0] - float(np.mean([self.without[place] for place in self._bins]))

    @property
    def sufficiency(self) -> float:
        """How much the value falls with only the most important words, as in ERASER; smaller is better."""
        return self.without[0] - float(np.mean([self.only[place] for place in self._bins]))

    @property
    def deletion(self) -> float:
        """The area below the value as words go, over shares from 0 to 1 (Petsiuk et al. 2018, RISE); smaller is better."""
        return self._area(self.without)

    @property
    def insertion(self) -> float:
        """The area below the value as words come in (RISE, https://arxiv.org/abs/1806.07421); larger is better."""
        return self._area(self.only)

    @cached_property
    def _bins(self) -> list[int]:
        return [self.counts.index(count) for count in bins(self.players)]

    def _area(self, values: Sequence[float]) -> float:
        return float(trapezoid(values, np.array(self.counts) / self.players))


def bins(players: int) -> list[int]:
    """The numbers of words that ``BINS`` are of so many words; at least one each."""
    return [max(1, ceil(round(share * players, 9))) for share in BINS]


def counts(players: int, points: int | None = None) -> tuple[int, ...]:
    """After how many words values are taken: in about equal steps from none to all, and at each of the ``BINS``.

    Parameters
    ----------
    players : int
        The number of words, at least 1.
    points : int, optional
        The most steps; by default one per word.
    """
    steps = players if points is None else min(points, players)
    even = np.linspace(0, players, steps + 1).round().astype(int)
    return tuple(sorted({*even.tolist(), *bins(players)}))


def curves(values: Values, orders: Sequence[Sequence[int]], at: Sequence[int]) -> list[Curves]:
    """The curves of several orders of the same words, whose values are asked for in one call.

    Parameters
    ----------
    values : callable
        The value of each coalition.
    orders : sequence of sequences of int
        Permutations of the places of all words, the most important first.
    at : sequence of int
        After how many words values are taken: see ``counts``.

    Returns
    -------
    list of Curves
        One per order.
    """
    if not orders:
        return []
    ranks = np.argsort(np.array(orders), axis=1)[:, None, :]
    first = ranks < np.array(at)[None, :, None]  # order, count, word
    coalitions = np.stack([~first, first], axis=1)
    players = coalitions.shape[-1]
    found = values(coalitions.reshape(-1, players)).reshape(len(orders), 2, len(at))
    return [Curves(players, tuple(at), tuple(without), tuple(only)) for without, only in found.tolist()]


def by_score(scores: Sequence[float]) -> list[int]:
    """The places of words from the highest score to the lowest; of equal scores, the first word comes first."""
    return np.argsort(-np.array(scores), kind="stable").tolist()
