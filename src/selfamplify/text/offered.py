"""The choices that the text of a question offers, as a person writes them after it or below it."""

from collections.abc import Sequence
from itertools import takewhile

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Pairs = list[tuple[str, str]]
"""Labels with the texts of their choices."""


def offered(text: str, style: str, labels: Sequence[str], marks: Sequence[str] | None = None) -> tuple[str, Pairs]:
    """The text without its choices, and these; none if it offers none.

    Parameters
    ----------
    text : str
        A question with its choices.
    style : {"letter", "text"}
        How they are offered: each after its letter, or each on a line that begins with a hyphen.
    labels : sequence of str
        The labels in their order, of which a question may use the first ones only.
    marks : sequence of str, optional
        What stands before and after each letter; None, the default, for questions of this package, which are written as in
        ``stem (A) first (B) second``.
    """
    if style == "text":
        return listed(text, labels)
    if marks:
        return lettered(text, labels, *marks)
    stem, found = lettered(f" {text}", labels)  # nothing need stand before the choices
    return stem[1:], found


def lettered(text: str, labels: Sequence[str], before: str = " (", after: str = ") ") -> tuple[str, Pairs]:
    """The same by the marks around each letter: the choices begin with the last first letter that the second one follows."""
    marks = [f"{before}{label}{after}" for label in labels]
    second = text.rfind(marks[1]) if len(marks) > 1 else -1
    first = text.rfind(marks[0], 0, max(0, second))
    if first < 0:
        return text, []
    found, rest = [], text[first + len(marks[0]) :]
    for label, following in zip(labels, [*marks[1:], ""], strict=True):
        own, mark, rest = rest.partition(following) if following else (rest, "", "")
        found.append((label, own))
        if not mark:
            break
    return text[:first], found


def listed(text: str, labels: Sequence[str]) -> tuple[str, Pairs]:
    """The same by the lines at the end that begin with a hyphen, at most one for each label."""
    lines = text.split("\n")
    count = sum(1 for _ in takewhile(lambda line: line.startswith("- "), reversed(lines)))
    if not 2 <= count <= len(labels):
        return text, []
    texts = [line[2:] for line in lines[-count:]]
    return "\n".join(lines[:-count]), list(zip(labels, texts, strict=False))
