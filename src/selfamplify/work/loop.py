"""The loop over a stage's batches: records are found in the store, or computed by workers and kept; always in order."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Generic

from .interruption import asked, in_hand
from .stage import Item, Progress, Record, Stage
from .store import AbstractStore, NoStore
from .workers import AbstractWorkers, Computed

_PART = 1.0
"""Seconds of computing that a crash may cost, where the records of a batch come one by one."""


def records(
    stage: Stage[Item, Record], items: Sequence[Item], store: AbstractStore, workers: AbstractWorkers, progress: Progress
) -> Iterator[Record]:
    """The records of ``items``, in their order.

    Nothing is computed before a record is asked for, and no batch is begun while the records of a finished one are taken.
    Whoever stops early has paid for one unfinished batch per worker at most, and for later batches that were finished while an
    earlier one was awaited. What is ready is kept at least every second, also before an error. After an interrupt that waits
    (``interruption.py``), the batches in hand are finished and kept, and then KeyboardInterrupt is raised.
    """
    batches = _Batches(stage, items, store, progress)
    with closing(workers.work(stage.compute, batches.lacking())) as coming:
        for number in range(batches.count):
            batch = batches[number]
            while batch.missing:
                batches.take(coming, batch)
            batches.forget(number)
            yield from (batch.known[key] for key in batch.keys)


@dataclass(frozen=True)
class _Batch(Generic[Item, Record]):
    """Items by their keys: the records that are known, the items that were not known at first, the keys still missing, and how
    many items have each key."""

    keys: list[Hashable]
    known: dict[Hashable, Record]
    asked: list[tuple[Hashable, Item]]
    missing: set[Hashable]
    times: Counter[Hashable]


class _Batches(Generic[Item, Record]):
    """A stage's items, cut into equal batches that are looked up in the store when they are first needed.

    A batch is forgotten when its records are taken, so that a long stage holds no more than the batches in work.
    """

    def __init__(self, stage: Stage[Item, Record], items: Sequence[Item], store: AbstractStore, progress: Progress):
        parts = max(1, -(-len(items) // stage.batch))
        self._size = max(1, -(-len(items) // parts))  # equal parts, so that none is a mere rest
        self._stage, self._items, self._store, self._progress = stage, items, store, progress
        self._opened: dict[int, _Batch[Item, Record]] = {}
        self._handed: list[int] = []
        self._taken = 0
        self._done = 0
        self.count = -(-len(items) // self._size)

    def __getitem__(self, number: int) -> _Batch[Item, Record]:
        if number not in self._opened:
            start = number * self._size
            self._opened[number] = self._looked_up(self._items[start : start + self._size], start)
        return self._opened[number]

    def forget(self, number: int) -> None:
        """Let go of a batch that is complete, and of which nothing is asked any more."""
        del self._opened[number]
        self._taken = number + 1

    def _looked_up(self, items: Sequence[Item], start: int) -> _Batch[Item, Record]:
        keys = self._store.keys(self._stage, items, start)
        known = self._store.find(self._stage, keys)
        asked = {key: item for key, item in zip(keys, items, strict=True) if key not in known}
        self._done += sum(key in known for key in keys)
        if self._handed and not asked:  # once something is computed, progress ends at the total
            self._report()
        return _Batch(keys, known, list(asked.items()), set(asked), Counter(keys))

    def lacking(self) -> Iterator[Sequence[Item]]:
        """The items whose records are not known, batch by batch, for workers to take."""
        for number in range(self.count):
            if number < self._taken or not self[number].missing:
                continue
            if asked():
                return
            self._report()
            self._handed.append(number)
            yield [item for _, item in self[number].asked]

    def take(self, coming: Computed[Record], until: _Batch[Item, Record]) -> None:
        """Take records until that batch is complete or a second is over, and keep them."""
        start, part, done = monotonic(), dict[Hashable, Record](), 0
        with nullcontext() if isinstance(self._store, NoStore) else in_hand():
            try:
                for number, place, record in coming:
                    batch = self._opened[self._handed[number]]
                    key = batch.asked[place][0]
                    batch.known[key] = part[key] = record
                    batch.missing.discard(key)
                    done += batch.times[key]
                    if not until.missing or monotonic() - start >= _PART:
                        return
                # The workers have finished all that was handed out.
                raise KeyboardInterrupt if asked() else ValueError("The workers ended before all items were computed.")
            finally:
                if part:
                    self._store.keep(self._stage, part)
                    self._done += done
                    self._report()

    def _report(self) -> None:
        self._progress(self._stage.name, self._done, len(self._items))
