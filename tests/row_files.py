"""Files of rows, and what is read of them: the values of the rows, and the faults by their lines."""

from pathlib import Path
from typing import Any

from selfamplify.tasks.rows.rows import Rows

QUESTIONS = [{"question": f"Which is {n}?", "A": "x", "B": "y", "answer": "AB"[n % 2]} for n in range(6)]
HEADER = "question,A,B,answer\n"


def saved(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def values(found: Rows) -> list[dict[str, Any]]:
    assert [row.fault for row in found.rows if row.fault] == []
    return [dict(row.values) for row in found.rows]


def faults(found: Rows) -> dict[int, str]:
    return {row.line: row.fault for row in found.rows if row.fault}
