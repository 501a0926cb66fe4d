"""What each method answered to the same question, side by side (the paper's Figure 4)."""

import json
from pathlib import Path

from rich.table import Table
from rich.text import Text


def responses_side_by_side(folder: Path, limit: int) -> list[Table]:
    """One table for each of the first ``limit`` questions of a run folder's responses.jsonl."""
    lines = [json.loads(line) for line in (folder / "responses.jsonl").read_text(encoding="utf-8").splitlines()]
    tables: list[Table] = []
    for question in list(dict.fromkeys(line["question_id"] for line in lines))[:limit]:
        answers = [line for line in lines if line["question_id"] == question]
        table = Table(title=f"{question}: the answer is ({answers[0]['answer']})", title_justify="left")
        for name in ("method", "response", "label", "read by"):
            table.add_column(name)
        for line in answers:
            mark = "right" if line["correct"] else "wrong"
            table.add_row(line["cell"], Text(line["text"]), f"{line['label']} ({mark})", line["rule"])
        tables.append(table)
    return tables
