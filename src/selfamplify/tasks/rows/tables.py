"""Reading delimited text: separators, column names and quotes are recognised, and what was recognised is noted."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...text.lines import argument
from .found import Found
from .headers import column_names, header_width, looks_like_data, numbers, unnamed_note
from .quoting import Record, backslashes_doubled, literal_records, records
from .separators import NAMES, announced, recognised

_USUAL = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_SAMPLE = 1000


def read_table(path: Path, text: str, kind: str, separator: str | None, header: bool | None) -> Found:
    """The rows of delimited text.

    Parameters
    ----------
    path : Path
        The file, for messages.
    text : str
        What it holds.
    kind : str
        Its suffix, such as ``".csv"``, which suggests a separator.
    separator : str or None
        The separator; None to recognise it.
    header : bool or None
        Whether the first line holds the names of columns; None to recognise it.

    Returns
    -------
    Found
        The rows, with their line numbers.
    """
    lines = list(io.StringIO(text, newline=""))
    skipped = 0
    notes: list[str] = []
    told = announced(lines[0]) if lines else None
    if told is not None:
        skipped, separator = 1, separator or told
    with _any_length():
        if separator is None:
            separator = recognised(lines[skipped:], _USUAL.get(kind))
            if separator != _USUAL.get(kind) and len(lines) > skipped:
                notes.append(
                    f"{path.name} is separated by {NAMES[separator]}; if that is wrong, use {argument('separator', ',')}."
                )
        table = _best(path, lines, skipped, separator, header)
    notes += table.notes
    if not table.named and header is None:
        notes.append(unnamed_note(path.name))
    return Found(_rows(table), ":", tuple(notes), table.named)


@dataclass(frozen=True)
class _Table:
    names: list[str]
    named: bool
    records: list[Record]
    notes: tuple[str, ...] = ()

    @property
    def faults(self) -> int:
        return sum(bool(record.fault) for record in self.records)


def _best(path: Path, lines: list[str], skipped: int, separator: str, header: bool | None) -> _Table:
    """The table by standard quoting or, if that leaves faults that another way of quoting lacks, by the other."""
    table = _table(path, lines, skipped, separator, header)
    if not table.faults:
        return table
    if any('\\"' in line for line in lines):
        escaped = _table(path, backslashes_doubled(lines), skipped, separator, header)
        if escaped.faults < table.faults:
            note = (
                f'Backslashes in {path.name} escape the quotes after them; if that is wrong, write quotes inside cells as "".'
            )
            return _Table(escaped.names, escaped.named, escaped.records, (note,))
    # Cells with commas need quotes; cells with tabs are so rare that many programs write quotes as they are.
    if separator in "\t|" and not _are_wrapped(lines, separator):
        literal = _table(path, lines, skipped, separator, header, literal=True)
        if literal.faults < table.faults:
            note = (
                f"The quotes in {path.name} are read as ordinary characters; if that is wrong, write those inside quoted cells "
                'as "".'
            )
            return _Table(literal.names, literal.named, literal.records, (note,))
    return table


def _are_wrapped(lines: Sequence[str], separator: str) -> bool:
    """Whether most cells that begin with a quote end with one, too, and so are quoted cells."""
    quoted = [cell for line in lines if '"' in line for cell in line.rstrip("\r\n").split(separator) if cell.startswith('"')]
    return 2 * sum(len(cell) > 1 and cell.endswith('"') for cell in quoted) > len(quoted)


def _table(
    path: Path, lines: Sequence[str], skipped: int, separator: str, header: bool | None, literal: bool = False
) -> _Table:
    quoting: dict[str, Any] = {"quoting": csv.QUOTE_NONE} if literal else {"strict": True}
    reader = csv.reader(lines[skipped:] if skipped else lines, delimiter=separator, **quoting)
    try:
        first = next((cells for cells in reader if any(map(str.strip, cells))), [])
    except csv.Error as error:
        raise DataError(f"{path}:{skipped + 1}: the first line is malformed ({error}); fix its quotes.") from error
    line = skipped + reader.line_num
    quoting.pop("strict", None)
    sample = [cells for cells in csv.reader(lines[line : line + _SAMPLE], delimiter=separator, **quoting) if cells]
    named = not looks_like_data(first, sample) if header is None else header
    if named:
        names = column_names(path, line, first[: header_width(first, sample)])
    else:
        names, line = numbers(max(Counter(map(len, [first, *sample])).items(), key=lambda item: item[1])[0]), skipped
    rest = lines[line:]
    split = literal_records(rest, line, separator, len(names)) if literal else records(rest, line, separator, len(names))
    return _Table(names, named, [record for record in split if record.fault or any(map(str.strip, record.cells))])


def _rows(table: _Table) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for record in table.records:
        if record.fault:
            yield record.line, record.fault
        elif table.named and _are_names(record.cells, table.names):
            yield record.line, "the names of the columns again; remove this line"
        else:
            yield record.line, dict(zip(table.names, record.cells, strict=True))


def _are_names(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row repeats the first line, as in files that were joined."""
    return cells[0].strip() == names[0] and [cell.strip() for cell in cells] == names


@contextmanager
def _any_length() -> Iterator[None]:
    """Lift the limit of the csv module on the length of a cell, 128 KiB, inside the context."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)
