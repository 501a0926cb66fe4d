"""What a comparison will take, as a table: the parts of its work, and their sums."""

from rich.box import SIMPLE_HEAD
from rich.text import Text

from ..errors import SettingsError
from ..estimating.record import Estimate
from ..text.lines import duration, shortened
from ..text.printable import printable
from .trimmed import TrimmedTable


def estimate_table(estimate: Estimate) -> TrimmedTable:
    """What a comparison will take, as a table for the terminal.

    Parameters
    ----------
    estimate
        The result of ``estimate``.

    Returns
    -------
    rich.table.Table
        One line per part of the work: how many questions, how many of them were measured, thousands of tokens that are read and
        written, and the time; and a line with the sums.

    Raises
    ------
    SettingsError
        If ``estimate`` is anything else.
    """
    if not isinstance(estimate, Estimate):
        raise SettingsError(f"{shortened(repr(estimate))} is not an estimate; pass what `estimate` returned.")
    title = f"What this comparison will take: {printable(estimate.machine)}"
    shown = TrimmedTable(
        title=Text(title), title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0, show_footer=True
    )
    shown.add_column("work", footer="all", overflow="fold")
    read, written = (f"{tokens / 1e3:,.0f}" for tokens in (estimate.read, estimate.written))
    columns = ("questions", ""), ("measured", ""), ("1,000\ntokens read", read), ("1,000\nwritten", written)
    for name, footer in (*columns, ("time", duration(estimate.seconds))):
        shown.add_column(name, footer=footer, justify="right", no_wrap=True)
    for each in estimate.works:
        tokens = f"{(each.read + each.shared) / 1e3:,.0f}", f"{each.written / 1e3:,.0f}" if each.written else ""
        shown.add_row(Text(printable(each.what)), f"{each.items:,}", f"{each.measured:,}", *tokens, duration(each.seconds))
    return shown
