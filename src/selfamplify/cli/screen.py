"""Where the command line prints: results to standard output, progress and errors to standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from ..text.printable import printable

if TYPE_CHECKING:
    from ..runs.results import Table

out = Console()
err = Console(stderr=True)


def say(text: str, style: str = "", console: Console = out) -> None:
    """Print text as it is: no markup is read in it, no line of it broken, and nothing in it obeyed by the terminal."""
    console.print(Text(printable(text), style), soft_wrap=True)


def notes(table: "Table") -> None:
    """What a reader of a table must know besides: replies that were cut."""
    cut = sum(round(row.cut * row.n) for row in table.rows)
    if cut:
        total = sum(row.n for row in table.rows)
        say(f"note: {cut} of {total} responses were cut at their longest length; raise --max-new-tokens.", console=err)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say what is waited for; on a terminal for as long as it lasts, with the time that has passed."""
    if not err.is_terminal:
        say(what, console=err)
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err, transient=True) as shown:
        shown.add_task(what, total=None)
        yield


def fail(message: str, code: int) -> int:
    """Print an error as one line, and hand its exit code on."""
    print(f"error: {printable(message)}", file=sys.stderr)
    return code
