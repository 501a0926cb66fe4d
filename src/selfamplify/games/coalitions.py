"""The coalition game: the words that are present go in, the model's value for the answer comes out.

Estimators see nothing else of a model or a prompt.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float

from ..records import Baseline, Value
from ..text.keywords import keyword
from ..text.stop_words import StopWords
from .values import Absent, check_absent, check_baseline, check_value


@dataclass(kw_only=True)
class AbstractGame(ABC):
    """The coalition game of one prompt on one model; its players are words.

    Each distinct coalition is evaluated once and remembered.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, default "logit"
        What is attributed.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent.
    baseline : str, default "auto"
        What is put in the place of an absent word (``absent="mask"``): see ``AbstractAttribution``.
    words : tuple of str, default ()
        The text of each player, if the players may become keywords.
    stop_words : {"none", "authors", "default"}, default "default"
        Which words never become keywords.
    passes : int, default 0
        Distinct coalitions evaluated so far.

    Raises
    ------
    SettingsError
        If ``value`` or ``absent`` is unknown, or ``baseline`` is not a text.
    """

    value: Value = "logit"
    absent: Absent = "mask"
    baseline: str = "auto"
    words: tuple[str, ...] = ()
    stop_words: StopWords = "default"
    passes: int = 0
    _known: dict[bytes, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_value(self.value)
        check_absent(self.absent)
        check_baseline(self.baseline)

    @property
    def blank(self) -> Baseline | None:
        """What stands for an absent word; None if nothing does."""
        return None

    @property
    @abstractmethod
    def players(self) -> int:
        """The number of players, M."""

    @property
    @abstractmethod
    def alike(self) -> tuple[object, ...]:
        """A key that is equal for games whose coalitions can be evaluated together."""

    @abstractmethod
    def evaluate(self, asked: Iterable[tuple[Any, Bool[np.ndarray, " _word"]]]) -> Iterator[float]:
        """Yield the values of single coalitions in their order.

        Parameters
        ----------
        asked : iterable of (AbstractGame, boolean array of shape (word,))
            Coalitions, each with its game: this one, or another whose ``alike`` is equal.
        """

    @property
    def keywords(self) -> tuple[str | None, ...]:
        """The keyword that each player would become: None for a stop word; without ``words``, a distinct name for each."""
        if not self.words:
            return tuple(map(str, range(self.players)))
        return tuple(keyword(word, self.stop_words) for word in self.words)

    def values(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, " coalition"]:
        """Return the value of each coalition.

        Parameters
        ----------
        coalitions : boolean array of shape (coalition, word)
            True where the word is present. Coalitions may repeat.

        Returns
        -------
        float64 array of shape (coalition,)
            The attributed value: a logit or a difference of logits, or nats for ``"logprob"``.
        """
        return values_of([self], [coalitions])[0]

    def ends(self) -> tuple[float, float]:
        """Return f(all words) and f(no word)."""
        full, empty = self.values(ends(self.players))
        return float(full), float(empty)

    def new(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Bool[np.ndarray, "new word"]:
        """Return the distinct coalitions that have not been evaluated yet."""
        first: dict[bytes, int] = {}
        for place, key in enumerate(_keys(coalitions)):
            if key not in self._known:
                first.setdefault(key, place)
        return coalitions[list(first.values())]

    def remember(self, coalitions: Bool[np.ndarray, "coalition word"], values: Sequence[float]) -> None:
        """Keep the values of new, distinct coalitions, and count them as passes."""
        self._known.update(zip(_keys(coalitions), values, strict=True))
        self.passes += len(values)

    def recall(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, " coalition"]:
        """Return the values of coalitions that have been evaluated."""
        return np.array([self._known[key] for key in _keys(coalitions)])


def ends(players: int) -> Bool[np.ndarray, "2 word"]:
    """Return the coalition of all words and the coalition of none."""
    return np.array([[True] * players, [False] * players])


def values_of(
    games: Sequence[AbstractGame], coalitions: Sequence[Bool[np.ndarray, "_coalition _word"]]
) -> list[Float[np.ndarray, " _coalition"]]:
    """Return the values of the coalitions of several games; games that are ``alike`` share their batches.

    Parameters
    ----------
    games : sequence of AbstractGame
        Distinct games.
    coalitions : sequence of boolean arrays of shape (coalition, word)
        One array per game.

    Returns
    -------
    list of float64 arrays of shape (coalition,)
        One array per game.
    """
    for members in grouped(zip(games, coalitions, strict=True), lambda pair: pair[0].alike):
        new = [(game, game.new(asked)) for game, asked in members]
        values = members[0][0].evaluate((game, present) for game, asked in new for present in asked)
        for game, asked in new:
            game.remember(asked, list(islice(values, len(asked))))
    return [game.recall(asked) for game, asked in zip(games, coalitions, strict=True)]


Entry = TypeVar("Entry")


def grouped(items: Iterable[Entry], key: Callable[[Entry], object]) -> list[list[Entry]]:
    """Return the items in groups of equal key, in the order of first appearance."""
    groups: dict[object, list[Entry]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _keys(coalitions: Bool[np.ndarray, "coalition word"]) -> list[bytes]:
    return [row.tobytes() for row in np.packbits(coalitions, axis=1)]
