"""Progress of long work: on a terminal a bar with the remaining time, elsewhere a plain line every few seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..text.lines import duration
from ..work.stage import Progress as Report
from .spending import Spending

_INTERVAL = 5.0
"""The least seconds between two plain lines about the same work."""


@contextmanager
def terminal_progress(console: Console | None = None, spending: Spending | None = None) -> Iterator[Report]:
    """Show progress on a console while the context is open, as the command line does.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to show it, by default on standard error: a bar if it is a terminal, else plain lines such as
        ``explaining with kernel_shap: 3/8, about 12 seconds left``.
    spending
        What the work costs, which is shown, too, with an estimate for the rest of what is being done: ``…, 4,700 tokens so far,
        about 7,800 more``. By default nothing.

    Yields
    ------
    callable
        ``report(what, done, total)``, to be called whenever some of the work is done: what is being done, how many items are
        done, and how many there are.

    Examples
    --------
    >>> with terminal_progress() as progress:  # doctest: +SKIP
    ...     prompt = build("embedded", "planted_arc", "runs/mine", progress=progress)
    """
    console = console or Console(stderr=True)
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[spent]}", markup=False),
        )
        with Progress(*columns, console=console, transient=True) as bars:
            yield _bars(bars, _Spent(spending))
    else:
        yield _lines(console, _Spent(spending))


def _bars(bars: Progress, spent: "_Spent") -> Report:
    current: dict[str, TaskID] = {}

    def report(what: str, done: int, total: int) -> None:
        if what not in current:
            for task in current.values():
                bars.remove_task(task)
            current.clear()
            current[what] = bars.add_task(what, total=total, spent="")
        bars.update(current[what], completed=done, total=total, spent=spent.shown(what, done, total))

    return report


def _lines(console: Console, spent: "_Spent") -> Report:
    begun, last = _Begun(), dict[str, float]()

    def report(what: str, done: int, total: int) -> None:
        now = monotonic()
        start, before = begun.at(what, done, now)
        costs = spent.shown(what, done, total)
        if done and (done == total or now - last.get(what, -_INTERVAL) >= _INTERVAL):
            # A batch is finished nearly at once, so that its first item alone tells nothing of the rate.
            left = _left(now - start, done - before, total - done) if done - before > 1 else ""
            last[what] = now
            console.print(f"{what}: {done}/{total}{left}{costs and f', {costs}'}", highlight=False, markup=False)

    return report


class _Begun:
    """Where each piece of work was when it was first reported; less done than before is another piece of the same name."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[float, int]] = {}
        self._last: dict[str, int] = {}

    def at(self, what: str, done: int, value: float) -> tuple[float, int]:
        """The value and the number of items done at the first report of a piece of work, which may be this one."""
        if done < self._last.get(what, done):
            del self._first[what]
        self._last[what] = done
        return self._first.setdefault(what, (value, done))


class _Spent:
    """What the work has cost so far, and what the rest of what is being done will cost at the rate of what is done."""

    def __init__(self, spending: Spending | None):
        self._spending = spending
        self._begun = _Begun()

    def shown(self, what: str, done: int, total: int) -> str:
        """Both in words; empty if nothing is counted."""
        if self._spending is None:
            return ""
        now = self._spending.so_far
        before, found = self._begun.at(what, done, now or 0.0)
        if now is None:
            return ""
        more = (now - before) / (done - found) * (total - done) if done > found else 0.0
        return self._spending.shown(now, more)


def _left(seconds: float, done: int, rest: int) -> str:
    """How long the rest will take at the rate of what was done in so many seconds; nothing as long as that is not known."""
    return f", about {duration(seconds / done * rest)} left" if done and rest else ""
