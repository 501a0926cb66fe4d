"""The answers of a run as rows: one per method and question, for tables of other programs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ...runs.responses import Line

COLUMNS: dict[str, type] = {
    "method": str,
    "selection": str,
    "keywords": int,
    "seed": int,
    "question_id": str,
    "question": str,
    "answer": str,
    "label": str,
    "called": str,
    "correct": bool,
    "rule": str,
    "text": str,
    "votes": list[str],
    "unparsed_votes": int,
    "log_probabilities": list[float],
}
"""The columns and their types. ``answer`` and ``label`` are the true label and the one that was read, ``called`` is the name of
the latter, and ``text`` the reply; ``label`` and ``called`` are empty (null) where no label was read."""


def answer_rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The rows, each with all of ``COLUMNS``."""
    rows: list[dict[str, Any]] = []
    for line in lines:
        values = asdict(line.cell) | {name: getattr(line, name) for name in COLUMNS if hasattr(line, name) and name != "called"}
        values["called"] = None if line.label is None else line.called(line.label)
        rows.append({name: list(value) if isinstance(value := values[name], tuple) else value for name in COLUMNS})
    return rows
