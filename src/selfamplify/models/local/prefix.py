"""A cache of prefixes: the tokens that many rows begin with are run once, and their keys and values are reused."""

from collections import OrderedDict
from collections.abc import Callable

from transformers import DynamicCache

from .attention import KeysValues


class PrefixCache:
    """The keys and values of the ``size`` prefixes used last; ``compute`` runs the model on a prefix that is not cached."""

    def __init__(self, compute: Callable[[tuple[int, ...]], KeysValues], size: int = 2):
        self._compute = compute
        self._size = size
        self._cached: OrderedDict[tuple[int, ...], KeysValues] = OrderedDict()

    def get(self, prefix: tuple[int, ...]) -> KeysValues:
        """The keys and values of a prefix, for one row."""
        if prefix not in self._cached:
            self._cached[prefix] = self._compute(prefix)
            while len(self._cached) > self._size:
                self._cached.popitem(last=False)
        self._cached.move_to_end(prefix)
        return self._cached[prefix]

    def replicate(self, prefix: tuple[int, ...], rows: int) -> DynamicCache:
        """A new cache that holds the prefix for each of ``rows`` rows, and that may be written to."""
        if not prefix:
            return DynamicCache()
        return DynamicCache(
            [(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1)) for keys, values in self.get(prefix)]
        )

    def clear(self) -> None:
        """Forget all prefixes, and so free their memory."""
        self._cached.clear()
