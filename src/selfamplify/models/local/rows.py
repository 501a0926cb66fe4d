"""Rows that are continued after one shared prefix: their own keys and values, written in place.

Slot i of a row holds the i-th token after the prefix, so that slots are positions and there is no padding between tokens.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .attention import KeysValues, Rule, SharedPrefix, attend

_SLOTS = 64
"""Memory is reserved for this many more tokens at a time."""


class Rows:
    """The keys and values of at most ``capacity`` rows, of which the first ``len(rows)`` are in use.

    Each row grows by at most ``growth`` tokens. Slots after a row's end hold zeros or what other rows have left there. No token
    attends to them, but they are multiplied by zero, so they must be numbers.
    """

    def __init__(self, prefix: KeysValues, capacity: int, growth: int):
        self.prefix = prefix
        self.lengths: list[int] = []
        self._extra_slots = min(_SLOTS, growth)
        self._common: list[int] = []  # how many tokens a row has in common with its copies
        self._capacity = capacity
        self._layers: list[tuple[Tensor, Tensor]] = []

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that are reserved, whether they are in use or not."""
        return sum(store.nbytes for layer in self._layers for store in layer)

    def add(self, first: "FirstPass", lengths: Sequence[int], copies: int) -> None:
        """Add rows that were run in one pass, each ``copies`` times."""
        start, width = len(self), max(lengths)
        self._reserve(first.own_layers, width)
        self.lengths += [length for length in lengths for _ in range(copies)]
        self._common += [length for length in lengths for _ in range(copies)]
        for layer, new in zip(self._layers, first.own_layers, strict=True):
            for store, tensor in zip(layer, new, strict=True):
                store[start : len(self), :, :width] = tensor[:, :, :width].repeat_interleave(copies, 0)
                store[start : len(self), :, width:] = 0

    def _reserve(self, like: KeysValues, slots: int) -> None:
        """Reserve memory for at least ``slots`` tokens per row."""
        for number, pair in enumerate(like):
            if number < len(self._layers) and self._layers[number][0].shape[2] >= slots:
                continue
            width = slots + self._extra_slots
            grown = [tensor.new_empty(self._capacity, tensor.shape[1], width, tensor.shape[3]) for tensor in pair]
            if number < len(self._layers):
                for store, old in zip(grown, self._layers[number], strict=True):
                    store[: len(self), :, : old.shape[2]] = old[: len(self)]
                    store[: len(self), :, old.shape[2] :] = 0
            self._layers[number : number + 1] = [(grown[0], grown[1])]

    def copy(self, targets: Sequence[int], sources: Sequence[int]) -> None:
        """Turn rows into copies of others that began as the same row."""
        if targets:
            self._write(targets, sources, min(self._common[target] for target in targets))

    def move(self, targets: Sequence[int], sources: Sequence[int]) -> None:
        """Put rows in the place of others."""
        if not targets:
            return
        self._write(targets, sources, 0)
        for new, old in zip(targets, sources, strict=True):
            self.lengths[new], self._common[new] = self.lengths[old], self._common[old]

    def _write(self, targets: Sequence[int], sources: Sequence[int], start: int) -> None:
        end = max(self.lengths[source] for source in sources)
        device = self._layers[0][0].device
        new, old = (torch.tensor(places, device=device) for places in (targets, sources))
        for layer in self._layers:
            for store in layer:
                store[new, :, start:end] = store[old, :, start:end]

    def truncate(self, count: int) -> None:
        """Drop all rows but the first ``count``."""
        del self.lengths[count:], self._common[count:]

    def append(
        self,
        layer: int,
        positions: Int[Tensor, " row"],
        key: Float[Tensor, "row head 1 dim"],
        value: Float[Tensor, "row head 1 dim"],
    ) -> tuple[Float[Tensor, "row head slot dim"], Float[Tensor, "row head slot dim"]]:
        """Write one more token of every row at its position; returns all keys and values of the rows in this layer."""
        keys, values = self._layers[layer]
        rows = torch.arange(len(self), device=positions.device)
        keys[rows, :, positions] = key[:, :, 0]
        values[rows, :, positions] = value[:, :, 0]
        end = max(self.lengths) + 1
        return keys[: len(self), :, :end], values[: len(self), :, :end]

    def reserve_next(self) -> None:
        """Reserve memory for one more token of every row."""
        self._reserve(self._layers, max(self.lengths) + 1)

    def count_next(self) -> None:
        """Count the token that every layer has written."""
        self.lengths = [length + 1 for length in self.lengths]


class FirstPass(SharedPrefix):
    """Rows that are run in one pass; ``own_layers`` holds their own keys and values afterwards."""

    def __init__(self, layers: KeysValues):
        super().__init__(layers)
        self.own_layers: KeysValues = []

    def attend_to_suffix(self, layer: int, query: Tensor, key: Tensor, value: Tensor, rule: Rule) -> tuple[Tensor, Tensor]:
        self.own_layers.append((key, value))
        return super().attend_to_suffix(layer, query, key, value, rule)


class NextPass(SharedPrefix):
    """One more token of every row."""

    def __init__(self, rows: Rows, device: torch.device):
        super().__init__(rows.prefix)
        rows.reserve_next()
        self._rows = rows
        self._positions = torch.tensor(rows.lengths, device=device)

    def positions(self, width: int, device: torch.device) -> Int[Tensor, "row 1"]:
        return self._positions[:, None]

    def last_position(self, width: int) -> int:
        return max(self._rows.lengths)

    def attend_to_suffix(self, layer: int, query: Tensor, key: Tensor, value: Tensor, rule: Rule) -> tuple[Tensor, Tensor]:
        keys, values = self._rows.append(layer, self._positions, key, value)

        def visible() -> Tensor:
            slots = torch.arange(keys.shape[2], device=keys.device)
            return rule.sees(self._positions[:, None] - slots)[:, None, None]

        # The heads of a group share their keys, so they are treated as the queries of one head.
        grouped = query.unflatten(1, (keys.shape[1], -1)).squeeze(3)
        out, lse = attend(grouped, keys, values, rule, False, self._bias("suffix", rule, visible, query.dtype))
        return out.flatten(1, 2).unsqueeze(2), lse.flatten(1, 2).unsqueeze(2)
