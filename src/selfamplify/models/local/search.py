"""How one text grows token by token: as a single continuation, or as the best of several beams.

A search holds a block of rows, one per beam. It receives the best (or the drawn) continuations of its rows and decides which
row continues which. Both searches find what transformers' ``generate`` (version 5) finds.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Stops = Callable[[Sequence[int]], bool]
"""Whether a text ends with its last token."""
_IMPOSSIBLE = -1e9
"""The score of a beam that does not exist yet: all beams begin as one."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """A row of the block, a token that may follow it, and the log-probability of both together (0 if it is not needed)."""

    row: int
    token: int
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """A finished text: its tokens, and whether it ended by itself, rather than at the limit."""

    tokens: tuple[int, ...]
    ended: bool


class AbstractSearch(ABC):
    """The search for the text of one question, of at most ``limit`` tokens; ``found`` is the text once it is finished."""

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
        """The rows of the block, the best one first."""
        return [0]

    @property
    def scores(self) -> list[float]:
        """The log-probability of each row's tokens."""
        return [0.0]

    @abstractmethod
    def advance(self, continuations: Sequence[Continuation]) -> list[int]:
        """Take the next tokens; returns, for each row of the block, the row that it continues (nothing at the end)."""


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
    """The best of ``width`` beams by log-probability divided by length.

    With ``early``, the search stops as soon as ``width`` texts have ended; otherwise it stops when no running beam, at its
    present length, scores better than the worst of them.
    """

    def __init__(self, width: int, limit: int, stops: Stops, early: bool):
        super().__init__(limit, stops)
        self._width = width
        self._early = early
        self._running = [_Beam(row, (), 0.0 if row == 0 else _IMPOSSIBLE) for row in range(width)]
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
        rows = self.rows
        length = len(self._running[0].tokens) + 1
        texts = [(*rows[each.row], each.token) for each in continuations]
        stopped = [self.stops(text) for text in texts]
        ended = [stop or length == self.limit for stop in stopped]
        for rank in range(self._width):
            if ended[rank]:
                self._ended.append((continuations[rank].score / length, Text(texts[rank], stopped[rank])))
        self._ended = sorted(self._ended, key=lambda pair: -pair[0])[: self._width]
        unfinished = [rank for rank in range(len(texts)) if not ended[rank]]
        best = sorted(unfinished, key=lambda rank: -continuations[rank].score)[: self._width]
        full = len(self._ended) == self._width
        hopeless = full and bool(best) and continuations[best[0]].score / length <= self._ended[-1][0]
        if not best or hopeless or (full and self._early):
            self.found = self._ended[0][1]
            return []
        # There are fewer than ``width`` only if something other than an end token stops texts; the best one fills the gap.
        best += best[:1] * (self._width - len(best))
        return self._settle([(continuations[rank], texts[rank]) for rank in best])

    def _settle(self, chosen: list[tuple[Continuation, tuple[int, ...]]]) -> list[int]:
        """Give every beam a row, that of its own past if it is still free, so that little is copied."""
        free = set(range(self._width))
        rows: dict[int, int] = {}
        for rank, (each, _) in enumerate(chosen):
            if each.row in free:
                rows[rank] = each.row
                free.remove(each.row)
        for rank in range(self._width):
            if rank not in rows:
                rows[rank] = free.pop()
        self._running = [_Beam(rows[rank], text, each.score) for rank, (each, text) in enumerate(chosen)]
        pasts = {rows[rank]: each.row for rank, (each, _) in enumerate(chosen)}
        return [pasts[row] for row in range(self._width)]
