"""Whether the first row of a table holds the names of the columns, and what these are."""

import re
from collections.abc import Sequence
from pathlib import Path

from ...errors import DataError

_NAMES = frozenset(
    """
    answer answers answerkey answer_key article body category choices class context correct correct_answer correct_answers
    explanation gold hypothesis id idx index input key label labels message options output passage premise prompt qid question
    question_id questionid questions rationale response review sentence sentence1 sentence2 solution split statement stem
    subject target target_scores targets text title tweet
    """.split()
)
_SERIES = re.compile(r"(option|choice|answer|distractor|incorrect|wrong|ending|opt|sol|col|column)[ _.-]?([a-z]|\d+)")
_LONG = 80


def column_names(path: Path, line: int, cells: Sequence[str]) -> list[str]:
    """The names of columns. An unnamed one is called by its number, apart from the first, as pandas calls its index "".

    Raises DataError if two columns have the same name, or one is not UTF-8.
    """
    damaged = next((cell for cell in cells if any("\ud800" <= character <= "\udfff" for character in cell)), None)
    if damaged is not None:
        raise DataError(f"{path}:{line}: the column name {damaged!r} is not UTF-8; correct it, or use `header=False`.")
    names = [cell.replace("\ufeff", "").strip() for cell in cells]
    names = [name or (str(number) if number > 1 else "") for number, name in enumerate(names, 1)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(
            f"{path}:{line}: two columns are named {twice!r}; rename one of them, or use `header=False` if this line is data."
        )
    return names


def header_width(cells: Sequence[str], sample: Sequence[Sequence[str]]) -> int:
    """The number of columns, without unnamed ones at the end that are empty in most rows of the sample, too."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        filled = sum(len(row) >= width and bool(row[width - 1].strip()) for row in sample)
        if 2 * filled > len(sample):
            break
        width -= 1
    return width


def numbers(width: int) -> list[str]:
    """The names of columns without names: "1", "2", …"""
    return [str(number) for number in range(1, width + 1)]


def unnamed_note(file: str) -> str:
    """What to say about a first row that was taken for data."""
    return f"The first line of {file} looks like data, so its columns are called 1, 2, …; use `header=True` if it holds names."


def looks_like_data(first: Sequence[str], sample: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is data, rather than the names of columns. In doubt, it is not.

    Parameters
    ----------
    first : sequence of str
        The cells of the first row.
    sample : sequence of sequences of str
        Those of rows after it.
    """
    cells = [cell.strip() for cell in first]
    if list(first) in [list(row) for row in sample]:  # two files joined, each with its names
        return False
    columns = [[row[number].strip() for row in sample if number < len(row)] for number in range(len(cells))]
    if any(_asks(cell) and any(map(_asks, column)) for cell, column in zip(cells, columns, strict=True)):
        return True
    recurring = [_recurs(cell, column) for cell, column in zip(cells, columns, strict=True)]
    usual = [is_usual_name(cell) and not again for cell, again in zip(cells, recurring, strict=True)]
    if any(usual) or _has_letters(cells, recurring):
        return False
    return any(recurring) or any(len(cell) > _LONG for cell in cells) or _has_figures(cells, columns)


def _recurs(cell: str, column: Sequence[str]) -> bool:
    """Whether a cell is one of the values of its column, and these repeat, as the letters of answers do."""
    return bool(cell) and cell in column and len(set(column)) < len(column)


def _has_figures(cells: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Whether a cell is a number, as its column is, and not the number of a column or a year."""
    figures = [cell for cell in cells if _is_number(cell)]
    return not _counts_up(figures) and any(
        _is_number(cell) and bool(column) and all(map(_is_number, column)) for cell, column in zip(cells, columns, strict=True)
    )


def is_usual_name(cell: str) -> bool:
    name = cell.casefold().replace(" ", "_")
    return name in _NAMES or bool(_SERIES.fullmatch(name))


def _has_letters(cells: Sequence[str], recurring: Sequence[bool]) -> bool:
    """Whether columns are named A, B, …"""
    letters = [cell.casefold() for cell, again in zip(cells, recurring, strict=True) if not again]
    return "a" in letters and "b" in letters


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d+([.,]\d+)?", cell) is not None


def _counts_up(figures: Sequence[str]) -> bool:
    """Whether numbers are those of columns, as pandas writes them for lack of names, or years."""
    if len(figures) < 2 or not all(map(str.isdecimal, figures)):
        return False
    return [int(figure) - int(figures[0]) for figure in figures] == list(range(len(figures)))


def _asks(cell: str) -> bool:
    return cell.endswith(("?", "？")) and (" " in cell or not cell.isascii())
