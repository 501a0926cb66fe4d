"""Who computes a stage's batches: the model of this process, or others that implement the interface (Ray replicas)."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..text.lines import counted
from .interruption import asked
from .stage import Compute, Item, Record

Computed = Generator[tuple[int, int, Record], None, None]
"""The number of a batch, the place of an item in it, and the item's record, as each is ready."""


class AbstractWorkers(ABC):
    """One or several copies of a model that compute batches."""

    @abstractmethod
    def work(self, compute: Compute[Item, Record], batches: Iterable[Sequence[Item]]) -> Computed[Record]:
        """Compute every batch; a batch is taken only when a worker is free for it.

        Yields batches' records in any order. Errors of ``compute`` are raised after the records that came before them.
        """


@dataclass(frozen=True)
class InProcess(AbstractWorkers):
    """The ``model`` of this process computes one batch after another."""

    model: Any

    def work(self, compute: Compute[Item, Record], batches: Iterable[Sequence[Item]]) -> Computed[Record]:
        for number, batch in enumerate(batches):
            for place, record in computed(compute, self.model, batch):
                yield number, place, record


def computed(compute: Compute[Item, Record], model: Any, batch: Sequence[Item]) -> Generator[tuple[int, Record], None, None]:
    """The records of one batch. Raises ValueError as soon as it is clear that there is not exactly one per item.

    After an interrupt that waits, some may be missing.
    """
    missing, items = set(range(len(batch))), counted(len(batch), "item")
    for place, record in compute(model, batch):
        if place not in missing:
            fault = "a second record for the item" if 0 <= place < len(batch) else "a record"
            raise ValueError(f"`compute` yielded {fault} at place {place} of a batch of {items}; yield one record per item.")
        missing.discard(place)
        yield place, record
    if missing and not asked():
        raise ValueError(f"`compute` yielded {counted(len(batch) - len(missing), 'record')} for {items}; yield one per item.")
