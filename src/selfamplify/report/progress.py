"""Progress of long work: on a terminal a bar with the remaining time, elsewhere a plain line every few seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..text.lines import duration
from ..work.stage import Progress as Report

_INTERVAL = 5.0
"""The least seconds between two plain lines about the same work."""


@contextmanager
def terminal_progress(console: Console) -> Iterator[Report]:
    """Show progress on a console while the context is open.

    Parameters
    ----------
    console
        Where to show it: a bar if it is a terminal, else plain lines such as
        ``explaining with kernel_shap: 3/8, about 12 seconds left``.

    Yields
    ------
    callable
        ``report(what, done, total)``, to be called whenever some of the work is done: what is being done, how many items are
        done, and how many there are.
    """
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bars:
            yield _bars(bars)
    else:
        yield _lines(console)


def _bars(bars: Progress) -> Report:
    current: dict[str, TaskID] = {}

    def report(what: str, done: int, total: int) -> None:
        if what not in current:
            for task in current.values():
                bars.remove_task(task)
            current.clear()
            current[what] = bars.add_task(what, total=total)
        bars.update(current[what], completed=done, total=total)

    return report


def _lines(console: Console) -> Report:
    begun: dict[str, tuple[float, int]] = {}
    last: dict[str, float] = {}

    def report(what: str, done: int, total: int) -> None:
        now = monotonic()
        start, before = begun.setdefault(what, (now, done))
        if done and (done == total or now - last.get(what, -_INTERVAL) >= _INTERVAL):
            # A batch is finished at once, so that its first item alone tells nothing of the rate.
            left = _left(now - start, done - before, total - done) if what in last else ""
            last[what] = now
            console.print(f"{what}: {done}/{total}{left}", highlight=False, markup=False)

    return report


def _left(seconds: float, done: int, rest: int) -> str:
    """How long the rest will take at the rate of what was done in so many seconds; nothing as long as that is not known."""
    return f", about {duration(seconds / done * rest)} left" if done and rest else ""
