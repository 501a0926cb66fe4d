"""How finished work is remembered: a stage hands over its items and gets one record for each, computed or recalled.

The stages of the road know this interface; only ``experiment/store.py`` knows of a file.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from time import monotonic
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Record = TypeVar("Record")

Compute = Callable[[Sequence[Item]], Iterable[tuple[int, Record]]]
"""Gives, of a batch of items, each one's place and record, as they come and in any order."""
Progress = Callable[[str, int, int], None]
"""Told before every batch and after every piece of it: what is being done, how many items are done, of how many."""

Performed = Generator[tuple[int, int, Record], None, None]
"""The number of the batch, the place in it, and the record of each item, as they come."""

_PIECE = 1.0
"""Seconds of work that a crash may cost, where records come one by one."""


def one_by_one(compute: Compute[Item, Record], batches: Iterable[Sequence[Item]]) -> Performed[Record]:
    """Compute batch after batch. Raises ValueError where one gives other than a record an item."""
    for number, batch in enumerate(batches):
        count = 0
        for place, record in compute(batch):
            count += 1
            yield number, place, record
        if count != len(batch):
            raise ValueError(f"{count} records came of {len(batch)} items")


@dataclass(frozen=True)
class Stage(Generic[Item, Record]):
    """One kind of work: ``compute``, done one batch after another, or by a model that does several at a time.

    ``identity`` lists all that an item's record depends on, as plain data: it becomes the key under which the record is
    remembered. ``batch`` items are handed over together; what came of them is remembered at least every second.
    """

    name: str
    record: type[Record]
    identity: Callable[[Item], list[Any]]
    compute: Compute[Item, Record]
    batch: int = 1
    perform: Callable[[Compute[Item, Record], Iterable[Sequence[Item]]], Performed[Record]] = one_by_one


class AbstractMemory(ABC):
    """What runs a stage, or recalls what it gave."""

    progress: Progress

    @abstractmethod
    def keys(self, stage: Stage[Item, Record], items: Sequence[Item], start: int) -> list[Hashable]:
        """What the records of ``items`` are remembered by; ``start`` is the place of the first among all items."""

    @abstractmethod
    def find(self, stage: Stage[Item, Record], keys: Sequence[Hashable]) -> dict[Hashable, Record]:
        """The records that are remembered."""

    @abstractmethod
    def keep(self, stage: Stage[Item, Record], records: Mapping[Hashable, Record]) -> None:
        """Remember records."""

    def stream(self, stage: Stage[Item, Record], items: Sequence[Item]) -> Iterator[Record]:
        """The records of ``items``, in their order; nothing is computed before it is asked for, batch by batch."""
        parts = max(1, -(-len(items) // stage.batch))
        size = max(1, -(-len(items) // parts))  # equal parts, and none a mere rest
        cut = [items[start : start + size] for start in range(0, len(items), size)]
        opened: list[_Batch[Item, Record]] = []
        handed: list[_Batch[Item, Record]] = []

        def at(number: int) -> _Batch[Item, Record]:
            while len(opened) <= number:
                opened.append(self._open(stage, cut[len(opened)], len(opened) * size))
            return opened[number]

        def lacking() -> Iterator[Sequence[Item]]:
            for batch in map(at, range(len(cut))):
                if batch.missing:
                    tell()
                    handed.append(batch)
                    yield [item for _, item in batch.asked]

        def tell() -> None:
            self.progress(stage.name, sum(len(batch.known) for batch in opened), len(items))

        def advance(until: _Batch[Item, Record]) -> None:
            """Take records until that batch is complete or a second is over, and keep what has come, also before an error."""
            start, piece = monotonic(), dict[Hashable, Record]()
            try:
                while until.missing and monotonic() - start < _PIECE:
                    number, place, record = next(found)
                    piece[handed[number].take(place, record)] = record
            finally:
                if piece:
                    self.keep(stage, piece)
                    tell()

        with closing(stage.perform(stage.compute, lacking())) as found:
            for batch in map(at, range(len(cut))):
                while batch.missing:
                    advance(batch)
                yield from (batch.known[key] for key in batch.keys)

    def _open(self, stage: Stage[Item, Record], items: Sequence[Item], start: int) -> "_Batch[Item, Record]":
        keys = self.keys(stage, items, start)
        known = self.find(stage, keys)
        asked = {key: item for key, item in zip(keys, items, strict=True) if key not in known}
        return _Batch(keys, known, list(asked.items()), set(asked))

    def recall(self, stage: Stage[Item, Record], items: Sequence[Item]) -> list[Record]:
        """All of the records."""
        return list(self.stream(stage, items))


def silent(what: str, done: int, total: int) -> None:
    """The progress of those who do not want to be told."""


@dataclass(frozen=True)
class NoMemory(AbstractMemory):
    """Computes everything, and remembers nothing."""

    progress: Progress = silent

    def keys(self, stage: Stage[Item, Record], items: Sequence[Item], start: int) -> list[Hashable]:
        return list(range(start, start + len(items)))

    def find(self, stage: Stage[Item, Record], keys: Sequence[Hashable]) -> dict[Hashable, Record]:
        return {}

    def keep(self, stage: Stage[Item, Record], records: Mapping[Hashable, Record]) -> None:
        pass


@dataclass(frozen=True)
class _Batch(Generic[Item, Record]):
    """A batch of items by their keys: the records that are known, the items that were not, and those still missing."""

    keys: list[Hashable]
    known: dict[Hashable, Record]
    asked: list[tuple[Hashable, Item]]
    missing: set[Hashable]

    def take(self, place: int, record: Record) -> Hashable:
        """Take the record of the item at that place among those asked for; gives its key."""
        key = self.asked[place][0]
        self.known[key] = record
        self.missing.discard(key)
        return key
