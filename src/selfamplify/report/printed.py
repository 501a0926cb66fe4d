"""A table as a paper prints it: one line per method, the best accuracy of each selection marked, over seeds with ± sd."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..runs.comparison import BASE, names
from ..runs.table import Mean, Table
from .tables import p_value, title


@dataclass(frozen=True)
class PrintedLine:
    """One line: the cells of ``PrintedTable.heads`` as texts, and whether its accuracy is the best of its selection.

    ``mean``, ``low`` and ``high`` are the accuracy and its 95 % interval, from 0 to 1.
    """

    selection: str
    method: str
    cells: tuple[str, ...]
    best: bool
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class PrintedTable:
    """A table as a paper prints it.

    Parameters
    ----------
    title : str
        The task, the model, and how many questions and shots.
    heads : tuple of str
        The columns; the first two are texts, all others numbers.
    accuracy : int
        Which column is the accuracy.
    lines : tuple of PrintedLine
        In the order of the table.
    notes : tuple of str
        What the numbers are, what may be concluded from them, and what failed.
    """

    title: str
    heads: tuple[str, ...]
    accuracy: int
    lines: tuple[PrintedLine, ...]
    notes: tuple[str, ...]


def printed_table(table: Table, against: str = BASE) -> PrintedTable:
    """A comparison as a paper prints it.

    Parameters
    ----------
    table : Table
        The result of ``compare``, or of ``Table.load``.
    against : str
        The method that the others are tested against, by default IO.
    """
    means = table.lines
    called = names((mean.method, mean.keywords) for mean in means)
    tested = {(each.selection, each.first): each.difference for each in table.against(against)}
    counts = any(mean.keywords for mean in means)
    heads = ("Selection", "Method", *(["k"] if counts else []), "Accuracy (%)", "95 % CI")
    lines: list[PrintedLine] = []
    for mean in means:
        found = tested.get((mean.selection, called[mean.method, mean.keywords]))
        gain = "" if found is None else f"{_points(found.estimate)} ({_points(found.low)} to {_points(found.high)})"
        cells = (
            mean.selection,
            mean.method,
            *([str(mean.keywords or "")] if counts else []),
            f"{100 * mean.mean:.1f}" + ("" if mean.sd is None else f" ± {100 * mean.sd:.1f}"),
            f"{100 * mean.low:.1f}–{100 * mean.high:.1f}",
            *([gain, "" if found is None else p_value(found.p_holm)] if tested else []),
        )
        lines.append(PrintedLine(mean.selection, cells[1], cells, _best(mean, means), mean.mean, mean.low, mean.high))
    heads += (f"Gain over {'IO' if against == BASE else against} (95 % CI)", "p (Holm)") if tested else ()
    return PrintedTable(title(table), heads, 3 if counts else 2, tuple(lines), tuple(_notes(table, means, against)))


def _best(mean: Mean, means: Sequence[Mean]) -> bool:
    """Whether no other line of the same selection has a higher accuracy; the only line of a selection is not marked."""
    others = [each.mean for each in means if each.selection == mean.selection]
    return len(others) > 1 and mean.mean == max(others)


def _notes(table: Table, means: Sequence[Mean], against: str) -> list[str]:
    runs = max((mean.runs for mean in means), default=1)
    over = [f"Accuracy: mean ± standard deviation over {runs} contexts (seeds)."] if runs > 1 else []
    failed = [f"No result for {cell}: {reason}" for cell, reason in table.failed.items()]
    return [*over, *table.conclusions(against), *_unparsed(table, means), *failed]


def _unparsed(table: Table, means: Sequence[Mean]) -> list[str]:
    """How many replies of each line named no label, if there are any."""
    shares = [sum(row.unparsed for row in own) / len(own) for own in table.rows_of_lines]
    found = [f"{mean.method} ({mean.selection}) {share:.1%}" for mean, share in zip(means, shares, strict=True) if share]
    return [f"Replies from which no rule could read a label: {', '.join(found)}."] if found else []


def _points(share: float) -> str:
    rounded = round(100 * share, 1) + 0.0  # no "−0.0"
    return f"{rounded:+.1f}".replace("-", "−")
