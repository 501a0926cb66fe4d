"""Where the command line prints: results to standard output, progress and errors to standard error."""

import io
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

import selfamplify

from ..errors import SelfAmplifyWarning
from ..text.label_counts import in_words
from ..text.lines import counted
from ..text.printable import printable
from .translation import in_options

if TYPE_CHECKING:
    from ..runs.table import Table

stdout = Console()
stderr = Console(stderr=True)

_COUNTED_ROWS, _COUNTED_LABELS = 12, 8
"""The label counts of at most so many rows, with at most so many labels, are printed."""


def say(text: str, style: str = "", console: Console = stdout) -> None:
    """Print text as it is: without markup, without breaking its lines, and without control characters."""
    console.print(Text(printable(text), style), soft_wrap=True)


def print_table(table: "Table", command: Callable[..., Any], against: str = "io") -> None:
    """Print a table, what may be concluded from it, and what its readers must know: replies that were cut, and failed rows.

    The reasons of failures name the options of ``command``.
    """
    stdout.print(selfamplify.comparison_table(table, against))
    for line in (*table.conclusions(against), *_label_counts(table)):
        say(line)
    cut = sum(round(row.cut * row.n) for row in table.rows)
    if cut:
        total = counted(sum(row.n for row in table.rows), "response")
        verb = "was" if cut == 1 else "were"
        say(
            f"note: {cut} of {total} {verb} cut off at the length limit; use a larger --max-new-tokens, and another --out.",
            console=stderr,
        )
    for cell, reason in table.failed.items():
        say(f"failed: {cell}: {in_options(reason, command)}", console=stderr)


def _label_counts(table: "Table") -> Iterator[str]:
    """How often each label is the answer of a shot, and of a question; nothing for long tables, whose results.json has it."""
    if len(table.rows) > _COUNTED_ROWS or any(len(row.answers) > _COUNTED_LABELS for row in table.rows):
        return
    several = len({row.seed for row in table.rows}) > 1
    for (seed, selection), rows in groupby(table.rows, key=lambda row: (row.seed, row.selection)):
        own = list(rows)
        answers = "; ".join(f"{row.called} {in_words(row.answers)}" for row in own if row.answers)
        if answers:
            shots = f"; the shots' own: {in_words(own[0].shot_answers)}" if own[0].shot_answers else ""
            yield f"Answers with shots by {selection}{f' (seed {seed})' if several else ''}: {answers}{shots}"


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say what the user is waiting for; on a terminal with the time that has passed, until it is over."""
    if not stderr.is_terminal:
        say(what, console=stderr)
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # heavy

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=stderr, transient=True) as shown:
        shown.add_task(what, total=None)
        yield


def waiting_for(name: str) -> AbstractContextManager[None]:
    """Say that a model is being dequantised, if its name leads to a GGUF file: that takes longer than loading any other."""
    from ..models.local.origin import local_path  # heavy

    path = local_path(name)
    return waiting(f"dequantising {path}") if path and path.is_file() else nullcontext()


@contextmanager
def shown_warnings(command: Callable[..., Any] | None) -> Iterator[None]:
    """Print this package's warnings as notes, to standard error; they name the options of ``command``."""
    show = warnings.showwarning

    def shown(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if issubclass(category, SelfAmplifyWarning):
            say(f"note: {in_options(str(message), command) if command else message}", console=stderr)
        else:
            show(message, category, *place)

    with warnings.catch_warnings():
        warnings.showwarning = shown
        yield


def print_json(data: Any) -> None:
    """Print JSON, with escapes in place of the characters that the encoding of standard output lacks."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        text = json.dumps(data, indent=2)
    print(text)


def replace_unprintable() -> None:
    """Print "?" for a character that the encoding of standard output lacks, in place of an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def fail(message: str, code: int) -> int:
    """Print an error, and return its exit code."""
    print(f"error: {printable(message)}", file=sys.stderr)
    return code
