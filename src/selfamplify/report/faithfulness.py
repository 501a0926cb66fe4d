"""A study of faithfulness as tables: each measure beside that of random words, and how far explainers agree."""

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from rich.text import Text

from ..errors import SettingsError
from ..evaluation.figures import MEASURES, Figure
from ..runs.findings import Faithfulness
from ..text.lines import counted, shortened
from ..text.printable import printable
from .tables import p_value
from .trimmed import TrimmedTable


def faithfulness_tables(found: Faithfulness) -> list[RichTable]:
    """A study of faithfulness as tables for the terminal.

    Parameters
    ----------
    found
        The result of ``faithfulness``, or of ``Faithfulness.load``.

    Returns
    -------
    list of rich.table.Table
        For each measure, with an arrow that says which values are better, one line per explainer, the best first; then, with at
        least two explainers, one line per pair of them. Every p is that of the difference from random words, corrected by
        Holm's method for all tests of its table.

    Raises
    ------
    SettingsError
        If ``found`` is anything else.
    """
    if not isinstance(found, Faithfulness):
        raise SettingsError(
            f"{shortened(repr(found))} is not a study of faithfulness; pass `Faithfulness.load(folder)`, or what "
            "`faithfulness` returned."
        )
    title = (
        f"{found.source} · {found.model} · {counted(found.questions, 'answer')} of the model, {found.right} of them right · "
        f"words {_removed(found)}"
    )
    shown = _empty(title)
    for measure in measures_of(found):
        shown.add_row(f"{measure} {'↑' if MEASURES[measure] == 'higher' else '↓'}")
        for figure in found.ranking(measure):
            shown.add_row(printable(f"  {figure.explainer}"), *figure_cells(figure))
    if not found.agreements:
        return [shown]
    agreeing = _empty("Keywords in common, as a share of the smaller number of them")
    for each in found.agreements:
        agreeing.add_row(printable(f"{each.first}, {each.second}"), *figure_cells(each.figure))
    return [shown, agreeing]


def measures_of(found: Faithfulness) -> list[str]:
    """The measures of a study, in their order."""
    return list(dict.fromkeys(figure.measure for each in found.measures for figure in each.figures))


def _removed(found: Faithfulness) -> str:
    way = found.settings.get("removal", "delete")
    return "deleted" if way == "delete" else f"replaced ({way})"


def _empty(title: str) -> RichTable:
    shown = TrimmedTable(
        title=Text(printable(title)), title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0
    )
    shown.add_column("", overflow="fold")
    for name in ("n", "mean", "95 % CI", "random\nwords", "difference\n95 % CI", "p"):
        shown.add_column(name, justify="right", no_wrap=True)
    return shown


def figure_cells(figure: Figure) -> list[str]:
    """A figure as tables show it: n, mean, interval, random words, difference with its interval, and p."""
    return [
        str(figure.questions),
        f"{figure.mean:.2f}",
        _interval(figure.low, figure.high),
        f"{figure.random:.2f}",
        f"{figure.gain:+.2f}" if figure.gain_low is None else _interval(figure.gain_low, figure.gain_high, "+"),
        "" if figure.p_holm is None else p_value(figure.p_holm),
    ]


def _interval(low: float | None, high: float | None, sign: str = "") -> str:
    return "" if low is None or high is None else f"{low:{sign}.2f} to {high:{sign}.2f}"
