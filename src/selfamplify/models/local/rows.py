"""What is kept of the rows that are continued behind one shared prefix: their own keys and values, written in place.

Slot i of a row holds its i-th token behind the prefix, so that a position is a slot and no padding lies between.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .attention import KeysValues, Rule, SharedPrefix, attend

_SLOTS = 64
"""Room for so many more tokens is made at once."""


class Rows:
    """The keys and values of at most ``room`` rows; the first ``len(rows)`` of them are in use.

    Each grows by at most ``growth`` tokens. Slots behind a row's end hold zeros, or what other rows have left: no token sees
    them, but they are multiplied by zero, and must be numbers.
    """

    def __init__(self, prefix: KeysValues, room: int, growth: int):
        self.prefix = prefix
        self._more = min(_SLOTS, growth)
        self.lengths: list[int] = []
        self._common: list[int] = []  # the tokens that a row has in common with its copies
        self._room = room
        self._kept: list[tuple[Tensor, Tensor]] = []

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def nbytes(self) -> int:
        """Bytes that are held, in use or not."""
        return sum(store.nbytes for kept in self._kept for store in kept)

    def add(self, first: "FirstPass", lengths: Sequence[int], copies: int) -> None:
        """Take in rows that were run in one pass, each ``copies`` times."""
        start, width = len(self), max(lengths)
        self._reserve(first.kept, width)
        self.lengths += [length for length in lengths for _ in range(copies)]
        self._common += [length for length in lengths for _ in range(copies)]
        for kept, new in zip(self._kept, first.kept, strict=True):
            for store, tensor in zip(kept, new, strict=True):
                store[start : len(self), :, :width] = tensor[:, :, :width].repeat_interleave(copies, 0)
                store[start : len(self), :, width:] = 0

    def _reserve(self, like: KeysValues, slots: int) -> None:
        """Make room for ``slots`` tokens a row."""
        for layer, pair in enumerate(like):
            if layer < len(self._kept) and self._kept[layer][0].shape[2] >= slots:
                continue
            grown = [tensor.new_empty(self._room, tensor.shape[1], slots + self._more, tensor.shape[3]) for tensor in pair]
            if layer < len(self._kept):
                for store, old in zip(grown, self._kept[layer], strict=True):
                    store[: len(self), :, : old.shape[2]] = old[: len(self)]
                    store[: len(self), :, old.shape[2] :] = 0
            self._kept[layer : layer + 1] = [(grown[0], grown[1])]

    def copy(self, targets: Sequence[int], sources: Sequence[int]) -> None:
        """Let rows become copies of others that began as the same one."""
        if targets:
            self._write(targets, sources, min(self._common[target] for target in targets))

    def move(self, target: int, source: int, count: int) -> None:
        """Let ``count`` rows from ``source`` on take the place of others."""
        targets, sources = range(target, target + count), range(source, source + count)
        self._write(targets, sources, 0)
        for one, other in zip(targets, sources, strict=True):
            self.lengths[one], self._common[one] = self.lengths[other], self._common[other]

    def _write(self, targets: Sequence[int], sources: Sequence[int], start: int) -> None:
        end = max(self.lengths[source] for source in sources)
        for kept in self._kept:
            for store in kept:
                store[list(targets), :, start:end] = store[list(sources), :, start:end]

    def keep(self, count: int) -> None:
        """Let go of all rows but the first ``count``."""
        del self.lengths[count:], self._common[count:]

    def append(
        self,
        layer: int,
        places: Int[Tensor, " row"],
        key: Float[Tensor, "row head 1 dim"],
        value: Float[Tensor, "row head 1 dim"],
    ) -> tuple[Float[Tensor, "row head slot dim"], Float[Tensor, "row head slot dim"]]:
        """Write one more token of every row at its place; returns all that the rows have in this layer."""
        keys, values = self._kept[layer]
        rows = torch.arange(len(self), device=places.device)
        keys[rows, :, places] = key[:, :, 0]
        values[rows, :, places] = value[:, :, 0]
        end = max(self.lengths) + 1
        return keys[: len(self), :, :end], values[: len(self), :, :end]

    def ready(self) -> None:
        """Make room for one more token of every row."""
        self._reserve(self._kept, max(self.lengths) + 1)

    def grown(self) -> None:
        """Count the token that every layer has written."""
        self.lengths = [length + 1 for length in self.lengths]


class FirstPass(SharedPrefix):
    """Rows in one pass whose keys and values are kept."""

    def __init__(self, layers: KeysValues):
        super().__init__(layers)
        self.kept: KeysValues = []

    def near(self, layer: int, query: Tensor, key: Tensor, value: Tensor, rule: Rule) -> tuple[Tensor, Tensor]:
        self.kept.append((key, value))
        return super().near(layer, query, key, value, rule)


class NextPass(SharedPrefix):
    """One more token of every row."""

    def __init__(self, rows: Rows, device: torch.device):
        super().__init__(rows.prefix)
        rows.ready()
        self._rows = rows
        self._places = torch.tensor(rows.lengths, device=device)

    def places(self, width: int, device: torch.device) -> Int[Tensor, "row 1"]:
        return self._places[:, None]

    def farthest(self, width: int) -> int:
        return max(self._rows.lengths)

    def near(self, layer: int, query: Tensor, key: Tensor, value: Tensor, rule: Rule) -> tuple[Tensor, Tensor]:
        keys, values = self._rows.append(layer, self._places, key, value)
        slots = torch.arange(keys.shape[2], device=keys.device)
        distances = self._places[:, None] - slots
        seen = (distances >= 0) if rule.window is None else (distances >= 0) & (distances < rule.window)
        # The heads of a group share keys: they are the queries of one.
        grouped = query.unflatten(1, (keys.shape[1], -1)).squeeze(3)
        out, lse = attend(grouped, keys, values, rule, False, seen[:, None, None])
        return out.flatten(1, 2).unsqueeze(2), lse.flatten(1, 2).unsqueeze(2)
