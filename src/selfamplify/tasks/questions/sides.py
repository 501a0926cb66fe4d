"""Whether the files of both sides have the columns that are used."""

from collections.abc import Sequence

from ...errors import DataError
from ..rows.rows import Row
from .columns import Columns, column_names
from .remedies import shown_names


def side_notes(columns: Columns, rows: Sequence[Row]) -> list[str]:
    """A note on each side without a column that is used and that the other has, other than those of further choices.

    Raises DataError if a side lacks the column of the questions or of the answers, or has none of the choices.
    """
    sides = [[row for row in rows if row.held_out is held_out and not row.fault] for held_out in (False, True)]
    notes: list[str] = []
    for side, other in (sides, reversed(sides)) if all(sides) else ():
        own, others = column_names(side), column_names(other)
        lacking = {
            role: missing
            for role, names in columns.roles.items()
            if (missing := [n for n in names if n in others and n not in own])
        }
        what = f"{_file(side)} has no column"
        needed = [*lacking.get("question", []), *lacking.get("answer", [])]
        if columns.choices and lacking.get("choices") == [*columns.choices]:
            needed += columns.choices
        if needed:
            raise DataError(
                f"{what} {shown_names(needed)}, which {_file(other)} has; its columns are {shown_names(own)}: "
                "give the columns of both files the same names."
            )
        notes += [f"{what} {name!r}, which {_file(other)} has." for name in lacking.get("context", [])]
    return notes


def _file(rows: Sequence[Row]) -> str:
    return rows[0].place.rpartition(":")[0]
