"""Coalition games whose Shapley values are known, and that need no model."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
from jaxtyping import config

from selfamplify.explain.perturbation import AbstractPerturbation
from selfamplify.games.coalitions import AbstractGame

Worth = Callable[[np.ndarray], np.ndarray]
"""The values [coalition] of coalitions [coalition, word], as zeros and ones."""


class Game(AbstractGame):
    """A game without a model; ``asked`` holds the coalitions of each call of ``values``."""

    def __init__(self, players: int, worth: Worth, words: tuple[str, ...] = ()):
        super().__init__(words=words)
        self.asked: list[np.ndarray] = []
        self._players = players
        self._worth = worth

    @property
    def players(self) -> int:
        return self._players

    @property
    def alike(self) -> tuple[object, ...]:
        return (id(self),)

    def values(self, coalitions: np.ndarray) -> np.ndarray:
        self.asked.append(coalitions)
        return super().values(coalitions)

    def evaluate(self, asked: Iterable[tuple[AbstractGame, np.ndarray]]) -> Iterator[float]:
        yield from np.asarray(self._worth(np.array([present for _, present in asked], float)), float).tolist()


@contextmanager
def types_unchecked() -> Iterator[None]:
    """Without the type checker of the test run: what a user sees who passes a value of another type."""
    config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        config.update("jaxtyping_disable", False)


def table(players: int, values: np.ndarray) -> Worth:
    """The game with a value for every coalition; number c holds word i if bit i of c is set."""
    return lambda rows: values[(rows @ (1 << np.arange(players))).astype(int)]


@dataclass
class Polynomial:
    """Words that matter alone, in pairs (i before j) and in threes; each product is shared out equally among its words."""

    alone: np.ndarray
    pairs: np.ndarray
    threes: list[tuple[np.ndarray, float]] = field(default_factory=list)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        value = 1.5 + rows @ self.alone + ((rows @ self.pairs) * rows).sum(1)
        return value + sum((weight * rows[:, words].prod(1) for words, weight in self.threes), np.zeros(len(rows)))

    @property
    def shapley(self) -> np.ndarray:
        scores = (
            self.alone + self.pairs.diagonal() + (self.pairs + self.pairs.T - 2 * np.diag(self.pairs.diagonal())).sum(1) / 2
        )
        for words, weight in self.threes:
            scores[words] += weight / len(words)
        return scores


def polynomial(players: int, seed: int, *, pairwise: float = 0.0, threes: int = 0) -> Polynomial:
    """A random polynomial game."""
    draw = np.random.default_rng(seed)
    pairs = pairwise * np.triu(draw.normal(size=(players, players)), 1)
    groups = [(draw.choice(players, 3, replace=False), float(draw.normal())) for _ in range(threes)]
    return Polynomial(draw.normal(size=players), pairs, groups)


def shapley_by_orders(players: int, worth: Worth) -> np.ndarray:
    """The definition: each word's gain, averaged over all orders in which the words may come."""
    scores, orders = np.zeros(players), list(permutations(range(players)))
    for order in orders:
        rows = np.zeros((players + 1, players))
        for place, word in enumerate(order):
            rows[place + 1 :, word] = 1
        scores[list(order)] += np.diff(worth(rows))
    return scores / len(orders)


def shapley_by_subsets(players: int, values: np.ndarray) -> np.ndarray:
    """The same, as a mean over coalitions, one at a time: for M up to 10."""
    scores = np.zeros(players)
    for word in range(players):
        by_size: dict[int, list[float]] = {}
        for coalition in range(2**players):
            if not coalition >> word & 1:
                by_size.setdefault(coalition.bit_count(), []).append(float(values[coalition | 1 << word] - values[coalition]))
        scores[word] = np.mean([np.mean(gains) for gains in by_size.values()])
    return scores


def scores_of(explainer: AbstractPerturbation, players: int, worth: Worth, seed: int = 0) -> np.ndarray:
    return np.array(explainer.attribute(Game(players, worth), seed).scores)
