"""Reading files as rows, each with the place that an editor shows for it.

A row that can't be parsed has a fault, and a byte that is not UTF-8 becomes a lone surrogate. All bad rows of a file can
therefore be reported at once, when the rows are turned into questions. What had to be guessed about a file is noted.
"""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import DataError, SettingsError
from ...text.lines import argument
from .binary import read_columnar
from .blocks import read_blocks
from .decoding import read_text
from .documents import is_json, read_json
from .excel import read_excel
from .found import Found
from .tables import read_table

_TABLES = (".csv", ".tsv", ".tab", ".txt")
_DOCUMENTS = (".json", ".jsonl", ".ndjson")
_COLUMNAR = (".parquet", ".arrow", ".feather")
_KINDS = (*_TABLES, *_DOCUMENTS, *_COLUMNAR, ".xlsx")

SUFFIXES = (*_KINDS, *(f"{kind}.gz" for kind in (*_TABLES, *_DOCUMENTS)))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a data set, as it was written.

    Parameters
    ----------
    place : str
        Where the row is: ``"snarks.csv:12"``, ``"snarks.json: example 12"``, ``"snarks.parquet: row 12"``.
    name : str
        The id of the question if the row has no id of its own.
    values : mapping of str to any JSON value, default {}
        The value of each column.
    held_out : bool, default False
        Whether the row belongs to the test side.
    fault : str, default ""
        Why the row could not be parsed; empty if it could.
    line : int, default 0
        The number in ``place``: of a line, an example or a row, from 1 on; 0 if unknown.
    """

    place: str
    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    held_out: bool = False
    fault: str = ""
    line: int = 0


@dataclass(frozen=True)
class FileFormat:
    """What a file does not say about itself. None: it is recognised.

    Parameters
    ----------
    encoding : str or None, default None
        The encoding of a text file, such as ``"cp1252"``.
    separator : str or None, default None
        The character between the cells of delimited text, such as ``";"``.
    header : bool or None, default None
        Whether the first line of delimited text, or the first row of an Excel sheet, holds the names of the columns.
    """

    encoding: str | None = None
    separator: str | None = None
    header: bool | None = None

    def __post_init__(self) -> None:
        if self.separator is not None and (len(self.separator) != 1 or self.separator in '"\r\n'):
            shown = argument("separator", self.separator)
            raise SettingsError(f'A separator is one character other than a quote, not {shown}; use `separator=";"`.')
        if self.encoding is not None and not _is_encoding(self.encoding):
            raise SettingsError(f'There is no encoding {self.encoding!r}; use `encoding="cp1252"` or `encoding="utf-8"`.')


@dataclass(frozen=True)
class Rows:
    """What a file holds.

    Parameters
    ----------
    rows : tuple of Row
        Its rows, in order.
    notes : tuple of str, default ()
        One sentence about each thing that was guessed.
    named : bool, default True
        Whether the columns have names of their own; otherwise they are called "1", "2", …
    """

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    named: bool = True


RECOGNISED = FileFormat()
"""Everything about the file is recognised."""


def read_rows(path: Path, held_out: bool = False, format: FileFormat = RECOGNISED) -> Rows:
    """All rows of a file, in order.

    Parameters
    ----------
    path : Path
        The file.
    held_out : bool, default False
        Whether its rows belong to the test side.
    format : FileFormat, default FileFormat()
        What the file does not say about itself.

    Returns
    -------
    Rows
        The rows, bad ones included.

    Raises
    ------
    DataError
        If the file is missing, empty, or in another format.
    """
    if not path.exists():
        raise DataError(f"There is no file {path}; check the path.")
    if path.is_dir():
        raise DataError(f"{path} is a folder; use a file in it.")
    kind, found = _read(path, format)
    stem = path.name[: -len(kind)]
    before = f"{path}{found.before_number}"
    rows = tuple(
        Row(f"{before}{number}", f"{stem}-{number}", {}, held_out, values, number)
        if isinstance(values, str)
        else Row(f"{before}{number}", f"{stem}-{number}", values, held_out, "", number)
        for number, values in found.rows
    )
    if not rows:
        after = "" if kind in (*_DOCUMENTS, *_COLUMNAR) or not path.stat().st_size else " after the names of its columns"
        raise DataError(f"{path} contains no rows{after}; use a file with one question per row.")
    return Rows(rows, found.notes, found.named)


def is_file_name(name: str) -> bool:
    """Whether ``name`` ends as the name of a file that can be read does."""
    return name.lower().endswith(SUFFIXES)


def _read(path: Path, format: FileFormat) -> tuple[str, Found]:
    """The suffix of a file, compression included, and what the file holds."""
    suffix = next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), None)
    if suffix is None:
        old = path.suffix.lower() == ".xls"
        remedy = "save it as .xlsx or .csv" if old else f"convert it to one of these: {', '.join(SUFFIXES)}"
        raise DataError(f"{path} has no suffix of a kind that can be read; {remedy}.")
    kind = suffix.removesuffix(".gz")
    if kind in _COLUMNAR:
        return suffix, read_columnar(path, kind)
    if kind == ".xlsx":
        return suffix, read_excel(path, format.header)
    text, notes = read_text(path, format.encoding)
    if kind in _TABLES and is_json(text):
        kind, notes = ".json", (*notes, f"{path.name} holds JSON and is read as such.")
    if kind in _DOCUMENTS:
        read = read_json(path, text, kind)
    else:
        blocks = read_blocks(path.name, text) if kind == ".txt" and format.separator is None else None
        read = blocks or read_table(path, text, kind, format.separator, format.header)
    return suffix, Found(read.rows, read.before_number, (*notes, *read.notes), read.named)


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True
