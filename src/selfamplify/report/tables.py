"""The rows of a comparison as a table: one line a row, or, over several seeds, the paper's mean and deviation."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from rich.text import Text

from ..runs.results import Gain, Table
from ..text.printable import printable


def comparison_table(table: Table) -> RichTable:
    """A table for the terminal; runs with several seeds are summed up as in the paper's Table 2."""
    seeds = {row.seed for row in table.rows}
    return _means(table) if len(seeds) > 1 else _rows(table)


def _rows(table: Table) -> RichTable:
    drawn = _empty(table, ("k", "right\n%", "95 % CI", "p vs IO", "unread\n%", "s"))
    last = None
    for row in table.rows:
        drawn.add_row(
            row.selection if row.selection != last else "",
            row.explainer or row.method,
            str(row.keywords or ""),
            f"{100 * row.accuracy:.1f}",
            f"{100 * row.ci_low:.1f}–{100 * row.ci_high:.1f}",
            "" if row.p_vs_io is None else _p(row.p_vs_io),
            f"{100 * row.unparsed:.1f}",
            f"{row.seconds:.0f}",
        )
        last = row.selection
    return drawn


def _means(table: Table) -> RichTable:
    drawn = _empty(table, ("k", "runs", "mean\n%", "sd", "gain on IO", "95 % CI", "p vs IO"))
    last = None
    for line in table.means:
        drawn.add_row(
            line.selection if line.selection != last else "",
            line.method,
            str(line.keywords or ""),
            str(line.runs),
            f"{100 * line.mean:.1f}",
            "" if line.sd is None else f"{100 * line.sd:.1f}",
            *_gain(line.gain),
        )
        last = line.selection
    return drawn


def _gain(gain: Gain | None) -> tuple[str, str, str]:
    if gain is None:
        return "", "", ""
    return f"{100 * gain.difference:+.1f}", f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}", _p(gain.p)


def _empty(table: Table, numbers: Sequence[str]) -> RichTable:
    drawn = RichTable(
        title=Text(printable(_title(table))),
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    for name in ("selection", "method"):
        drawn.add_column(name, no_wrap=True)
    for name in numbers:
        drawn.add_column(name, justify="right")
    return drawn


def _title(table: Table) -> str:
    if not table.rows:
        return "no rows"
    first = table.rows[0]
    return f"{first.task} · {first.model} · {first.n} test questions · {first.shots} shots"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
