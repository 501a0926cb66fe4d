"""Reading CSV, TSV, JSONL and JSON files as rows, each with the place that an editor shows for it.

A line that can't be parsed becomes a row with a fault, and a byte that is not UTF-8 becomes a lone surrogate. All bad rows of a
file can therefore be reported at once, when the rows are turned into questions.
"""

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import DataError


@dataclass(frozen=True)
class Row:
    """One row of a data set, as it was written.

    Parameters
    ----------
    place : str
        Where the row is: ``"snarks.csv:12"``, ``"snarks.json: example 12"``.
    name : str
        The id of the question if the row has no id of its own.
    values : mapping of str to any JSON value, default {}
        The value of each column.
    held_out : bool, default False
        Whether the row belongs to the test side.
    fault : str, default ""
        Why the row could not be parsed; empty if it could.
    """

    place: str
    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    held_out: bool = False
    fault: str = ""


def read_rows(path: Path, held_out: bool = False) -> list[Row]:
    """All rows of a text file, in order. Raises DataError if it is missing, empty, or in another format."""
    if not path.exists():
        raise DataError(f"There is no file {path}; check the path.")
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise DataError(f"{path} is not a {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file; convert it to one of these.")
    before_number = f"{path}: example " if suffix == ".json" else f"{path}:"
    rows = []
    for number, found in _READERS[suffix](_text(path), path):
        place, name = f"{before_number}{number}", f"{path.stem}-{number}"
        fault = found if isinstance(found, str) else ""
        rows.append(Row(place, name, {} if isinstance(found, str) else found, held_out, fault))
    if not rows:
        raise DataError(f"{path} contains no rows; use a file with one question per row.")
    return rows


_Found = Iterator[tuple[int, dict[str, Any] | str]]
"""Line or example numbers, each with the values of its row or the reason why there are none."""


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}); use a file that can be.") from error
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path} is encoded in UTF-16; save it as UTF-8.")
    return data.decode("utf-8-sig", errors="surrogateescape")


def _table(delimiter: str) -> Callable[[str, Path], _Found]:
    """A reader of delimited text. Its ``line_num`` also counts the lines inside quoted cells, as editors do."""

    def read(text: str, path: Path) -> _Found:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            header = next(reader, [])
        except csv.Error as error:
            raise DataError(f"{path}:1: the column names are malformed ({error}); fix that line.") from error
        if len(set(header)) < len(header):
            twice = next(name for name in header if header.count(name) > 1)
            raise DataError(f"{path}:1: two columns are named {twice!r}; rename one of them.")
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, f"malformed row ({error})"
                continue
            if len(cells) == len(header):
                yield line, dict(zip(header, cells, strict=True))
            elif cells:
                yield line, f"{len(cells)} cells for {len(header)} column names; quote cells that contain the separator"

    return read


def _lines(text: str, path: Path) -> _Found:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, _mapping(_parsed(line, number))
            except ValueError as error:
                yield number, f"malformed JSON ({error})"


def _document(text: str, path: Path) -> _Found:
    """A list of examples, or an object with such a list; BIG-bench's task prefix is added to every example."""
    if not text.strip():
        return
    try:
        document = _parsed(text)
    except ValueError as error:
        raise DataError(f"{path} is malformed JSON ({error}); fix it, or name it .jsonl if each line is an object.") from error
    shared = {}
    if isinstance(document, dict):
        shared = {key: document[key] for key in ("task_prefix",) if key in document}
        document = next((document[key] for key in ("examples", "data", "rows") if key in document), None)
    if not isinstance(document, list):
        raise DataError(f'{path} contains no list of examples; write [{{…}}, …] or {{"examples": [{{…}}, …]}}.')
    for number, example in enumerate(document, 1):
        found = _mapping(example)
        yield number, found if isinstance(found, str) else shared | found


def _parsed(text: str, first_line: int = 1) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise ValueError(f"{error.msg.removesuffix(' at')} at line {line}, column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _mapping(value: Any) -> dict[str, Any] | str:
    return value if isinstance(value, dict) else f"a value of type {type(value).__name__}, not an object {{…}}"


_READERS: dict[str, Callable[[str, Path], _Found]] = {
    ".csv": _table(","),
    ".tsv": _table("\t"),
    ".jsonl": _lines,
    ".json": _document,
}

SUFFIXES = (*_READERS, ".parquet")
