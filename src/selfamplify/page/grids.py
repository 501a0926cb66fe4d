"""The tables of a page, as cells that a template writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..evaluation.figures import MEASURES
from ..prompting.prompt import Prompt
from ..report.faithfulness import figure_cells, measures_of
from ..report.printed import printed_table
from ..report.tables import p_value
from ..runs.cell import Cell
from ..runs.comparison import BASE, names
from ..runs.findings import Faithfulness
from ..runs.responses import Line
from ..runs.table import Row, Table
from ..text.label_counts import label_counts
from ..text.lines import counted
from .contents import Race

_FIGURE_HEADS = ("n", "Mean", "95 % CI", "Random words", "Difference, 95 % CI", "p (Holm)")
_MOST_LABELS = 12
_UNPARSED = "Unparsed (%)"


@dataclass(frozen=True)
class Grid:
    """A table: its caption, its heads, and its lines; the first ``texts`` columns are texts, all others numbers.

    ``strong`` are the lines to be set in bold, and ``shares`` says that a number is a share of its line, drawn as a bar.
    """

    caption: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    texts: int = 1
    strong: tuple[int, ...] = ()
    shares: bool = False


def table_grid(table: Table, against: str = BASE) -> Grid:
    """A comparison: accuracy, gain over the row ``against``, their intervals, p alone and corrected, unparsed replies, time."""
    printed = printed_table(table, against)
    called = names((each.method, each.keywords) for each in table.lines)
    alone = {(each.selection, each.first): each.difference.p for each in table.against(against)}
    lines: list[tuple[str, ...]] = []
    for each, own, line in zip(table.lines, table.rows_of_lines, printed.lines, strict=True):
        p = alone.get((each.selection, called[each.method, each.keywords]))
        cells = [*line.cells[:-1], "" if p is None else p_value(p), line.cells[-1]] if alone else [*line.cells]
        lines.append((*cells, f"{100 * _mean([row.unparsed for row in own]):.1f}", _seconds(own)))
    heads = (*printed.heads[:-1], "p", printed.heads[-1]) if alone else printed.heads
    best = tuple(place for place, line in enumerate(printed.lines) if line.best)
    tested = f" · tested against {against}" if alone else ""
    return Grid(printed.title + tested, (*heads, _UNPARSED, "Seconds"), tuple(lines), 2, best)


def _seconds(rows: Sequence[Row]) -> str:
    seconds = mean_seconds(rows)
    return "" if seconds is None else f"{seconds:.1f}"


def mean_seconds(rows: Sequence[Row]) -> float | None:
    """The mean seconds of rows; None unless those of all are known."""
    known = [row.seconds for row in rows if row.seconds is not None]
    return _mean(known) if len(known) == len(rows) else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def balance_grid(table: Table, lines: Sequence[Line]) -> Grid | None:
    """How often each label is the answer of a shot, the true answer of a question, and the answer of each row.

    None if there are too many labels for a table, as where choices have names of their own.
    """
    rows = list(_balance(table, lines))
    labels = sorted({label for _, _, counts in rows for label in counts})
    if not labels or len(labels) > _MOST_LABELS:
        return None
    made = tuple((what, name, *(str(counts.get(label, 0)) for label in labels)) for what, name, counts in rows)
    return Grid("How often each label is an answer", ("Answers of", "Shots by", *labels), made, 2, shares=True)


def right_grid(table: Table, lines: Sequence[Line]) -> Grid | None:
    """How many of the questions with each true label every row answers correctly; None where labels are letters or too many.

    The rows of a table and its responses are in the same order.
    """
    labels = sorted({line.names[line.answer] for line in lines if line.answer in line.names})
    if not labels or len(labels) > _MOST_LABELS or any(line.answer not in line.names for line in lines):
        return None
    counts: dict[Cell, dict[str, list[int]]] = {}
    for line in lines:
        found = counts.setdefault(line.cell, {label: [0, 0] for label in labels})[line.names[line.answer]]
        found[0] += line.correct
        found[1] += 1
    if len(counts) != len(table.rows):
        return None
    made = tuple(
        (*called, *(f"{right} of {n}" for right, n in found.values()))
        for called, found in zip(named_rows(table), counts.values(), strict=True)
    )
    return Grid("How many questions with each label are answered correctly", ("Method", "Shots by", *labels), made, 2)


def true_answers(lines: Sequence[Line]) -> dict[str, int]:
    """How often each label is the true answer of a question."""
    asked = {line.question_id: line for line in lines}.values()
    return label_counts(line.names.get(line.answer, line.answer) for line in asked)


def named_rows(table: Table) -> list[tuple[str, str]]:
    """What each row is called, and how its shots were selected, with its seed where there are several."""
    called = names((row.called, row.keywords) for row in table.rows)
    seeds = len({row.seed for row in table.rows}) > 1
    return [
        (called[row.called, row.keywords], f"{row.selection}, seed {row.seed}" if seeds else row.selection)
        for row in table.rows
    ]


def _balance(table: Table, lines: Sequence[Line]) -> Iterator[tuple[str, str, dict[str, int]]]:
    if true := true_answers(lines):
        yield "true answers", "", true
    shown: set[str] = set()
    for row, (called, shots) in zip(table.rows, named_rows(table), strict=True):
        if row.shot_answers and shots not in shown:
            yield "the shots", shots, row.shot_answers
        shown.add(shots)
        yield called, shots, row.answers


def findings_grids(found: Faithfulness) -> list[Grid]:
    """A study: one table per measure, the best explainer first; then how far explainers agree."""
    grids = [
        Grid(
            f"{measure[:1].upper()}{measure[1:]} ({MEASURES[measure]} is better)",
            ("Explainer", *_FIGURE_HEADS),
            tuple((figure.explainer, *figure_cells(figure)) for figure in found.ranking(measure)),
        )
        for measure in measures_of(found)
    ]
    if found.agreements:
        pairs = tuple((f"{each.first}, {each.second}", *figure_cells(each.figure)) for each in found.agreements)
        grids.append(
            Grid("Keywords in common, as a share of the smaller number of them", ("Explainers", *_FIGURE_HEADS), pairs)
        )
    return grids


def race_grids(race: Race, prompt: Prompt | None) -> list[Grid]:
    """A race: how the chosen prompt did in the test, and every arm."""
    grids: list[Grid] = []
    evidence = prompt.evidence if prompt else None
    if evidence is not None:
        interval = f"{_percent(evidence.low)}–{_percent(evidence.high)}"
        own = (evidence.arm, _percent(evidence.accuracy), interval, "", "", "", _share(evidence.unparsed))
        lines: list[tuple[str, ...]] = [own]
        for rival in evidence.rivals:
            gain, within = f"{100 * rival.difference:+.1f}", f"{100 * rival.low:+.1f} to {100 * rival.high:+.1f}"
            tested = (gain, within, p_value(rival.p), _share(rival.unparsed))
            lines.append((rival.arm, _percent(rival.accuracy), "", *tested))
        heads = ("Prompt", "Accuracy (%)", "95 % CI", "Gain of the chosen one", "95 % CI", "p (Holm)", _UNPARSED)
        grids.append(
            Grid(f"The test, on {evidence.test_questions} questions that the choice did not see", heads, tuple(lines), 1, (0,))
        )
    arms = tuple(
        (each.name, str(each.n), _percent(each.correct / each.n), _share(each.unparsed), _whole(each.tokens))
        for each in race.raced
    )
    chosen = tuple(place for place, each in enumerate(race.raced) if evidence and each.name == evidence.arm)
    names = race.left_out
    caption = f"The race; the budget did not suffice for {counted(len(names), 'more arm')}" if names else "The race"
    return [*grids, Grid(caption, ("Prompt", "Questions", "Accuracy (%)", _UNPARSED, "Tokens per answer"), arms, 1, chosen)]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _share(share: float | None) -> str:
    return "" if share is None else _percent(share)


def _whole(number: float | None) -> str:
    return "" if number is None else f"{number:.0f}"
