"""The coalition game: which words are present, in; the model's value for the answer, out. No estimator knows more of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float

from ..errors import SettingsError
from ..text.keywords import keyword

VALUES = ("logit", "logprob", "margin")
ABSENT = ("mask", "delete")


def check_rules(value: str, absent: str) -> None:
    """Raise SettingsError for an unknown value or treatment of absent words."""
    if value not in VALUES:
        raise SettingsError(f"There is no value '{value}' to attribute; choose one of: {', '.join(VALUES)}.")
    if absent not in ABSENT:
        raise SettingsError(f"Absent words can't be treated as '{absent}'; choose one of: {', '.join(ABSENT)}.")


@dataclass(kw_only=True)
class AbstractGame(ABC):
    """The game of one prompt on one model; each distinct coalition is evaluated once, and ``passes`` counts them.

    ``value`` and ``absent`` say what is attributed, and what becomes of an absent word. ``words`` are what the players are
    called, where they may become keywords.
    """

    value: str = "logit"
    absent: str = "mask"
    words: tuple[str, ...] = ()
    passes: int = 0
    _known: dict[bytes, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_rules(self.value, self.absent)

    @property
    @abstractmethod
    def players(self) -> int:
        """How many words play."""

    @property
    @abstractmethod
    def alike(self) -> tuple[object, ...]:
        """What games have in common that can be evaluated together."""

    @abstractmethod
    def evaluate(self, plays: Iterable[tuple[Any, Bool[np.ndarray, " _word"]]]) -> Iterator[float]:
        """The values of single coalitions of this game and others ``alike``, in order."""

    @property
    def keywords(self) -> tuple[str | None, ...]:
        """The keyword that each player would become, None for a function word; without ``words``, each is one of its own."""
        return tuple(map(keyword, self.words)) if self.words else tuple(map(str, range(self.players)))

    def values(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, " coalition"]:
        """The value of each coalition (True: the word is present), in float64."""
        return values_of([self], [coalitions])[0]

    def ends(self) -> tuple[float, float]:
        """f(all words) and f(no word)."""
        full, empty = self.values(ends(self.players))
        return float(full), float(empty)

    def new(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Bool[np.ndarray, "new word"]:
        """The distinct coalitions that were not evaluated before."""
        first: dict[bytes, int] = {}
        for place, key in enumerate(_keys(coalitions)):
            if key not in self._known:
                first.setdefault(key, place)
        return coalitions[list(first.values())]

    def remember(self, coalitions: Bool[np.ndarray, "coalition word"], values: Sequence[float]) -> None:
        self._known.update(zip(_keys(coalitions), values, strict=True))
        self.passes += len(values)

    def recall(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, " coalition"]:
        return np.array([self._known[key] for key in _keys(coalitions)])


def ends(players: int) -> Bool[np.ndarray, "2 word"]:
    """The coalition of all words, and that of none."""
    return np.array([[True] * players, [False] * players])


def values_of(
    games: Sequence[AbstractGame], asked: Sequence[Bool[np.ndarray, "_coalition _word"]]
) -> list[Float[np.ndarray, " _coalition"]]:
    """The values of the coalitions of several games, each another one; games that are ``alike`` are evaluated together."""
    for members in grouped(zip(games, asked, strict=True), lambda pair: pair[0].alike):
        new = [(game, game.new(coalitions)) for game, coalitions in members]
        values = members[0][0].evaluate((game, present) for game, coalitions in new for present in coalitions)
        for game, coalitions in new:
            game.remember(coalitions, list(islice(values, len(coalitions))))
    return [game.recall(coalitions) for game, coalitions in zip(games, asked, strict=True)]


Entry = TypeVar("Entry")


def grouped(items: Iterable[Entry], key: Callable[[Entry], object]) -> list[list[Entry]]:
    """The items in groups of equal key, in the order of first appearance."""
    groups: dict[object, list[Entry]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _keys(coalitions: Bool[np.ndarray, "coalition word"]) -> list[bytes]:
    return [row.tobytes() for row in np.packbits(coalitions, axis=1)]
