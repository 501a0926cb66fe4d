"""Your own file: multiple choice, or the classification of texts, where the labels in the file are the choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, SettingsError
from .readers.columns import Columns, check_columns, find_columns
from .readers.hub import file_rows
from .readers.layouts import BadRow, clean, written
from .readers.questions import Reading, read_questions
from .readers.rows import Row
from .source import AbstractSource
from .task import LETTERS


@dataclass(frozen=True)
class Files(AbstractSource):
    """CSV, TSV, JSONL, JSON or parquet, with columns named by the user or, left None, guessed.

    Choices are columns, a column with a list, or written in the text. Where there are none, the distinct answers of all files
    together, sorted, are the choices of every question: (A) negative (B) positive.
    """

    columns: Columns | None = None

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        if data is None:
            raise SettingsError("The task 'file' reads a file of yours; name it: --data FILE (data=… in Python).")
        rows = file_rows(data) if test_data is None else file_rows(data) + file_rows(test_data, held_out=True)
        columns = check_columns(self.columns, rows) if self.columns else find_columns(rows)
        return read_questions(rows, columns, () if _offers(rows, columns) else _label_names(rows, columns))


def _offers(rows: Sequence[Row], columns: Columns) -> bool:
    """Whether rows bring choices of their own. Marks like (A) in a few texts among many do not make them choices."""
    if columns.choices:
        return True
    offering = [row for row in rows if not row.fault and _row_offers(row, columns)]
    return 2 * len(offering) > sum(not row.fault for row in rows)


def _row_offers(row: Row, columns: Columns) -> bool:
    asked, answer = row.values.get(columns.question), row.values.get(columns.answer)
    if isinstance(asked, Mapping) or isinstance(answer, Mapping):
        return True
    try:
        return isinstance(asked, str) and written(asked, answer) is not None
    except BadRow:
        return False


def _label_names(rows: Sequence[Row], columns: Columns) -> tuple[str, ...]:
    """The distinct answers, sorted."""
    names: set[str] = set()
    for row in rows:
        try:
            names.add(clean("answer", row.values.get(columns.answer)))
        except BadRow:
            continue
    if not 2 <= len(names) <= len(LETTERS):
        raise DataError(
            f"{len(names)} distinct answers in {columns.answer!r} and no choices: a classification has 2 to {len(LETTERS)} "
            "labels, a multiple-choice task names its choices: --choice-columns A,B,C (columns=Columns(…, choices=(…)))."
        )
    alike = sorted(name for name in names if sum(other.casefold() == name.casefold() for other in names) > 1)
    if alike:
        shown = ", ".join(map(repr, alike))
        raise DataError(f"The labels {shown} in {columns.answer!r} differ in case only; write them alike.")
    return tuple(sorted(names))
