"""How finished work is remembered: a stage hands over its items and gets one record for each, computed or recalled.

The stages of the road know this interface; only ``experiment/store.py`` knows of a file.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Record = TypeVar("Record")

_PIECE = 1.0
"""Seconds of work that a crash may cost, where records come one by one."""
Progress = Callable[[str, int, int], None]
"""Told before every batch and after every piece of it: what is being done, how many items are done, of how many."""


@dataclass(frozen=True)
class Stage(Generic[Item, Record]):
    """One kind of work: ``compute`` gives, of a batch of items, each one's place and record, as they come and in any order.

    ``identity`` lists all that an item's record depends on, as plain data: it becomes the key under which the record is
    remembered. ``batch`` items are handed over together; what came of them is remembered at least every second.
    """

    name: str
    record: type[Record]
    identity: Callable[[Item], list[Any]]
    compute: Callable[[Sequence[Item]], Iterable[tuple[int, Record]]]
    batch: int = 1


class AbstractMemory(ABC):
    """What runs a stage, or recalls what it gave."""

    @abstractmethod
    def stream(self, stage: Stage[Item, Record], items: Sequence[Item]) -> Iterator[Record]:
        """The records of ``items``, in their order; nothing is computed before it is asked for, batch by batch."""

    def recall(self, stage: Stage[Item, Record], items: Sequence[Item]) -> list[Record]:
        """All of the records."""
        return list(self.stream(stage, items))


def silent(what: str, done: int, total: int) -> None:
    """The progress of those who do not want to be told."""


@dataclass(frozen=True)
class NoMemory(AbstractMemory):
    """Computes everything, and remembers nothing."""

    progress: Progress = silent

    def stream(self, stage: Stage[Item, Record], items: Sequence[Item]) -> Iterator[Record]:
        done = 0
        for batch in batches(items, stage.batch):
            self.progress(stage.name, done, len(items))
            records: dict[int, Record] = {}
            for piece in pieces(stage, batch):
                records |= piece
                self.progress(stage.name, done + len(records), len(items))
            done += len(batch)
            yield from (records[place] for place in range(len(batch)))


def batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Consecutive runs of at most ``size`` items."""
    return (items[start : start + size] for start in range(0, len(items), size))


def pieces(stage: Stage[Item, Record], batch: Sequence[Item]) -> Iterator[dict[int, Record]]:
    """What a stage computes of a batch, by place, in pieces of a second's work; what came before an error comes before it."""
    piece: dict[int, Record] = {}
    start, count = monotonic(), 0
    try:
        for place, record in stage.compute(batch):
            piece[place] = record
            count += 1
            if monotonic() - start >= _PIECE:
                yield piece
                piece, start = {}, monotonic()
    except (Exception, KeyboardInterrupt):
        if piece:
            yield piece
        raise
    if piece:
        yield piece
    if count != len(batch):
        raise ValueError(f"{stage.name} gave {count} records for {len(batch)} items")
