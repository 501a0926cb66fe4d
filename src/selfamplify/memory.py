"""How finished work is remembered: a stage hands over its items and gets one record for each, computed or recalled.

The stages of the road know this interface; only ``experiment/store.py`` knows of a file.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Record = TypeVar("Record")

Progress = Callable[[str, int, int], None]
"""Told before and after every batch: what is being done, how many items are done, of how many."""


@dataclass(frozen=True)
class Stage(Generic[Item, Record]):
    """One kind of work: ``compute`` turns a batch of items into records, in order.

    ``identity`` lists all that an item's record depends on, as plain data: it becomes the key under which the record is
    remembered. ``batch`` items are computed, and remembered, together.
    """

    name: str
    record: type[Record]
    identity: Callable[[Item], list[Any]]
    compute: Callable[[Sequence[Item]], Sequence[Record]]
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
            records = stage.compute(batch)
            done += len(batch)
            self.progress(stage.name, done, len(items))
            yield from records


def batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Consecutive runs of at most ``size`` items."""
    return (items[start : start + size] for start in range(0, len(items), size))
