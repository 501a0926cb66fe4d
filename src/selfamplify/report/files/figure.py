"""A figure of a table: the accuracy of each method with its 95 % interval, as SVG or PDF, drawn by matplotlib."""

import io
import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ...errors import SettingsError
from ...text.lines import one_line, shortened
from ...text.printable import printable
from ..printed import PrintedTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INCHES, _LINE, _MARGIN = 6.5, 0.28, 1.1
"""The width of a figure, and the height of a line and of everything else."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
"""The colours of selections, which can be told apart with any form of colour blindness (Okabe and Ito)."""


def saved(draw: "Callable[[], Figure]", kind: Literal["svg", "pdf"]) -> bytes:
    """A figure as a file that is the same each time: without dates, with text as text."""
    try:
        import matplotlib
    except ImportError:
        raise SettingsError(f"A file of the kind {kind} needs matplotlib: run `pip install matplotlib`.") from None
    date = {"svg": "Date", "pdf": "CreationDate"}[kind]
    # a dollar sign in a name is a dollar sign
    texts = {"svg.fonttype": "none", "pdf.fonttype": 42, "text.usetex": False, "text.parse_math": False}
    settings: dict[Any, Any] = texts | {"svg.hashsalt": "selfamplify"}
    buffer = io.BytesIO()
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a reader of an SVG has other fonts
        draw().savefig(buffer, format=kind, bbox_inches="tight", metadata={date: None})
    return buffer.getvalue()


def _drawn(table: PrintedTable, kind: Literal["svg", "pdf"]) -> bytes:
    return saved(lambda: accuracy_figure(table), kind)


svg = partial(_drawn, kind="svg")
pdf = partial(_drawn, kind="pdf")


def accuracy_figure(table: PrintedTable) -> "Figure":
    """The figure itself: one line per method, in the order of the table, with a dot and whiskers."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_INCHES, _MARGIN + _LINE * len(table.lines)))
    axes = figure.add_subplot()
    selections = list(dict.fromkeys(line.selection for line in table.lines))
    for y, line in enumerate(table.lines):
        # Rounding may put the end of an interval a little past the mean.
        whiskers = [[max(0.0, 100 * (line.mean - line.low))], [max(0.0, 100 * (line.high - line.mean))]]
        colour = COLOURS[selections.index(line.selection) % len(COLOURS)]
        axes.errorbar([100 * line.mean], [y], xerr=whiskers, fmt="o", capsize=3, markersize=4, color=colour)
    axes.set_yticks(range(len(table.lines)), [_label(line.cells[: table.accuracy]) for line in table.lines])
    axes.invert_yaxis()
    axes.set_xlabel("Accuracy (%), with its 95 % interval")
    axes.set_title(_plain(table.title), fontsize="medium", loc="left")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _label(cells: tuple[str, ...]) -> str:
    """What a line is called: its method and number of keywords, and its selection."""
    selection, method, *keywords = cells
    count = f", k = {keywords[0]}" if keywords and keywords[0] else ""
    return _plain(f"{method}{count} ({selection})")


def _plain(text: str) -> str:
    return shortened(one_line(printable(text)), 100)
