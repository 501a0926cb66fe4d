"""When two labels, of a classification or of choices, are the same although they are written differently."""

import re
from collections.abc import Sequence

from ...text.scripts import half_width

_WHOLE = re.compile(r"([+-]?\d+)\.0")


def whole(text: str) -> str:
    """ "1" for "1.0", as pandas writes whole numbers if a cell of their column is empty; any other text as it is."""
    number = _WHOLE.fullmatch(text)
    return number[1] if number else text


def bare_label(label: str) -> str:
    """A label without what labels can't differ in: case, space around it, width of characters, and 1.0 for 1."""
    return whole(half_width(label).strip()).casefold()


def labelled(labels: Sequence[str], answer: str) -> set[int]:
    """The places of the labels that an answer names: of the one that it is or, if it is none, of those with its bare label."""
    if answer in labels:
        return {labels.index(answer)}
    wanted = bare_label(half_width(answer).strip("()[].:, ")) if labels else ""
    return {place for place, label in enumerate(labels) if bare_label(label) == wanted}
