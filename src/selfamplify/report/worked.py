"""One question of a comparison, worked out: io gets it wrong, Self-AMPLIFY right. The rule that chose it is printed with it.

A single chosen question shows how the method works, not how well. So the report also counts how often the opposite happens.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..errors import DataError
from ..explain.attribution import AbstractAttribution
from ..explain.explainer import AbstractExplainer
from ..explain.self_exp import SelfExp
from ..explain.self_topk import QUOTED
from ..methods.io import InputOutput
from ..names import NAMES, find
from ..records import AnswerStyle, Question
from ..runs.cell import Cell
from ..runs.responses import Line, load_responses
from ..tasks.task import Task
from ..text.label_counts import bracketed
from ..text.printable import printable
from ..text.words import candidate_words
from .marks import named_words
from .responses import verdict
from .trimmed import TrimmedTable

_PREFERRED = ("success", "error")
"""The selections in the order in which they are tried; any others come last."""
_KEYWORD = "bold black on yellow"
_STYLES = {True: "bold green", False: "bold red"}

Rows = dict[Cell, dict[str, Line]]
"""The replies of a run: for each row, those to its questions, by the questions' ids."""


def worked_question(folder: str | Path, task: Task) -> Group:
    """The first test question of a comparison that io gets wrong and Self-AMPLIFY with an attribution gets right.

    Both rows have the same shots; shots by success are tried before shots by error. The words that Self-AMPLIFY's reply names
    are coloured in the question. The report also counts on how many questions each of the two rows alone is right.

    Parameters
    ----------
    folder
        The run folder of a comparison.
    task
        The task that the comparison was made with.

    Returns
    -------
    rich.console.Group
        What to print: the question, the replies side by side, and the rule. If there is no such question, a line that says so.

    Raises
    ------
    DataError
        If the folder's responses.jsonl is missing or damaged, or its questions are not those of ``task``.
    """
    rows: Rows = {}
    for line in load_responses(folder):
        rows.setdefault(line.cell, {})[line.question_id] = line
    pairs = _pairs(rows)
    found = [pair for pair in pairs if pair.gained]
    if not found:
        return Group(_nothing(pairs))
    pair = min(found, key=lambda pair: (_preference(pair.io), pair.first))  # min takes the first row of equals
    line = rows[pair.own][pair.gained[0]]
    question = _find(task, line)
    written = [
        cell
        for cell in rows
        if _explained_by(cell, SelfExp) and _shots(cell) == _shots(pair.io) and line.question_id in rows[cell]
    ]
    shown = [rows[cell][line.question_id] for cell in (pair.io, pair.own, *written)]
    return Group(_head(pair), *_asked(question, line), _replies(question, shown), _rule(pair, _names(pairs)))


