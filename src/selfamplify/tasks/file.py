"""The task "file": multiple-choice questions, or texts to classify, from a user's own file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, SettingsError
from ..text.lines import counted
from .readers.columns import Columns, check_columns, find_columns
from .readers.gathering import both_files
from .readers.layouts import BadRow, clean
from .readers.reading import read_questions
from .readers.rows import Row
from .readers.written import written
from .source import AbstractSource, Reading
from .task import LETTERS


@dataclass(frozen=True, kw_only=True)
class File(AbstractSource):
    """A user's own file: CSV, TSV, JSONL, JSON or parquet.

    The choices are columns, a column of lists, or part of the text. If there are none, the task is a classification: the
    distinct answers of all files, sorted, are the choices of every question, such as (A) negative (B) positive.

    Parameters
    ----------
    columns : Columns or None, default None
        The columns of the file; None to recognise them by their names.
    test_size : int or None, default None
        The number of test questions to split off a single file; None for half of it.
    """

    columns: Columns | None = None

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        """Read the files. See ``AbstractSource.load``."""
        if data is None:
            raise SettingsError('The task "file" reads your own file, but no file was given; use `data="questions.csv"`.')
        rows = both_files(data, test_data)
        columns = check_columns(self.columns, rows) if self.columns else find_columns(rows)
        return read_questions(rows, columns, () if _offers(rows, columns) else _label_names(rows, columns))


def _offers(rows: Sequence[Row], columns: Columns) -> bool:
    """Whether the rows offer choices of their own. Marks like (A) in only a few of the texts are not choices."""
    if columns.choices:
        return True
    readable = [row for row in rows if not row.fault]
    return 2 * sum(_row_offers(row, columns) for row in readable) > len(readable)


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
            f"{columns.answer!r} has {counted(len(names), 'distinct answer')}, and there are no choices. A classification has "
            f"2 to {len(LETTERS)} labels; for multiple-choice questions, name the choices: "
            f'`columns=Columns(question={columns.question!r}, answer={columns.answer!r}, choices=("NAME", "NAME"))`.'
        )
    alike = sorted(name for name in names if sum(other.casefold() == name.casefold() for other in names) > 1)
    if alike:
        shown = ", ".join(map(repr, alike))
        raise DataError(f"The labels {shown} in {columns.answer!r} differ only in case; write them the same way.")
    return tuple(sorted(names))
