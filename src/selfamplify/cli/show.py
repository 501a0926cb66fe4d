"""``selfamplify show``: what a run folder contains."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import selfamplify

from ..errors import DataError
from ..prompting.origins import origins
from ..prompting.prompt import FILE_NAME
from ..runs.editing import before_edit
from . import options
from .compare import compare
from .faithfulness import print_faithfulness
from .screen import print_table, say, stderr, stdout
from .tune import print_tuning

if TYPE_CHECKING:
    from ..records import Provenance


def show(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A run folder, or a prompt.json.")],
    responses: Annotated[
        int, typer.Option("--responses", min=0, help="Number of questions to show with the responses of all methods.")
    ] = 0,
    against: options.Against = "io",
) -> None:
    """Show the prompt of a run and how it was built, its table and responses, or what it found out about explanations."""
    from ..tuning.result import FILE_NAME as TUNING  # heavy

    run = None if path.suffix == ".json" else selfamplify.Run(path)
    if run is not None and not (run.has_prompt or run.has_table):
        raise DataError(
            f"{path} has neither a prompt nor results; make them with `selfamplify build` or `selfamplify compare`."
        )
    prompt = selfamplify.Prompt.load(path) if run is None or run.has_prompt else None
    if prompt is not None:
        _show_prompt(prompt)
    if run is not None and (path / TUNING).is_file():
        _show_race(path, prompt)
    if run is not None and run.has_faithfulness:
        print_faithfulness(selfamplify.Faithfulness.load(path))
    elif run is not None and run.has_table:
        table = run.table()
        run.responses()  # refused if they were edited
        print_table(table, compare, against)
        for answers in selfamplify.responses_side_by_side(path, responses) if responses else ():
            stdout.print(answers)


def _show_race(folder: Path, prompt: "selfamplify.Prompt | None") -> None:
    """The race of a folder, whose prompt may have been edited since."""
    if prompt is not None and prompt.edits:
        if not before_edit(folder / FILE_NAME).is_file():
            say("note: the race of this folder is about the prompt before it was edited.", console=stderr)
            return
        say("The race, which is about the prompt before it was edited:", "bold")
    print_tuning(selfamplify.Tuning.load(folder))


def _show_prompt(prompt: "selfamplify.Prompt") -> None:
    for message in prompt.messages("⟨question⟩"):
        say(message["role"], "bold")
        say(message["content"])
    for line in (*origins(prompt), *(_lines(prompt.provenance) if prompt.provenance else ())):
        say(line, "dim")


def _lines(provenance: "Provenance") -> Iterator[str]:
    """One line per field that has a value."""
    for field in fields(provenance):
        value = getattr(provenance, field.name)
        if value is not None:
            yield f"{field.name}: {', '.join(value) if isinstance(value, tuple) else value}"
