"""Where finished records are kept: the interface, and the store that keeps none."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from .stage import Item, Record, Stage


class AbstractStore(ABC):
    """Records by key. ``runs/store.py`` has the one that writes a file."""

    @abstractmethod
    def keys(self, stage: Stage[Item, Record], items: Sequence[Item], start: int) -> list[Hashable]:
        """What the records of ``items`` are kept under; ``start`` is the place of the first among all items of the stage."""

    @abstractmethod
    def find(self, stage: Stage[Item, Record], keys: Sequence[Hashable]) -> dict[Hashable, Record]:
        """The records that are kept under these keys."""

    @abstractmethod
    def keep(self, stage: Stage[Item, Record], records: Mapping[Hashable, Record]) -> None:
        """Keep records under their keys."""


@dataclass(frozen=True)
class NoStore(AbstractStore):
    """Keeps nothing; a key is an item's place, so that nothing is hashed."""

    def keys(self, stage: Stage[Item, Record], items: Sequence[Item], start: int) -> list[Hashable]:
        return list(range(start, start + len(items)))

    def find(self, stage: Stage[Item, Record], keys: Sequence[Hashable]) -> dict[Hashable, Record]:
        return {}

    def keep(self, stage: Stage[Item, Record], records: Mapping[Hashable, Record]) -> None:
        pass
