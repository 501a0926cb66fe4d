"""As many rows at once as the memory holds; a batch that does not fit is halved, and the smaller size remembered."""

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

    While memory lasts, the cut depends on the rows alone, so that a repeated call sees the same batches, and rounds the same.
    """

    def __init__(self, tokens: int):
        self.tokens = tokens
        self._rows = 1 << 20

    def rows(self, width: int, kept: int = 1) -> int:
        """How many rows of ``width`` tokens go together; ``kept`` times as many if only keys and values are held of them."""
        return min(self._rows, max(1, kept * self.tokens // width))

    def shrink(self, rows: int, width: int) -> None:
        """Remember that so many rows did not fit. Raises ModelError if it was one."""
        if rows == 1:
            raise ModelError(
                f"One row of {width} tokens does not fit the device's memory; use a shorter prompt, --dtype bfloat16, "
                f"or a larger device."
            )
        self._rows = rows // 2

    def run(
        self, rows: Sequence[Row], width: int, compute: Callable[[Sequence[Row]], Result], retreat: Callable[[], None]
    ) -> Iterator[Result]:
        """``compute`` over consecutive batches of rows of ``width`` tokens; ``retreat`` frees memory before a second try."""
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
            # Only here, behind the except clause, has the error let go of the frames that hold the failed batch's tensors.
            self.shrink(len(batch), width)
            retreat()


def padded(rows: Sequence[Sequence[int]], blank: int, device: torch.device) -> Int[Tensor, "row token"]:
    """Rows of tokens, filled up on the right."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[blank] * (width - len(row))] for row in rows], device=device)
