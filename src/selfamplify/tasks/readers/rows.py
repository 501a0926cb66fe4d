"""Files as rows: CSV, TSV, JSONL and JSON, each row with the place that an editor shows for it.

A line that can't be parsed becomes a row with a fault, and a byte that is not UTF-8 a lone surrogate, so that all bad rows of
a file are reported at once, by whoever turns rows into questions.
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
    """One row of a data set, as it stands there.

    ``place`` is where to find it (``"snarks.csv:12"``, ``"snarks.json: example 12"``), ``name`` the id of a question that has
    none of its own. ``held_out`` rows belong to the test side. ``fault`` says why the row could not even be parsed.
    """

    place: str
    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    held_out: bool = False
    fault: str = ""


def read_rows(path: Path, held_out: bool = False) -> list[Row]:
    """All rows of a file, in its order. Raises DataError for a file that is missing, empty, or of another kind."""
    if not path.exists():
        raise DataError(f"There is no file {path}; check the path given as --data or --test-data.")
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise DataError(f"{path} is no {', '.join(SUFFIXES)} file; convert it to one of these.")
    where = f"{path}: example " if suffix == ".json" else f"{path}:"
    rows = []
    for number, found in _READERS[suffix](_text(path), path):
        place, name = f"{where}{number}", f"{path.stem}-{number}"
        fault = found if isinstance(found, str) else ""
        rows.append(Row(place, name, {} if isinstance(found, str) else found, held_out, fault))
    if not rows:
        raise DataError(f"{path} holds no rows; pass a file with one question per row.")
    return rows


_Found = Iterator[tuple[int, dict[str, Any] | str]]


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}); pass a file that can.") from error
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path} is written in UTF-16; save it as UTF-8.")
    return data.decode("utf-8-sig", errors="surrogateescape")


def _table(delimiter: str) -> Callable[[str, Path], _Found]:
    """Reads delimited text. ``line_num`` counts the lines inside quoted cells too, as editors do."""

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
                yield line, f"{len(cells)} cells under {len(header)} column names; quote cells that hold the separator"

    return read


def _lines(text: str, path: Path) -> _Found:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, _mapping(_parsed(line, number))
            except ValueError as error:
                yield number, f"malformed JSON ({error})"


def _document(text: str, path: Path) -> _Found:
    """A list of examples, or an object that holds one; the task prefix of BIG-bench goes into every example."""
    if not text.strip():
        return
    try:
        document = _parsed(text)
    except ValueError as error:
        raise DataError(f"{path} is malformed JSON ({error}); fix it, or name it .jsonl if each line is one object.") from error
    shared = {}
    if isinstance(document, dict):
        shared = {key: document[key] for key in ("task_prefix",) if key in document}
        document = next((document[key] for key in ("examples", "data", "rows") if key in document), None)
    if not isinstance(document, list):
        raise DataError(f'{path} holds no list of examples; it should read [{{…}}, …] or {{"examples": [{{…}}, …]}}.')
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
    return value if isinstance(value, dict) else f"a {type(value).__name__} where an object {{…}} was expected"


_READERS: dict[str, Callable[[str, Path], _Found]] = {
    ".csv": _table(","),
    ".tsv": _table("\t"),
    ".jsonl": _lines,
    ".json": _document,
}

SUFFIXES = (*_READERS, ".parquet")
