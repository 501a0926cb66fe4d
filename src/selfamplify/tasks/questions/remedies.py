"""What to write where columns are not recognised, or are named wrongly."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...text.lines import likeliest, one_line, shortened

_INSIDE = re.compile(r"\w([,;|])\w")
"""A separator between two names of columns that were read as one."""
_CELL, _SHOWN = 24, 20


def one_column(name: str, empty: Sequence[str] = ()) -> str:
    """Why a table of a single column can't be read, besides columns whose cells are all empty."""
    needed = "and need at least a question and its answer"
    if empty:
        return (
            f"All cells are empty in {shown_names(empty)}, so that the rows have a single column, {shortened(name)!r}, "
            f"{needed}; fill in the answers."
        )
    held = _INSIDE.search(name)  # a comma in a sentence has a space after it
    remedy = f'use `separator="{held[1]}"`' if held else 'set the separator: `separator=";"`'
    return f"The rows have a single column, {shortened(name)!r}, {needed}; write one question per row with both, or {remedy}."


def no_column(name: str, known: Sequence[str]) -> str:
    """Why a column that was named can't be used, and the name that was probably meant."""
    near = likeliest(name, known)
    remedy = f"did you mean {shortened(near)!r}?" if near is not None else "use one of these names."
    return f"There is no column {shortened(name)!r} among {shown_names(known)}; {remedy}"


def unrecognised(missing: Sequence[str], likely: tuple[str, str], choices: tuple[str, ...], known: Mapping[str, Any]) -> str:
    """Which columns were not recognised, and what to write.

    Parameters
    ----------
    missing : sequence of str
        What they are of, such as ``"the question"``.
    likely : tuple of str
        The columns of the question and of the answer, as recognised or as they may be meant.
    choices : tuple of str
        The recognised columns of choices.
    known : mapping of str to any value
        All columns, each with its first cell.
    """
    question, answer = likely
    write = f"use `columns=Columns(question={question!r}, answer={answer!r})`, or with other names"
    offered = "" if choices else ', and `columns=Columns(choices=("NAME", "NAME"))` if the choices have columns of their own'
    return (
        f"No column for {' and '.join(missing)} was recognised among {_with_cells(known)}; "
        f"{_first_is_right(choices)}{write}{offered}."
    )


def _with_cells(known: Mapping[str, Any]) -> str:
    """The first 20 names, each with the beginning of a cell, by which one knows the column."""
    return _first_of([f"{shortened(name)!r} ({shortened_cell(cell)!r})" for name, cell in known.items()])


def shortened_cell(cell: Any) -> str:
    """The beginning of a cell, without the backticks that mark arguments in messages."""
    return shortened(one_line(str(cell)), _CELL).replace("`", "'")


def _first_is_right(choices: tuple[str, ...]) -> str:
    """What to write if choices come without answers, as in files whose first choice is the right one."""
    if len(choices) < 2:
        return ""
    return (
        f"if {choices[0]!r} is always right, use `columns=Columns(answer={choices[0]!r}, distractors={choices[1:]!r})`; else, "
    )


def shown_names(names: Iterable[str]) -> str:
    """The first 20 names, for a message."""
    return _first_of([repr(shortened(name)) for name in names])


def _first_of(shown: Sequence[str]) -> str:
    return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "")
