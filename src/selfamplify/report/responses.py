"""What each method answered to the same question, side by side (the paper's Figure 4)."""

from pathlib import Path

from rich.table import Table
from rich.text import Text

from ..runs.results import load_responses
from ..text.printable import printable


def responses_side_by_side(folder: Path, limit: int) -> list[Table]:
    """One table for each of the first ``limit`` questions of a run folder's responses.jsonl. Raises DataError without one."""
    lines = load_responses(folder)
    tables: list[Table] = []
    for question in list(dict.fromkeys(line.question_id for line in lines))[:limit]:
        answers = [line for line in lines if line.question_id == question]
        title = f"{answers[0].question}\n{question}: the answer is ({answers[0].answer})"
        table = Table(title=Text(printable(title)), title_justify="left")
        for name in ("method", "response", "label", "read by"):
            table.add_column(name)
        for line in answers:
            mark = "right" if line.correct else "wrong"
            cells = f"{line.cell.method}-{line.cell.selection}", line.text, f"{line.label} ({mark})", line.rule
            table.add_row(*(Text(printable(cell)) for cell in cells))
        tables.append(table)
    return tables
