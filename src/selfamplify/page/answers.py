"""Every question with all answers, as the data from which the page's script draws a row when it is seen."""

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from ..records.responses import UNPARSED
from ..runs.cell import Cell
from ..runs.comparison import BASE, names
from ..runs.responses import Line
from ..text.printable import printable

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def answers(lines: Sequence[Line], against: str) -> dict[str, Any]:
    """The rows of the run (``cells``), its shots (``contexts``), and each question with an answer of every row or null.

    The rows ``against`` are the ones that others are compared with.

    An answer is ``[label or null, 1 if right, 1 if unparsed, rule, text]``, with the votes as a sixth part where replies voted.
    """
    cells = list(dict.fromkeys(line.cell for line in lines))
    called = names((cell.method, cell.keywords) for cell in cells if cell.method != BASE)
    contexts = list(dict.fromkeys((cell.selection, cell.seed) for cell in cells))
    places = {cell: place for place, cell in enumerate(cells)}
    questions: dict[str, dict[str, Any]] = {}
    for line in lines:
        if line.question_id not in questions:
            true = printable(line.called(line.answer))
            made = {"id": printable(line.question_id), "text": printable(line.question), "answer": true}
            questions[line.question_id] = {**made, "answers": [None] * len(cells)}
        questions[line.question_id]["answers"][places[line.cell]] = _answer(line)
    return {
        "cells": [
            {
                "name": printable(called.get((cell.method, cell.keywords), cell.method)),
                "context": contexts.index((cell.selection, cell.seed)),
                "base": against in (cell.method, called.get((cell.method, cell.keywords))),
            }
            for cell in cells
        ],
        "contexts": _contexts(cells),
        "questions": list(questions.values()),
    }


def embedded(data: object) -> Markup:
    """Data as JSON that can stand in a script element: no character of it can end the element."""
    return Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES))  # nosec B704 # escaped


def _answer(line: Line) -> list[Any]:
    label = None if line.label is None else printable(line.called(line.label))
    made = [label, int(line.correct), int(line.rule in UNPARSED), printable(line.rule), printable(line.text)]
    votes = ["no answer" if vote is None else printable(line.called(vote)) for vote in line.votes]
    return [*made, votes] if votes else made


def _contexts(cells: Sequence[Cell]) -> list[str]:
    seeds = len({cell.seed for cell in cells}) > 1
    found = dict.fromkeys((cell.selection, cell.seed) for cell in cells)
    return [printable(f"{selection}, seed {seed}" if seeds else selection) for selection, seed in found]
