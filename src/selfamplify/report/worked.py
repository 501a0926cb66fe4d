"""One question of a run worked out: where IO is wrong and Self-AMPLIFY right, chosen by a rule that is told with it.

One chosen question shows how the method works and nothing about how well; so it comes with how often the opposite occurs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..errors import DataError
from ..explain.self_topk import QUOTED
from ..records import Question
from ..runs.plan import Cell
from ..runs.results import Line, load_responses
from ..tasks.task import Task
from ..text.printable import printable
from ..text.words import candidate_words
from .words import named_words

_KEYWORD_ROWS = ("deep_lift", "kernel_shap")
_PREFERRED = ("success", "error")
_KEYWORD = "bold black on yellow"
_MARKS = {True: ("right", "bold green"), False: ("wrong", "bold red")}

Rows = dict[Cell, dict[str, Line]]


def worked_question(folder: Path, task: Task) -> Group:
    """The first test question of a run on which IO is wrong and a row of deep_lift or kernel_shap right, side by side.

    Both rows have the same shots; shots by success come before shots by error. The words that the keyword reply names are
    coloured in the question, and the two rows are counted against each other in both directions. A run without such a question
    gives a line that says so. Raises DataError if the folder's responses.jsonl can't be read, or is not about ``task``.
    """
    rows: Rows = {}
    for line in load_responses(folder):
        rows.setdefault(line.cell, {})[line.question_id] = line
    pairs = _pairs(rows)
    found = [pair for pair in pairs if pair.gained]
    if not found:
        return Group(_nothing(pairs))
    pair = min(found, key=lambda pair: (_preference(pair.io), pair.first))  # of equals, the first row
    line = rows[pair.keyword][pair.gained[0]]
    question = _find(task, line)
    steps = [
        cell
        for cell in rows
        if cell.method == "self_exp" and _shots(cell) == _shots(pair.io) and line.question_id in rows[cell]
    ]
    shown = [rows[cell][line.question_id] for cell in (pair.io, pair.keyword, *steps)]
    return Group(_head(pair), *_asked(question, line), _replies(shown), _told(pair))


@dataclass(frozen=True)
class _Pair:
    """IO and a keyword row on the same shots: the questions that only the keyword row has right, and those that only IO has."""

    io: Cell
    keyword: Cell
    questions: tuple[str, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def first(self) -> int:
        return self.questions.index(self.gained[0])

    @property
    def method(self) -> str:
        return printable(self.keyword.method)


def _pairs(rows: Rows) -> list[_Pair]:
    """Every pair of a run, in the order of its rows."""
    pairs: list[_Pair] = []
    for io in rows:
        for cell in rows if io.method == "io" else ():
            if cell.method in _KEYWORD_ROWS and _shots(cell) == _shots(io):
                asked = {
                    name: (line.correct, rows[cell][name].correct) for name, line in rows[io].items() if name in rows[cell]
                }
                gained = tuple(name for name, right in asked.items() if right == (False, True))
                lost = tuple(name for name, right in asked.items() if right == (True, False))
                pairs.append(_Pair(io, cell, tuple(asked), gained, lost))
    return pairs


def _shots(cell: Cell) -> tuple[str, int]:
    """What rows of the same shots have in common."""
    return cell.selection, cell.seed


def _preference(io: Cell) -> int:
    return _PREFERRED.index(io.selection) if io.selection in _PREFERRED else len(_PREFERRED)


def _nothing(pairs: Sequence[_Pair]) -> Text:
    names = " or ".join(_KEYWORD_ROWS)
    if not pairs:
        return Text(f"No worked question: the run has no row of io and one of {names} on the same shots.")
    counts = ", ".join(f"{len(pair.lost)} with {pair.method} ({printable(pair.io.selection)})" for pair in pairs)
    return Text(
        f"No worked question: on none of the {len(pairs[0].questions)} test questions is io wrong and {names} right on the "
        f"same shots. Questions with io right and the other wrong: {counts}."
    )


def _find(task: Task, line: Line) -> Question:
    """The question of the task that a line is about."""
    for question in task.test:
        if question.id == line.question_id and (question.render(), question.answer) == (line.question, line.answer):
            return question
    raise DataError(
        f"The run's question {line.question_id} is no test question of {task.name}; pass the task that the run was made with."
    )


def _head(pair: _Pair) -> Text:
    return Text(
        f"A worked question: io wrong, Self-AMPLIFY ({pair.method}) right · shots by {printable(pair.io.selection)}", "bold"
    )


def _asked(question: Question, line: Line) -> Iterable[Text]:
    """The question with the words that the reply names coloured, its answer, and both lists of words."""
    named = {word.text.lower(): word.text for keyword in QUOTED.findall(line.text) for word in candidate_words(keyword, ())}
    drawn = Text(printable(question.render()))
    found = named_words(question, named)
    for word in found:
        drawn.stylize(_KEYWORD, word.start, word.end)
    yield drawn
    answer = next((choice.text for choice in question.choices if choice.label == question.answer), "")
    yield Text(printable(f"right answer: ({question.answer}) {answer}"))
    if question.planted:
        both = [word for word in question.planted if word.lower() in named]
        share = f"; the reply names {len(both)} of {len(question.planted)}"
        yield Text.assemble("deciding words (planted): ", _listed(question.planted, both), share)
    inside = [named[name] for name in dict.fromkeys(word.text.lower() for word in found)]
    outside = [word for word in named.values() if word not in inside]
    besides = ("; not in the question: ", _listed(outside, ())) if outside else ()
    yield Text.assemble("words that the reply names: ", _listed(inside, inside), *besides)


def _listed(words: Sequence[str], coloured: Sequence[str]) -> Text:
    shown = [Text(printable(word), _KEYWORD if word in coloured else "") for word in words]
    return Text(", ").join(shown) if shown else Text("none")


def _replies(lines: Sequence[Line]) -> Table:
    """A column a row of the run: how it answered, right or wrong, and its reply."""
    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for line in lines:
        label = "no answer" if line.label is None else f"({printable(line.label)})"
        mark, style = _MARKS[line.correct]
        drawn.add_column(
            Text.assemble(printable(line.cell.method), "\n", (f"{label}, {mark}", style)), ratio=1, overflow="fold"
        )
    drawn.add_row(*(Text(printable(line.text)) for line in lines))
    return drawn


def _told(pair: _Pair) -> Text:
    """How the question was chosen, and what the choice leaves out."""
    method, names = pair.method, " or ".join(_KEYWORD_ROWS)
    return Text(
        f"Chosen by a rule: the first test question, in the order of asking, on which io is wrong and {names} right on the "
        f"same shots; shots by {' before shots by '.join(_PREFERRED)}.\n"
        f"On all {len(pair.questions)} questions of {printable(str(pair.io))} and {printable(str(pair.keyword))}: "
        f"io wrong and {method} right: {len(pair.gained)}; io right and {method} wrong: {len(pair.lost)}."
    )
