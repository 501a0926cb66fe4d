"""The rows of a comparison as a table: one line per row, or, over several seeds, the paper's mean and deviation."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from rich.text import Text

from ..errors import SettingsError
from ..runs.table import Gain, Table
from ..text.lines import counted, shortened
from ..text.printable import printable
from .trimmed import TrimmedTable


def comparison_table(table: Table) -> RichTable:
    """A comparison as a table for the terminal.

    Parameters
    ----------
    table
        The result of ``compare``, or of ``Table.load``.

    Returns
    -------
    rich.table.Table
        One line per row. If the rows have several seeds: one line per method, selection and number of keywords, with the mean
        accuracy, its standard deviation (sd) over the seeds and the gain over IO in points, as in the paper's Table 2.

    Raises
    ------
    SettingsError
        If ``table`` is not a Table, but a folder, for example.
    """
    if not isinstance(table, Table):
        raise SettingsError(f"{shortened(repr(table))} is not a table; pass `Table.load(folder)`, or what `compare` returned.")
    seeds = {row.seed for row in table.rows}
    return _means(table) if len(seeds) > 1 else _rows(table)


def _rows(table: Table) -> RichTable:
    shown = _empty(table, ("keywords", "accuracy\n%", "95 % CI", "p vs\nIO", "unparsed\n%", "seconds"))
    last = None
    for row in table.rows:
        shown.add_row(
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
    return shown


def _means(table: Table) -> RichTable:
    shown = _empty(table, ("keywords", "runs", "mean\n%", "sd", "gain\nover IO", "95 % CI", "p vs\nIO"))
    last = None
    for line in table.means:
        shown.add_row(
            line.selection if line.selection != last else "",
            line.method,
            str(line.keywords or ""),
            str(line.runs),
            f"{100 * line.mean:.1f}",
            "" if line.sd is None else f"{100 * line.sd:.1f}",
            *_gain(line.gain),
        )
        last = line.selection
    return shown


def _gain(gain: Gain | None) -> tuple[str, str, str]:
    if gain is None:
        return "", "", ""
    return f"{100 * gain.difference:+.1f}", f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}", _p(gain.p)


def _empty(table: Table, numbers: Sequence[str]) -> RichTable:
    """The table without its lines. In 80 columns a long method name is folded, and nothing else."""
    shown = TrimmedTable(
        title=Text(printable(_title(table))), title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0
    )
    shown.add_column("selection", no_wrap=True)
    shown.add_column("method", overflow="fold")
    for name in numbers:
        shown.add_column(name, justify="right", no_wrap=True)
    return shown


def _title(table: Table) -> str:
    if not table.rows:
        return "no rows"
    first = table.rows[0]
    calibrated = {"content_free": "calibrated ", "batch": "batch-calibrated "}.get(table.settings.get("calibrate", "off"), "")
    decided = f" · by {calibrated}likelihood" if table.settings.get("decide") == "likelihood" else ""
    return f"{first.task} · {first.model} · {counted(first.n, 'test question')} · {counted(first.shots, 'shot')}{decided}"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
