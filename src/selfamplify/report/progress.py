"""Progress of long work: a bar with the time left on a terminal, a plain line now and then elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..work.memory import Progress as Report

_EVERY = 5.0
"""Seconds between two plain lines of the same work."""


@contextmanager
def terminal_progress(console: Console) -> Iterator[Report]:
    """What to call after every batch of work: (what, done, total)."""
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
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
    current: dict[str, object] = {}

    def report(what: str, done: int, total: int) -> None:
        if current.get("what") != what:
            for task in bars.task_ids:
                bars.remove_task(task)
            current.update(what=what, task=bars.add_task(what, total=total))
        bars.update(current["task"], completed=done, total=total)  # pyright: ignore[reportArgumentType]

    return report


def _lines(console: Console) -> Report:
    last: dict[str, float] = {}

    def report(what: str, done: int, total: int) -> None:
        now = monotonic()
        if done and (done == total or now - last.get(what, -_EVERY) >= _EVERY):
            last[what] = now
            console.print(f"{what}: {done}/{total}", highlight=False, markup=False)

    return report
