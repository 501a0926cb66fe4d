"""The figures of a page, drawn by matplotlib: accuracy with whiskers, and cost against accuracy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from markupsafe import Markup
from matplotlib.figure import Figure

from ..report.files.figure import COLOURS, accuracy_figure, saved
from ..report.printed import printed_table
from ..runs.table import Table
from ..text.lines import one_line, shortened
from ..text.printable import printable
from .svg import inlined

import_module("matplotlib.backends.backend_svg")  # now, so that no later interrupt leaves it half imported
_WIDE = 50.0
"""How many times as much the dearest row must cost as the cheapest for a logarithmic scale."""


@dataclass(frozen=True)
class Point:
    """A row in the figure of costs; ``group`` decides its colour."""

    name: str
    group: str
    cost: float
    accuracy: float
    low: float
    high: float


def accuracy_drawing(table: Table) -> Markup:
    """The accuracy of every line of a table, with its 95 % interval."""
    return _drawn(lambda: accuracy_figure(printed_table(table)), "Accuracy of each method with its 95 % interval", "accuracy")


def cost_drawing(points: Sequence[Point], unit: str) -> Markup:
    """What each line costs, against its accuracy."""
    return _drawn(lambda: _cost_figure(points, unit), f"Accuracy of each method against its cost in {unit}", "cost")


def _drawn(draw: Callable[[], Figure], title: str, name: str) -> Markup:
    return inlined(saved(draw, "svg").decode(), title, name)


def _cost_figure(points: Sequence[Point], unit: str) -> Figure:
    figure = Figure(figsize=(6.5, max(3.2, 1.0 + 0.2 * len(points))))
    axes = figure.add_subplot()
    groups = list(dict.fromkeys(point.group for point in points))
    for point in points:
        colour = COLOURS[groups.index(point.group) % len(COLOURS)]
        whiskers = [[max(0.0, 100 * (point.accuracy - point.low))], [max(0.0, 100 * (point.high - point.accuracy))]]
        axes.errorbar([point.cost], [100 * point.accuracy], yerr=whiskers, fmt="o", markersize=4, color=colour, elinewidth=0.8)
    costs = [point.cost for point in points]
    if min(costs) > 0 and max(costs) > _WIDE * min(costs):
        axes.set_xscale("log")
    axes.set_xlabel(unit[:1].upper() + unit[1:])
    axes.set_ylabel("Accuracy (%)")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    low, high = axes.get_ylim()
    ordered = sorted(points, key=lambda point: point.accuracy)
    for point, y in zip(ordered, _spread([100 * point.accuracy for point in ordered], low, high), strict=True):
        # The names stand in a column on the right, so that none covers another.
        axes.annotate(
            shortened(one_line(printable(point.name)), 40),
            (point.cost, 100 * point.accuracy),
            (1.04, (y - low) / (high - low)),
            textcoords="axes fraction",
            va="center",
            fontsize="small",
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "alpha": 0.5},
            annotation_clip=False,
        )
    return figure


def _spread(wanted: Sequence[float], low: float, high: float) -> list[float]:
    """Places of labels from ``low`` to ``high``, near the wanted ones, which ascend, and with a least distance."""
    gap = min((high - low) / max(1, len(wanted) - 1), 0.075 * (high - low))
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + gap) if places else max(place, low))
    above = high
    for number in reversed(range(len(places))):
        places[number] = min(places[number], above)
        above = places[number] - gap
    return places
