"""A batch in which some text makes the logits of a model NaN: those items fail, and no others."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import NotFiniteError
from .stage import Compute, Item, Record


def each_alone(
    compute: Compute[Item, Record], failed: Callable[[Item], Record], model: Any, batch: Sequence[Item]
) -> Iterator[tuple[int, Record]]:
    """The records of a batch; if logits are not finite, of each item that is left alone, with ``failed`` where it has none."""
    missing = dict.fromkeys(range(len(batch)))
    try:
        for place, record in compute(model, batch):
            del missing[place]
            yield place, record
    except NotFiniteError:
        if len(batch) == 1:
            yield 0, failed(batch[0])
            return
        for place in missing:
            for _, record in each_alone(compute, failed, model, [batch[place]]):
                yield place, record
