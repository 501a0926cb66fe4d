"""As many rows at once as fit in memory: a batch that does not fit is halved, and the smaller size is remembered."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch
from jaxtyping import Int
from torch import Tensor

from ...errors import ModelError

Row = TypeVar("Row")
Result = TypeVar("Result")


class Batcher:
    """Cuts rows into batches of at most ``tokens`` tokens.

    As long as memory suffices, the cuts depend on the rows alone, so that a repeated call makes the same batches and rounds in
    the same way.
    """

    def __init__(self, tokens: int):
        self.tokens = tokens
        self._rows = 1 << 20

    def rows(self, width: int, kept: int = 1) -> int:
        """How many rows of ``width`` tokens form a batch: ``kept`` times as many if only their keys and values are stored."""
        return min(self._rows, max(1, kept * self.tokens // width))

    def shrink(self, rows: int, width: int) -> None:
        """Remember that ``rows`` rows did not fit in memory. Raises ModelError if that was a single row."""
        if rows == 1:
            raise ModelError(
                f"One row of {width} tokens does not fit in the device's memory; use a shorter prompt, "
                f'`dtype="bfloat16"`, or a larger device.'
            )
        self._rows = rows // 2

    def run(
        self, rows: Sequence[Row], width: int, compute: Callable[[Sequence[Row]], Result], free_memory: Callable[[], None]
    ) -> Iterator[Result]:
        """The results of ``compute`` for consecutive batches of rows of ``width`` tokens.

        ``free_memory`` is called before a batch that ran out of memory is tried again.
        """
        start = 0
        while start < len(rows):
            batch = rows[start : start + self.rows(width)]
            try:
                result = compute(batch)
            except torch.OutOfMemoryError:
                pass
            else:
                yield result
                start += len(batch)
                continue
            # The error keeps the frames with the failed batch's tensors alive until the except clause has ended.
            self.shrink(len(batch), width)
            free_memory()


def padded(rows: Sequence[Sequence[int]], blank: int, device: torch.device) -> Int[Tensor, "row token"]:
    """Rows of tokens, padded on the right with ``blank``."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[blank] * (width - len(row))] for row in rows], device=device)
