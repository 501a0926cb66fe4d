"""Objects that a table holds as text, such as ``{"choices": […], "labels": […]}`` in a cell of a CSV file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..rows.rows import Row
from .columns import is_empty
from .faults import BadRow
from .listing import decoded


def with_objects(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows, with objects and lists of objects in place of their text in each column that holds nothing else."""
    first = next((row for row in rows if not row.fault), None)
    likely = [name for name, value in first.values.items() if _may_hold(value)] if first else []
    found = {name: objects for name in likely if (objects := _objects([row.values.get(name) for row in rows])) is not None}
    if not found:
        return tuple(rows)
    return tuple(
        row if row.fault else replace(row, values={**row.values, **{name: found[name][place] for name in found}})
        for place, row in enumerate(rows)
    )


def _may_hold(value: Any) -> bool:
    return is_empty(value) or isinstance(value, str) and value.lstrip().startswith(("{", "["))


def _objects(values: Sequence[Any]) -> list[Any] | None:
    """The objects of a column; None if it holds anything else."""
    found = []
    for value in values:
        if isinstance(value, str) and not is_empty(value):
            if not _may_hold(value):
                return None
            try:
                value = decoded(value, None)
            except BadRow:
                return None
            if not _is_object(value) and not (isinstance(value, list) and value and all(map(_is_object, value))):
                return None
        found.append(value)
    return found if any(isinstance(value, Mapping | list) for value in found) else None


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def with_lists(rows: Sequence[Row], name: str) -> tuple[Row, ...]:
    """The rows, with lists in place of their text in a column of answers that holds nothing else."""
    cells = [None if row.fault else row.values.get(name) for row in rows]
    if not all(is_empty(cell) or isinstance(cell, str) and cell.strip()[:1] + cell.strip()[-1:] == "[]" for cell in cells):
        return tuple(rows)
    try:
        lists = [None if is_empty(cell) else decoded(str(cell), None) for cell in cells]
    except BadRow:
        return tuple(rows)
    return tuple(
        row if found is None else replace(row, values={**row.values, name: found})
        for row, found in zip(rows, lists, strict=True)
    )