@dataclass(frozen=True)
class _Pair:
    """IO and a row of Self-AMPLIFY with the same shots; it alone is right on the questions ``gained``, IO alone on ``lost``."""

    io: Cell
    own: Cell
    questions: tuple[str, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def first(self) -> int:
        return self.questions.index(self.gained[0])

    @property
    def method(self) -> str:
        return printable(self.own.method)


def _pairs(rows: Rows) -> list[_Pair]:
    """All pairs of a run, in the order of its rows."""
    return [
        _pair(io, own, rows)
        for io in rows
        if io.method == InputOutput.name
        for own in rows
        if _explained_by(own, AbstractAttribution) and _shots(own) == _shots(io)
    ]


def _pair(io: Cell, own: Cell, rows: Rows) -> _Pair:
    correct = {name: (line.correct, rows[own][name].correct) for name, line in rows[io].items() if name in rows[own]}
    gained = tuple(name for name, both in correct.items() if both == (False, True))
    lost = tuple(name for name, both in correct.items() if both == (True, False))
    return _Pair(io, own, tuple(correct), gained, lost)


def _explained_by(cell: Cell, kind: type[AbstractExplainer]) -> bool:
    """Whether the rationales of a row come from an explainer of this kind."""
    return cell.method in NAMES["explainer"] and issubclass(find("explainer", cell.method), kind)


def _shots(cell: Cell) -> tuple[str, int]:
    """What rows with the same shots have in common."""
    return cell.selection, cell.seed


def _preference(io: Cell) -> int:
    return _PREFERRED.index(io.selection) if io.selection in _PREFERRED else len(_PREFERRED)


def _names(pairs: Sequence[_Pair]) -> str:
    return " or ".join(dict.fromkeys(pair.method for pair in pairs))


def _nothing(pairs: Sequence[_Pair]) -> Text:
    if not pairs:
        return Text("No worked question: the run has no row of io and row of an attribution with the same shots.")
    counts = ", ".join(f"{len(pair.lost)} with {pair.method} ({printable(pair.io.selection)})" for pair in pairs)
    return Text(
        f"No worked question: of {len(pairs[0].questions)} test questions, there is none that io gets wrong and "
        f"{_names(pairs)} gets right with the same shots. The opposite happens on: {counts}."
    )


def _find(task: Task, line: Line) -> Question:
    """The question of the task that a line is about, in the style in which it was asked."""
    for question in task.test:
        styled = {(asked := replace(question, answer_style=style)).render(): asked for style in get_args(AnswerStyle)}
        if question.id == line.question_id and line.question in styled and question.answer == line.answer:
            return styled[line.question]
    raise DataError(
        f"The run's question {line.question_id} is not a test question of {task.name}; pass the task that was used for the run."
    )


def _head(pair: _Pair) -> Text:
    selection = printable(pair.io.selection)
    return Text(f"A worked question: io is wrong, Self-AMPLIFY ({pair.method}) is right · shots by {selection}", "bold")


def _asked(question: Question, line: Line) -> Iterable[Text]:
    """The question with the words that the reply names coloured, its answer, and the words as lists."""
    named = {word.text.lower(): word.text for keyword in QUOTED.findall(line.text) for word in candidate_words(keyword, ())}
    shown = Text(printable(question.render()))
    found = named_words(question, named)
    for word in found:
        shown.stylize(_KEYWORD, word.start, word.end)
    yield shown
    answer = next((choice.text for choice in question.choices if choice.label == question.answer), "")
    letter = "" if question.answer_style == "label" else f"({question.answer}) "
    yield Text(printable(f"correct answer: {letter}{answer}"))
    if question.planted:
        both = [word for word in question.planted if word.lower() in named]
        share = f"; the reply names {len(both)} of {len(question.planted)}"
        yield Text.assemble("deciding words: ", _listed(question.planted, both), share)
    inside = [named[name] for name in dict.fromkeys(word.text.lower() for word in found)]
    outside = [word for word in named.values() if word not in inside]
    others = ("; not in the question: ", _listed(outside, ())) if outside else ()
    yield Text.assemble("keywords in the reply: ", _listed(inside, inside), *others)


def _listed(words: Sequence[str], coloured: Sequence[str]) -> Text:
    shown = [Text(printable(word), _KEYWORD if word in coloured else "") for word in words]
    return Text(", ").join(shown) if shown else Text("none")


def _replies(question: Question, lines: Sequence[Line]) -> Table:
    """One column per row of the run: its method, its answer, whether that is right, and its reply or what decided."""
    shown = TrimmedTable(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for line in lines:
        head = Text.assemble(printable(line.cell.method), "\n", (printable(verdict(line)), _STYLES[line.correct]))
        shown.add_column(head, ratio=1, overflow="fold")
    shown.add_row(*(Text(printable(line.text)) for line in lines))
    if any(line.log_probabilities for line in lines):
        shown.add_row(*(Text(printable(_likelihoods(question, line))) for line in lines))
    return shown


def _likelihoods(question: Question, line: Line) -> str:
    """What decided in place of the reply's text."""
    found = zip(question.labels, line.log_probabilities, strict=False)
    scores = (f"{bracketed(question.called(label))} {score:+.2f}" for label, score in found)
    return f"Decided by {line.rule}: {', '.join(scores)}"


def _rule(pair: _Pair, names: str) -> Text:
    """How the question was chosen, and what that choice hides."""
    rows = f"{printable(str(pair.io))} and {printable(str(pair.own))}"
    return Text(
        f"Chosen by rule: the first test question, in the order asked, that io gets wrong and {names} gets right with the same "
        f"shots; shots by {' are tried before shots by '.join(_PREFERRED)}.\n"
        f"On the {len(pair.questions)} questions of {rows}: io wrong and {pair.method} right: {len(pair.gained)}; "
        f"io right and {pair.method} wrong: {len(pair.lost)}."
    )
