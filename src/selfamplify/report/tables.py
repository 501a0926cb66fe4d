"""The rows of a comparison as a table: one line per row, or, over several seeds, the paper's mean and deviation."""

from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from rich.text import Text

from ..errors import SettingsError
from ..evaluation.difference import Difference
from ..runs.comparison import BASE, names
from ..runs.table import Table
from ..text.lines import counted, shortened
from ..text.printable import printable
from .trimmed import TrimmedTable

_Gain = Callable[[str, str, int | None], Difference | None]
"""The test of a selection, a method and a number of keywords."""


def comparison_table(table: Table, against: str = BASE) -> RichTable:
    """A comparison as a table for the terminal.

    Parameters
    ----------
    table
        The result of ``compare``, or of ``Table.load``.
    against
        The method that the others are tested against, by default IO; see ``Table.against``.

    Returns
    -------
    rich.table.Table
        One line per row. If the rows have several seeds: one line per method, selection and number of keywords, with the mean
        accuracy, its standard deviation (sd) over the seeds and the gain over IO in points, as in the paper's Table 2. Every p
        is corrected by Holm's method for all tests of the table.

    Raises
    ------
    SettingsError
        If ``table`` is not a Table, but a folder, for example, or has no such method.
    """
    if not isinstance(table, Table):
        raise SettingsError(f"{shortened(repr(table))} is not a table; pass `Table.load(folder)`, or what `compare` returned.")
    called = names((mean.method, mean.keywords) for mean in table.means)
    tested = {(each.selection, each.first): each.difference for each in table.against(against)}

    def gain(selection: str, method: str, keywords: int | None) -> Difference | None:
        return tested.get((selection, called.get((method, keywords), method)))

    io = against == BASE
    if len({row.seed for row in table.rows}) > 1:
        shown = _means(table, ("gain\nover IO", "95 % CI", "p vs\nIO") if io else ("gain", "95 % CI", "p"), gain)
    else:
        shown = _rows(table, "p vs\nIO" if io else "p", gain)
    shown.title = Text(printable(title(table) if io else f"{title(table)} · tested against {against}"))
    return shown


def _rows(table: Table, p: str, gain: _Gain) -> RichTable:
    shown = _empty(("keywords", "accuracy\n%", "95 % CI", p, "unparsed\n%", "seconds"))
    last = None
    for row in table.rows:
        found = gain(row.selection, row.called, row.keywords)
        shown.add_row(
            row.selection if row.selection != last else "",
            row.called,
            str(row.keywords or ""),
            f"{100 * row.accuracy:.1f}",
            f"{100 * row.ci_low:.1f}–{100 * row.ci_high:.1f}",
            "" if found is None else p_value(found.p_holm),
            f"{100 * row.unparsed:.1f}",
            "" if row.seconds is None else f"{row.seconds:.0f}",
        )
        last = row.selection
    return shown


def _means(table: Table, tests: tuple[str, str, str], gain: _Gain) -> RichTable:
    shown = _empty(("keywords", "runs", "mean\n%", "sd", *tests))
    last = None
    for line in table.means:
        shown.add_row(
            line.selection if line.selection != last else "",
            line.method,
            str(line.keywords or ""),
            str(line.runs),
            f"{100 * line.mean:.1f}",
            "" if line.sd is None else f"{100 * line.sd:.1f}",
            *_tested(gain(line.selection, line.method, line.keywords)),
        )
        last = line.selection
    return shown


def _tested(found: Difference | None) -> tuple[str, str, str]:
    if found is None:
        return "", "", ""
    interval = f"{100 * found.low:+.1f} to {100 * found.high:+.1f}"
    return f"{100 * found.estimate:+.1f}", interval, p_value(found.p_holm)


def _empty(numbers: Sequence[str]) -> RichTable:
    """The table without its lines. In 80 columns a long method name is folded, and nothing else."""
    shown = TrimmedTable(title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    shown.add_column("selection", no_wrap=True)
    shown.add_column("method", overflow="fold")
    for name in numbers:
        shown.add_column(name, justify="right", no_wrap=True)
    return shown


def title(table: Table) -> str:
    """The task or its file, the model, how many questions and shots, and how answers were decided."""
    if not table.rows:
        return "no rows"
    first = table.rows[0]
    calibrated = {"content_free": "calibrated ", "batch": "batch-calibrated "}.get(table.settings.get("calibrate", "off"), "")
    decided = f" · by {calibrated}likelihood" if table.settings.get("decide") == "likelihood" else ""
    votes = table.settings.get("self_consistency", 1)
    decided = f" · majority of {votes} replies" if votes > 1 else decided
    return f"{table.source} · {first.model} · {counted(first.n, 'test question')} · {counted(first.shots, 'shot')}{decided}"


def p_value(value: float) -> str:
    """A p as tables show it."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"
