"""One kind of work, as plain data: which records it makes of which items, and what each record depends on."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..text.lines import sha256

Item = TypeVar("Item")
Record = TypeVar("Record")

Compute = Callable[[Any, Sequence[Item]], Iterable[tuple[int, Record]]]
"""Takes a worker's model and a batch of items; yields the place of each item in the batch with its record, in any order."""
Progress = Callable[[str, int, int], None]
"""Called before every batch and after every part of it: what is being done, how many items are done, of how many.

It is not called if all records are known."""


def within(progress: Progress, where: str) -> Progress:
    """The same progress, which also says where in a longer piece of work it is."""
    return lambda what, done, total: progress(f"{where}: {what}", done, total)


def silent(what: str, done: int, total: int) -> None:
    """Report no progress."""


@dataclass(frozen=True)
class Stage(Generic[Item, Record]):
    """One kind of work.

    Parameters
    ----------
    name
        What progress reports, and a part of every key.
    record
        The type of the records, by which a store reads them back.
    identity
        Lists all that an item's record depends on, as plain data that JSON can hold.
    compute
        Makes the records of a batch, with the model of whoever does the work. It travels to other processes, so it must be
        a function of a module, or a ``functools.partial`` of one.
    batch
        How many items are computed together, at most.
    """

    name: str
    record: Any
    identity: Callable[[Item], list[Any]]
    compute: Compute[Item, Record]
    batch: int = 1

    def key(self, item: Item) -> str:
        """The SHA-256 under which the record of an item is stored."""
        return sha256(json.dumps([self.name, self.identity(item)], ensure_ascii=True))
