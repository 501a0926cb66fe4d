"""Any two methods of a table on the same questions, after the same shots."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..evaluation.conclusion import conclusion, could_have_shown, p_in_words
from ..evaluation.difference import Difference, corrected

BASE = "io"
"""What a table tests its methods against, unless another method is named."""


@dataclass(frozen=True)
class Comparison:
    """Two methods of a table.

    Parameters
    ----------
    selection : str
        How the shots of both were chosen.
    first, second : str
        Their names; with the number of keywords, as in ``deep_lift-k4``, if the table has a method with several.
    difference : Difference
        First minus second. ``p_holm`` is corrected over all comparisons of the table with IO or, if neither method is IO, over
        all others; ``Table.against`` corrects for another method.
    """

    selection: str
    first: str
    second: str
    difference: Difference

    @property
    def conclusion(self) -> str:
        """What may be concluded, in a plain sentence."""
        return conclusion(self.first, self.second, self.difference)

    def to(self, second: str) -> "Comparison":
        """The same comparison, with that method as the second."""
        if second == self.second:
            return self
        return Comparison(self.selection, self.second, self.first, self.difference.turned())

    def as_dict(self) -> dict[str, Any]:
        """What results.json holds."""
        return asdict(self) | {"conclusion": self.conclusion}


def names(rows: Iterable[tuple[str, int | None]]) -> dict[tuple[str, int | None], str]:
    """What to call each method and number of keywords: by the method alone, if it has only one of them."""
    rows = list(dict.fromkeys(rows))
    methods = [method for method, _ in rows]
    return {(method, count): method if methods.count(method) == 1 else f"{method}-k{count}" for method, count in rows}


def corrected_together(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Comparisons with p corrected for their number."""
    found = corrected([each.difference for each in comparisons]) if comparisons else []
    return tuple(replace(each, difference=own) for each, own in zip(comparisons, found, strict=True))


def conclusions(comparisons: Sequence[Comparison]) -> list[str]:
    """What may be concluded from the comparisons of a table: a line for each difference, and one for all that show none."""
    several = len({each.selection for each in comparisons}) > 1
    named = [replace(each, first=f"{each.first} ({each.selection})" if several else each.first) for each in comparisons]
    lines = [each.conclusion for each in named if each.difference.verdict != "not shown"]
    silent = [each for each in named if each.difference.verdict == "not shown"]
    if len(silent) == 1:
        lines.append(silent[0].conclusion)
    elif silent:
        seconds = ", ".join(dict.fromkeys(each.second for each in silent))
        names = ", ".join(each.first for each in silent)
        apart = [f"{each.first} ({p_in_words(each.difference.p)})" for each in silent if each.difference.leaves_out_0]
        decides = f" The interval for {', '.join(apart)} excludes 0, but the test decides." if apart else ""
        lines.append(f"No difference from {seconds} was shown for {names}.{decides}")
        for contexts, questions in sorted({(each.difference.contexts, each.difference.questions) for each in silent}):
            same = [each.difference for each in silent]
            same = [each for each in same if (each.contexts, each.questions) == (contexts, questions)]
            lines.append(could_have_shown(same))
    if any(each.difference.contexts == 1 for each in comparisons):
        lines.append("One context: all this holds for these shots only; several seeds show what other shots do.")
    return lines
