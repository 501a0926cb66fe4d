"""What each method replied to the same question, side by side (the paper's Figure 4)."""

from pathlib import Path

from rich.table import Table
from rich.text import Text

from ..runs.responses import Line, load_responses
from ..text.printable import printable
from .trimmed import TrimmedTable


def responses_side_by_side(folder: str | Path, limit: int) -> list[Table]:
    """The replies of a comparison's methods to the same questions.

    Parameters
    ----------
    folder
        The run folder of a comparison.
    limit
        How many questions to show, from the first one that was asked.

    Returns
    -------
    list of Table
        One table per question, with one line per row of the comparison.

    Raises
    ------
    DataError
        If the folder has no responses.jsonl, or it is damaged.
    """
    lines = load_responses(folder)
    tables: list[Table] = []
    for question in list(dict.fromkeys(line.question_id for line in lines))[:limit]:
        answers = [line for line in lines if line.question_id == question]
        title = f"{answers[0].question}\n{question}: the answer is {answers[0].called(answers[0].answer)}"
        table = TrimmedTable(title=Text(printable(title)), title_justify="left")
        for name in ("method", "reply", "answer", "rule"):
            table.add_column(name)
        for line in answers:
            cells = f"{line.cell.method}-{line.cell.selection}", line.text, verdict(line), line.rule
            table.add_row(*(Text(printable(cell)) for cell in cells))
        tables.append(table)
    return tables


def verdict(line: Line) -> str:
    """The label that was read from a reply, and whether it is right."""
    label = "no answer" if line.label is None else line.called(line.label)
    return f"{label}, {'right' if line.correct else 'wrong'}"
