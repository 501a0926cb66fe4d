"""The shared prefix: tokens that many rows begin with are run once, and their keys and values reused."""

from collections import OrderedDict
from collections.abc import Callable

from transformers import DynamicCache

from .attention import KeysValues


class PrefixCache:
    """The keys and values of the last few prefixes; ``compute`` runs the model over a prefix that is not among them."""

    def __init__(self, compute: Callable[[tuple[int, ...]], KeysValues], size: int = 2):
        self._compute = compute
        self._size = size
        self._kept: OrderedDict[tuple[int, ...], KeysValues] = OrderedDict()

    def get(self, prefix: tuple[int, ...]) -> KeysValues:
        """The keys and values of a prefix, once."""
        if prefix not in self._kept:
            self._kept[prefix] = self._compute(prefix)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        self._kept.move_to_end(prefix)
        return self._kept[prefix]

    def replicate(self, prefix: tuple[int, ...], rows: int) -> DynamicCache:
        """A fresh cache that holds the prefix for each of ``rows`` rows, and may be written to."""
        if not prefix:
            return DynamicCache()
        return DynamicCache(
            [(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1)) for keys, values in self.get(prefix)]
        )

    def clear(self) -> None:
        """Forget every prefix, to give their memory back."""
        self._kept.clear()
