"""Reading Excel workbooks, of which the first sheet with rows is read."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...text.lines import counted, first_line
from .binary import BEFORE_NUMBER, plain
from .found import Found
from .headers import column_names, header_width, looks_like_data, numbers, unnamed_note

_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
_SAMPLE = 1000


def read_excel(path: Path, header: bool | None) -> Found:
    """The rows of a workbook (.xlsx), with their numbers in the sheet. For ``header``, see ``FileFormat``."""
    sheets = _sheets(path)
    if not sheets:
        return Found((), BEFORE_NUMBER)
    name, rows = sheets[0]
    notes = []
    if len(sheets) > 1:
        others = ", ".join(repr(other) for other, _ in sheets[1:])
        notes.append(f"Only the sheet {name!r} of {path.name} is read, not {others}; to read another one, save it as CSV.")
    line, first = rows[0]
    texts = [["" if cell is None else str(cell) for cell in cells] for _, cells in rows[: _SAMPLE + 1]]
    named = not looks_like_data(texts[0], texts[1:]) if header is None else header
    if named:
        names = column_names(path, line, texts[0][: header_width(texts[0], texts[1:])])
        rows = rows[1:]
    else:
        names = numbers(max(map(len, texts)))
        if header is None:
            notes.append(unnamed_note(path.name))
    return Found(_found(rows, names), BEFORE_NUMBER, tuple(notes), named)


def _found(rows: Sequence[tuple[int, list[Any]]], names: list[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for line, cells in rows:
        wrong = next((cell for cell in cells if isinstance(cell, str) and cell in _ERRORS), None)
        if wrong is not None:
            yield line, f"a formula whose result is the error {wrong}"
        elif len(cells) > len(names):
            yield line, f"{counted(len(cells), 'cell')} for {counted(len(names), 'column')}; name each column"
        else:
            yield line, dict(zip(names, [*cells, *[None] * (len(names) - len(cells))], strict=True))


def _sheets(path: Path) -> list[tuple[str, list[tuple[int, list[Any]]]]]:
    """The names of the sheets that have rows, and their rows with numbers, without empty cells at the end."""
    try:
        import openpyxl  # optional
    except ImportError as error:
        raise DataError(
            f"Reading {path} needs the openpyxl library: run `pip install 'selfamplify[excel]'`, or save it as CSV."
        ) from error
    try:
        with warnings.catch_warnings(action="ignore"):  # of styles and the like, which are of no interest here
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                sheets = [(sheet.title, list(_rows(sheet))) for sheet in book.worksheets]
            finally:
                book.close()
    except Exception as error:  # openpyxl lets many kinds through, of zip, XML and its own
        raise DataError(f"{path} can't be read as an Excel workbook ({first_line(error)}); save it as .xlsx or CSV.") from error
    return [(name, rows) for name, rows in sheets if rows]


def _rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    sheet.reset_dimensions()  # some programs save wrong ones
    for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = [plain(cell) for cell in row]
        while cells and (cells[-1] is None or cells[-1] == ""):
            cells.pop()
        if cells:
            yield line, cells
