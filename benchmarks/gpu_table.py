"""The Markdown tables of ``benchmarks.gpu``, from what it has recorded."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from .recorded import Figures, Record

Cell = Callable[[Figures], str]
_MIB = 2**20


def tables(records: Sequence[Record]) -> str:
    """The tables of all rows, under a line that says where, when and with what they were measured."""
    return "\n\n".join(
        f"{heading}\n\n{_table(table, list(rows))}"
        for (heading, _, table), rows in groupby(sorted(records, key=_place), key=_place)
    )


def _place(record: Record) -> tuple[str, int, str]:
    heading = f"{record.date}, {record.device}, {record.versions}; shape {record.shape}"
    return heading, list(_COLUMNS).index(record.table), record.table


def _table(table: str, records: Iterable[Record]) -> str:
    columns = _COLUMNS[table]
    lines = [f"| {' | '.join(columns)} | error |", "|---" * (len(columns) + 1) + "|"]
    for record in records:
        known = record.figures | {"title": record.title, "peer": record.peer}
        lines.append(f"| {' | '.join(cell(known) for cell in columns.values())} | {record.error.replace('|', '/')} |")
    return "\n".join(lines)


def _text(name: str) -> Cell:
    return lambda figures: str(figures[name])


def _number(name: str, write: Callable[[float], str]) -> Cell:
    """A figure; nothing if it was not measured."""

    def cell(figures: Figures) -> str:
        value = figures.get(name)
        return write(value) if isinstance(value, int | float) else ""

    return cell


def _quotient(above: str, below: str, write: Callable[[float], str]) -> Cell:
    def cell(figures: Figures) -> str:
        a, b = figures.get(above), figures.get(below)
        return write(a / b) if isinstance(a, int | float) and isinstance(b, int | float) and b else ""

    return cell


def _seconds(value: float) -> str:
    return f"{value:.3g} s" if value >= 0.1 else f"{1000 * value:.3g} ms"


def _mebibytes(value: float) -> str:
    return f"{value / _MIB:,.0f} MiB"


_MEASURED: dict[str, Cell] = {
    "peer's": _number("peer_seconds", _seconds),
    "here": _number("seconds", _seconds),
    "ratio": _quotient("peer_seconds", "seconds", "{:.1f}".format),
    "peer's peak memory": _number("peer_memory", _mebibytes),
    "peak memory here": _number("memory", _mebibytes),
}
_COLUMNS: dict[str, dict[str, Cell]] = {
    "work": {
        "work": _text("title"),
        "peer": _text("peer"),
        **_MEASURED,
        "TFLOP/s": _number("rate", lambda value: f"{value / 1e12:.3g}"),
        "of one large product's": _quotient("rate", "chip", "{:.0%}".format),
    },
    "attention": {
        "attention": _text("title"),
        "output: here - plain": _number("output", "{:.1e}".format),
        "here - float32": _number("output_here", "{:.1e}".format),
        "plain - float32": _number("output_plain", "{:.1e}".format),
        "lse: here - plain": _number("lse", "{:.1e}".format),
        "lse: here - float32": _number("lse_here", "{:.1e}".format),
        "lse: plain - float32": _number("lse_plain", "{:.1e}".format),
        **_MEASURED,
    },
}
