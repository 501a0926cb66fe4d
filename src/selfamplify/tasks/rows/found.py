"""What the reader of one kind of file hands over, before places and names are added."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Found:
    """The rows of a file, each with its number, and either its values or the reason why there are none.

    ``before_number`` is what comes between the file's path and the number of a row. For ``notes`` and ``named``, see ``Rows``.
    """

    rows: Iterable[tuple[int, Mapping[str, Any] | str]]
    before_number: str
    notes: tuple[str, ...] = ()
    named: bool = True
