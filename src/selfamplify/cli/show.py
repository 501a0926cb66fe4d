"""``selfamplify show``: what a run folder contains."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import selfamplify

from ..errors import DataError, SettingsError
from ..prompting.origins import of_another, origins
from ..prompting.prompt_file import FILE_NAME
from ..runs.absent import load_prompt, unfinished
from ..runs.begun import begun
from ..runs.editing import before_edit
from ..text.lines import argument
from . import options
from .compare import compare
from .faithfulness import print_faithfulness
from .screen import print_table, say, stderr, stdout
from .tune import print_tuning

if TYPE_CHECKING:
    from ..records import Provenance


def show(
    path: Annotated[Path, options.path_argument("PATH", "A run folder, or a prompt.json.")],
    responses: Annotated[
        int, typer.Option("--responses", min=0, help="Number of questions to show with the responses of all methods.")
    ] = 0,
    against: options.Against = None,
) -> None:
    """Show the prompt of a run and how it was built, its table and responses, or what it found out about explanations."""
    if path.suffix == ".json":
        _check_table(path, False, responses, against)
        _show_prompt(load_prompt(path))
    else:
        _show_folder(path, responses, against)


def _show_folder(folder: Path, responses: int, against: str | None) -> None:
    """What a run folder holds. It is read without ``Run``, which works with a model and so takes seconds to import."""
    from ..runs.findings import is_study  # heavy
    from ..runs.responses import check_responses
    from ..runs.table import FILE_NAME as RESULTS
    from ..runs.tested import tested_against
    from ..tuning.kept import FILE_NAME as TUNING

    has_prompt, has_results, has_tuning = ((folder / name).is_file() for name in (FILE_NAME, RESULTS, TUNING))
    if not (has_prompt or has_results):
        raise _empty(folder)
    study = has_results and is_study(folder)
    _check_table(folder, has_results and not study, responses, against)
    prompt = selfamplify.Prompt.load(folder) if has_prompt else None
    if prompt is not None:
        _show_prompt(prompt)
    if has_tuning:
        _show_race(folder, prompt)
    if study:
        print_faithfulness(selfamplify.Faithfulness.load(folder))
    elif has_results:
        table = selfamplify.Table.load(folder)
        check_responses(folder)
        if stale := of_another(prompt, table.settings):
            say(f"note: {stale}", console=stderr)
        print_table(table, compare, against or tested_against(folder, table))
        for answers in selfamplify.responses_side_by_side(folder, responses) if responses else ():
            stdout.print(answers)


def _check_table(path: Path, has_table: bool, responses: int, against: str | None) -> None:
    """Raise SettingsError for an option that is about a table of results where there is none."""
    for name, value in {"responses": responses, "against": against}.items():
        if value and not has_table:
            raise SettingsError(f"{argument(name, value)} is about a table of results, and {path} has none; leave it out.")


def _empty(folder: Path) -> DataError:
    """What to do about a folder without a prompt and without results: it may have been begun."""
    found = begun(folder)
    if found.settings:
        return DataError(unfinished(folder, found))
    return DataError(f"{folder} has neither a prompt nor results; make them with `selfamplify build` or `selfamplify compare`.")


def _show_race(folder: Path, prompt: "selfamplify.Prompt | None") -> None:
    """The race of a folder, whose prompt may have been edited since."""
    if prompt is not None and prompt.edits:
        if not before_edit(folder / FILE_NAME).is_file():
            say("note: the race of this folder was about the prompt before it was edited.", console=stderr)
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
