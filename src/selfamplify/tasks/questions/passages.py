"""Records with several questions about one text: a row for each question, with what all of them share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...text.lines import counted
from ..rows.rows import Row
from . import languages
from .columns import is_empty
from .names import CONTEXT, ID, plain

_ASKED = frozenset(("question", "questions", "questiontext", "questionstem", "query", "stem", "q", *languages.QUESTION))


def with_each_question(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows, and in place of each record with several questions a row for each of them.

    The questions are a column of lists of objects, such as ``qas``, or a column of lists of texts, such as RACE's
    ``questions``. In the second case, all other columns that hold as many items in most records are divided, too. A text that
    the questions share is never divided. Which columns these are is the same for all rows.
    """
    records = [row.values for row in rows if not row.fault]
    names = list(records[0]) if records else []
    nested = next((name for name in names if _are_nested(name, records)), None)
    if nested is not None:
        return tuple(each for row in rows for each in ([row] if row.fault else _divided(row, nested, ())))
    listed = next((name for name in names if plain(name) in _ASKED and _are_texts(name, records)), None)
    if listed is None:
        return tuple(rows)
    beside = [name for name in names if name != listed and plain(name) not in CONTEXT and _go_along(name, listed, records)]
    return tuple(each for row in rows for each in ([row] if row.fault else _divided(row, listed, beside)))


def _are_nested(name: str, records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column holds lists of objects that ask, and nothing else."""
    cells = [cell for record in records if not is_empty(cell := record.get(name)) and cell != []]
    return bool(cells) and all(isinstance(cell, list) and all(map(_asks, cell)) for cell in cells)


def _asks(value: Any) -> bool:
    return isinstance(value, Mapping) and any(plain(name) in _ASKED for name in value)


def _are_texts(name: str, records: Sequence[Mapping[str, Any]]) -> bool:
    cells = [record.get(name) for record in records]
    return all(isinstance(cell, list) and cell and all(isinstance(item, str) for item in cell) for cell in cells)


def _go_along(name: str, listed: str, records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column holds an item for each question in most records."""
    fits = sum(isinstance(cell := record.get(name), list) and len(cell) == len(record[listed]) for record in records)
    return 2 * fits > len(records)


def _divided(row: Row, asked: str, beside: Sequence[str]) -> Iterator[Row]:
    """A row for each question of a record, or one with a fault."""
    items = row.values.get(asked) or []
    uneven = [name for name in beside if not isinstance(cell := row.values.get(name), list) or len(cell) != len(items)]
    if not items:
        yield replace(row, values={}, fault=f"no questions in {asked!r}")
    elif uneven:
        what = f"{counted(len(items), 'question')} in {asked!r}, but not as many items in {uneven[0]!r}"
        yield replace(row, values={}, fault=what)
    else:
        shared = {name: value for name, value in row.values.items() if name not in (asked, *beside)}
        for place, item in enumerate(items):
            own = dict(item) if isinstance(item, Mapping) else {name: row.values[name][place] for name in (asked, *beside)}
            yield _numbered(row, shared, own, place + 1)


def _numbered(row: Row, shared: Mapping[str, Any], own: Mapping[str, Any], number: int) -> Row:
    """The row of a question of a record, whose id becomes an id of the question if that has none."""
    taken = any(plain(name) in ID for name in own)
    ids = {} if taken else {name: f"{shared[name]}-{number}" for name in shared if plain(name) in ID}
    place = f"{row.place}, question {number}"
    return replace(row, place=place, name=f"{row.name}-{number}", values={**shared, **ids, **own})
