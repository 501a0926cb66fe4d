"""One row of a comparison, and how files name it."""

import re
from dataclasses import dataclass

from ..prompting.prompt import Prompt
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
    def of(prompt: Prompt) -> "Cell":
        """The row that a prompt belongs to, from its provenance."""
        made = prompt.provenance
        if made is None:
            return Cell(prompt.method, "given", 6, 0)
        return Cell(made.explainer or prompt.method, made.selection, made.keywords or 6, made.seed)

    @staticmethod
    def read(text: str) -> "Cell":
        """The cell that ``str`` writes so. Raises ValueError for any other text."""
        found = re.fullmatch(r"(.+)-([^-]+)-k(-?\d+)-seed(-?\d+)", text)
        if found is None:
            raise ValueError(f"{shortened(text)!r} does not name a row")
        method, selection, keywords, seed = found.groups()
        return Cell(method, selection, int(keywords), int(seed))
