"""What each method answered to the same question, side by side (the paper's Figure 4)."""

import json
from pathlib import Path

from rich.table import Table
from rich.text import Text

from ..errors import DataError
from ..printable import printable


def responses_side_by_side(folder: Path, limit: int) -> list[Table]:
    """One table for each of the first ``limit`` questions of a run folder's responses.jsonl. Raises DataError without one."""
    file = folder / "responses.jsonl"
    try:
        # Only a line feed ends a line here: a response may hold other separators, such as U+2028.
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
    except (OSError, ValueError) as error:
        raise DataError(f"{file} can't be read ({error}); run the command that made the results again.") from error
    tables: list[Table] = []
    for question in list(dict.fromkeys(line["question_id"] for line in lines))[:limit]:
        answers = [line for line in lines if line["question_id"] == question]
        title = f"{answers[0]['question']}\n{question}: the answer is ({answers[0]['answer']})"
        table = Table(title=Text(printable(title)), title_justify="left")
        for name in ("method", "response", "label", "read by"):
            table.add_column(name)
        for line in answers:
            mark = "right" if line["correct"] else "wrong"
            table.add_row(
                line["cell"].rsplit("-k", 1)[0], Text(printable(line["text"])), f"{line['label']} ({mark})", line["rule"]
            )
        tables.append(table)
    return tables
