"""Answers as CSV, in which no cell is a formula to a spreadsheet."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from ...runs.responses import Line
from .answers import COLUMNS, answer_rows

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
"""What a cell begins with that a spreadsheet takes for a formula, the full-width forms included."""


def comma_separated(lines: Sequence[Line]) -> bytes:
    """One row per method and question, in UTF-8; lists are JSON.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)  # else a lone \r would end a row
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in row.values()] for row in answer_rows(lines))
    return file.getvalue().encode(errors="replace")


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value
