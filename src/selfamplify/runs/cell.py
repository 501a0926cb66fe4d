"""One row of a comparison, and how files name it."""

import re
from dataclasses import dataclass

from ..text.lines import shortened


@dataclass(frozen=True)
class Cell:
    """One row of a comparison.

    Parameters
    ----------
    method : str
        An explainer or a competitor, by name.
    selection : str
        How its shots are chosen.
    keywords : int
        Keywords per rationale, if it has any.
    seed : int
        The context.
    """

    method: str
    selection: str
    keywords: int
    seed: int

    def __str__(self) -> str:
        return f"{self.method}-{self.selection}-k{self.keywords}-seed{self.seed}"

    @staticmethod
    def read(text: str) -> "Cell":
        """The cell that ``str`` writes so. Raises ValueError for any other text."""
        found = re.fullmatch(r"(.+)-([^-]+)-k(-?\d+)-seed(-?\d+)", text)
        if found is None:
            raise ValueError(f"{shortened(text)!r} does not name a row")
        method, selection, keywords, seed = found.groups()
        return Cell(method, selection, int(keywords), int(seed))
