"""How a notebook shows a result with its first answers, and a table."""

from collections.abc import Iterator

from markupsafe import Markup

from ...evaluation.result import Result
from ...runs.table import Table
from ...text.label_counts import in_words, label_counts
from ..printed import printed_table
from .pieces import block, bold, brief, folded, grid, items, text

_SHOWN = 20
"""How many answers of a result are shown when the reader opens them."""


def result(own: Result) -> Markup:
    """The accuracy, the difference from IO, how often each label was given, and the first answers."""
    said = str(own).partition(": ")[2]
    counts = f"answers given: {in_words(label_counts(own.given))}" if own.given else "no answer could be read"
    cut = [f"{own.cut:.1%} of the replies were cut at their maximum length"] if own.cut else []
    shown = f"First {min(_SHOWN, own.n)} of {own.n} answers"
    answers = grid(("question", "right", "given", "", "reply"), _answers(own), 5)
    return block(f"{own.method} on {own.task}", own.model, items([said, counts, *cut]), folded(shown, answers))


def _answers(own: Result) -> Iterator[tuple[Markup, ...]]:
    judged = zip(own.questions, own.responses, own.outcomes, strict=True)
    for question, response, outcome in list(judged)[:_SHOWN]:
        given = "none" if outcome.label is None else question.called(outcome.label)
        yield (
            brief(question.render()),
            text(question.called(outcome.answer)),
            text(given),
            bold(text("right")) if outcome.correct else text("wrong"),
            brief(response.text),
        )


def table(own: Table) -> Markup:
    """The table as a paper prints it, and what may be concluded from it."""
    printed = printed_table(own)
    rows = [
        [bold(text(cell)) if line.best and place == printed.accuracy else text(cell) for place, cell in enumerate(line.cells)]
        for line in printed.lines
    ]
    return block(printed.title, "", grid(printed.heads, rows, 2), items(printed.notes))
