"""``selfamplify data``: how a file of questions is read, without a model."""

from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from ..tasks.questions.reading import listed_rows
from ..text.lines import counted, shortened
from ..text.printable import printable
from .groups import grouped
from .screen import print_json, say
from .task_options import FileOptions
from .translation import in_options

_BAD, _COPIES = 10, 3


@grouped
def describe(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="A file, or hub:OWNER/NAME[:CONFIG][:SPLIT]; with another --task, a file of that task."
        ),
    ],
    file: FileOptions,
    task: Annotated[str, typer.Option("--task", help="A task from `selfamplify list` that reads files.")] = "file",
    test_data: Annotated[Path | None, typer.Option("--test-data", help="A file of test questions.")] = None,
    examples: Annotated[int, typer.Option("--examples", min=0, help="Number of questions to show.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Show how a file of questions is read: its columns, answers and labels, every guess, and some questions."""
    found = selfamplify.overview(task, data, test_data=test_data, **file.given())
    warnings = [in_options(warning, describe) for warning in found.warnings]
    if as_json:
        print_json(found.as_json(examples) | {"warnings": warnings})
        return
    reading = found.reading
    kind = ", texts to classify" if reading.classification else _choices(found.choices)
    sides = f" ({len(reading.train)} to train, {len(reading.test)} to test)" if reading.test is not None else ""
    say(f"{data}: {counted(len(found.questions), 'question')}{sides}{kind}", "bold")
    labels = ", ".join(f"{shortened(label)} {count}" for label, count in found.labels.items())
    choices = "" if reading.classification else ", with choices"
    rows = {
        **{role: ", ".join(names) for role, names in reading.roles.items()},
        "not used": ", ".join(reading.unused) or "none",
        "labels" if reading.classification else "right": labels,
        "numbers": "" if reading.answers_from is None else f"count from {reading.answers_from}",
        "length": f"{found.words[0]} words in the median, {found.words[1]} in the longest{choices}",
        "near-copies": _copies(found.copies),
        "bad rows": str(len(reading.bad)),
    }
    for name, value in rows.items():
        if value:
            say(f"  {name:<12} {value}")
    for warning in warnings:
        say(f"note: {warning}")
    for line in listed_rows(reading.bad, _BAD):
        say(f"bad: {in_options(line, describe)}")
    if reading.bad:
        say("note: other commands stop at bad rows, unless --skip-bad leaves them out.")
    for question in found.asked(examples):
        answer = question.written(question.answer) if reading.classification else f"({question.answer})"
        say(f"\n{printable(question.render())}\n  → {printable(answer)}")


def _copies(found: dict[str, str]) -> str:
    """How many questions are nearly copies of an earlier one, and which: ``2 (17 is like 4, 20 is like 4)``."""
    shown = ", ".join(f"{shortened(copy)} is like {shortened(first)}" for copy, first in list(found.items())[:_COPIES])
    more = f" and {len(found) - _COPIES} more" if len(found) > _COPIES else ""
    return f"{len(found)} ({shown}{more})" if found else "0"


def _choices(counts: dict[int, int]) -> str:
    """How many choices the questions have: ``, 4 choices each``, or ``, 3 choices (2), 4 choices (98)``."""
    if len(counts) == 1:
        return f", {next(iter(counts))} choices each"
    return "".join(f", {number} choices ({count})" for number, count in counts.items())
