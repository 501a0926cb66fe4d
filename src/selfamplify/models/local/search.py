"""How one text grows token by token: a single continuation, or the best of several beams.

A search holds a block of rows, one a beam. It is told the best (or drawn) continuations of its rows, and says what each row
goes on with. Both find what transformers' ``generate`` finds (version 5).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Stops = Callable[[Sequence[int]], bool]
"""Whether a text ends with its last token."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """A token behind what a row of the block holds, and the log-probability of all of it (0 where nobody asks)."""

    row: int
    token: int
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """A text at its end: its tokens, and whether it ended by itself and not by the limit."""

    tokens: tuple[int, ...]
    ended: bool


class AbstractSearch(ABC):
    """The text of one question, of at most ``limit`` tokens; ``found`` once it is at its end."""

    def __init__(self, limit: int, stops: Stops):
        self.limit = limit
        self.stops = stops
        self.found: Text | None = None

    @property
    @abstractmethod
    def rows(self) -> list[tuple[int, ...]]:
        """The tokens that each row of the block holds."""

    @property
    def order(self) -> list[int]:
        """The rows of the block by what they hold, the best first."""
        return [0]

    @property
    def scores(self) -> list[float]:
        """The log-probability of what each row holds."""
        return [0.0]

    @abstractmethod
    def advance(self, continuations: Sequence[Continuation]) -> list[int]:
        """Take the next tokens; gives, for each row of the block, the row whose past it goes on with (none at the end)."""


class Single(AbstractSearch):
    """One continuation."""

    def __init__(self, limit: int, stops: Stops):
        super().__init__(limit, stops)
        self._tokens: tuple[int, ...] = ()

    @property
    def rows(self) -> list[tuple[int, ...]]:
        return [self._tokens]

    def advance(self, continuations: Sequence[Continuation]) -> list[int]:
        self._tokens = (*self._tokens, continuations[0].token)
        ended = self.stops(self._tokens)
        if ended or len(self._tokens) == self.limit:
            self.found = Text(self._tokens, ended)
        return [0]


@dataclass(frozen=True, slots=True)
class _Beam:
    row: int
    tokens: tuple[int, ...]
    score: float


class Beams(AbstractSearch):
    """The best of ``width`` beams, by their log-probability divided by their length.

    ``early``: stop as soon as ``width`` texts are at their end; otherwise only when no running beam could get better than the
    worst of these, at its present length.
    """

    def __init__(self, width: int, limit: int, stops: Stops, early: bool):
        super().__init__(limit, stops)
        self._width = width
        self._early = early
        self._running = [_Beam(row, (), 0.0 if row == 0 else _NEVER) for row in range(width)]
        self._ended: list[tuple[float, Text]] = []

    @property
    def rows(self) -> list[tuple[int, ...]]:
        return [beam.tokens for beam in self._by_row()]

    @property
    def order(self) -> list[int]:
        return [beam.row for beam in self._running]

    @property
    def scores(self) -> list[float]:
        return [beam.score for beam in self._by_row()]

    def _by_row(self) -> list[_Beam]:
        return sorted(self._running, key=lambda beam: beam.row)

    def advance(self, continuations: Sequence[Continuation]) -> list[int]:
        pasts = self.rows
        length = len(self._running[0].tokens) + 1
        texts = [(*pasts[each.row], each.token) for each in continuations]
        stopped = [self.stops(text) for text in texts]
        ended = [stop or length == self.limit for stop in stopped]
        for place in range(self._width):
            if ended[place]:
                self._ended.append((continuations[place].score / length, Text(texts[place], stopped[place])))
        self._ended = sorted(self._ended, key=lambda pair: -pair[0])[: self._width]
        open_ones = [place for place in range(len(texts)) if not ended[place]]
        best = sorted(open_ones, key=lambda place: -continuations[place].score)[: self._width]
        full = len(self._ended) == self._width
        hopeless = full and bool(best) and continuations[best[0]].score / length <= self._ended[-1][0]
        if not best or hopeless or (full and self._early):
            self.found = self._ended[0][1]
            return []
        # Fewer than ``width`` only where something else than an end token stops texts: then the best stands in for others.
        best += best[:1] * (self._width - len(best))
        return self._settle([(continuations[place], texts[place]) for place in best])

    def _settle(self, chosen: list[tuple[Continuation, tuple[int, ...]]]) -> list[int]:
        """Give every beam a row, its own past's where that is still free, so that little is copied."""
        free = set(range(self._width))
        rows: dict[int, int] = {}
        for place, (each, _) in enumerate(chosen):
            if each.row in free:
                rows[place] = each.row
                free.remove(each.row)
        for place in range(self._width):
            if place not in rows:
                rows[place] = free.pop()
        self._running = [_Beam(rows[place], text, each.score) for place, (each, text) in enumerate(chosen)]
        pasts = {rows[place]: each.row for place, (each, _) in enumerate(chosen)}
        return [pasts[row] for row in range(self._width)]


_NEVER = -1e9
"""The score of a beam that does not exist yet: all begin as one."""
