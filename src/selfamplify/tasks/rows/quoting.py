"""Splitting lines of delimited text into the cells of records, by standard quoting, and recovering from stray quotes.

A quote that nobody closed swallows all lines up to the next quote, or to the end of the file. Such a record is reported as one
bad row, and reading continues on the line after its first.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...text.lines import counted

_REREAD = 20
"""Up to this many times the lines of a file are read again after stray quotes, which keeps the time linear."""


class Record(NamedTuple):
    """The cells of one record, or the reason why it could not be split, with the number of its first line."""

    line: int
    cells: Sequence[str] = ()
    fault: str = ""


def literal_records(lines: Sequence[str], first: int, separator: str, width: int) -> Iterator[Record]:
    """The records of lines in which quotes are ordinary characters: one per line."""
    for line, cells in enumerate(csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE), first + 1):
        yield _counted(line, cells, width)


def backslashes_doubled(lines: Sequence[str]) -> list[str]:
    r"""The lines with ``\"`` as ``""``. All other backslashes stay, as those of LaTeX do."""
    return [re.sub(r'(?<!\\)\\"', '""', line) if '\\"' in line else line for line in lines]


def records(lines: Sequence[str], first: int, separator: str, width: int) -> Iterator[Record]:
    """The records of ``lines`` by standard quoting.

    Parameters
    ----------
    lines : sequence of str
        Lines with their ends.
    first : int
        How many lines of the file come before them.
    separator : str
        The character between cells.
    width : int
        The number of cells in a good record.
    """
    start, suspect, budget = 0, 0, _REREAD * len(lines)
    while start < len(lines):
        reader = csv.reader(_from(lines, start), delimiter=separator, strict=True)
        offset = start
        while True:
            begin = offset + reader.line_num
            error = ""
            cells: list[str] = []
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as caught:
                error = str(caught)
            end = offset + reader.line_num
            if end == begin + 1:
                if begin < suspect and lines[begin].count('"') % 2:
                    error = error or "a quote that is never closed"
                yield (
                    Record(first + begin + 1, fault=f"malformed row ({error})")
                    if error
                    else _counted(first + begin + 1, cells, width)
                )
                continue
            if not _swallowed(lines[begin:end], cells, error, separator, width):
                yield _counted(first + begin + 1, cells, width, first + end)
                continue
            again = budget >= end - begin
            yield Record(first + begin + 1, fault=_stray(first + begin + 1, first + end, error, again))
            if again:
                budget -= end - begin
                start, suspect = begin + 1, max(suspect, end)
                break


def _from(lines: Sequence[str], start: int) -> Iterator[str]:
    for number in range(start, len(lines)):
        yield lines[number]


def _counted(line: int, cells: list[str], width: int, last: int = 0) -> Record:
    """A record with its number of cells checked, without surplus empty ones. ``last`` is the last of several lines."""
    if len(cells) == width or not cells:
        return Record(line, cells)
    kept = list(cells)
    while len(kept) > width and not kept[-1].strip():
        kept.pop()
    if len(kept) == width:
        return Record(line, kept)
    if not any(map(str.strip, cells)):
        return Record(line)
    place = f" on lines {line} to {last}" if last else ""
    found = f"{counted(len(cells), 'cell')} for {counted(width, 'column')}{place}"
    return Record(line, fault=f"{found}; quote cells that contain the separator")


def _swallowed(lines: Sequence[str], cells: list[str], error: str, separator: str, width: int) -> bool:
    """Whether a record of several lines is several records, which a stray quote has joined.

    It is if its quotes are malformed. Otherwise its lines decide, each read on its own: those of a passage of text have as many
    cells as a record has only by accident.
    """
    if error:
        return True
    inside = [line for line in lines[1:-1] if line.strip()]
    if len(cells) == width or _counted(0, cells, width).cells:
        around = (lines[0], lines[-1])
        return (
            width > 2
            and (bool(inside) or not _is_prose(cells, separator))
            and all(_width(line, separator) == width for line in inside)
            and all(len(line.rstrip("\r\n").split(separator)) == width for line in around)
        )
    rest = [*inside, lines[-1]]
    return 10 * sum(_width(line, separator) == width for line in rest) >= 9 * len(rest)


def _is_prose(cells: Sequence[str], separator: str) -> bool:
    """Whether the separators in cells of several lines are part of sentences: a space follows each of them."""
    text = "".join(cell for cell in cells if "\n" in cell or "\r" in cell)
    return text.count(separator) == text.count(f"{separator} ")


def _width(line: str, separator: str) -> int:
    """The number of cells of one line on its own."""
    return len(next(csv.reader([line], delimiter=separator), []))


def _stray(line: int, last: int, error: str, again: bool) -> str:
    """The fault of a row whose quote has swallowed the lines after it."""
    closed = "never closed" if "end of data" in error else f"closed at line {last} only"
    after = f"lines {line + 1} to {last} are" if last > line + 1 else f"line {last} is"
    return f"a quote opened at line {line} is {closed}; {after} {'read separately' if again else 'lost'}"
