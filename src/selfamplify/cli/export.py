"""``selfamplify export``: a finished prompt as the files of another tool."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from ..errors import SettingsError
from ..export.exporter import Export, name_of
from ..export.exporting import as_exporter, checked, for_task, write
from ..runs.absent import load_prompt
from . import options
from .config import Called
from .continued import note_continued
from .groups import grouped
from .inherited import Asked, as_built, knows_task
from .model_options import ModelOptions
from .screen import say, stderr
from .task_options import FileOptions, TaskOptions, load


@grouped
def export(
    called: Called,
    prompt: Annotated[Path, options.path_argument("RUN", "A run folder with a prompt, or a prompt.json.")],
    to: Annotated[str, typer.Option("--to", help="The tool, such as openai or lm_eval; `selfamplify list` shows all.")],
    task: TaskOptions,
    file: FileOptions,
    out: Annotated[
        Path | None,
        options.out_option("The folder to write. Default: exported/TOOL in the run folder."),
    ] = None,
    questions: Annotated[
        bool,
        typer.Option(
            "--questions/--no-questions",
            help="Also write the test questions of the prompt's own task. Default: if the run folder knows the task.",
        ),
    ] = True,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Number of test questions to write. Default: all.")
    ] = None,
    served_as: Annotated[
        str, typer.Option("--served-as", help="What the tool calls the model. Default: its name in the run folder.")
    ] = "",
    prefilled: Annotated[
        bool,
        typer.Option(
            "--prefilled",
            help="Write the start of replies, if there is one, as an open assistant turn. Default: as a sentence after the "
            "question.",
        ),
    ] = False,
    name: Annotated[
        str,
        typer.Option(
            "--name", help="What the tool calls the prompt, if it keeps prompts by name. Default: the task and the method."
        ),
    ] = "",
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Let the tool itself render the files, and compare what it would send with what selfamplify sends."
        ),
    ] = False,
) -> None:
    """Write a finished prompt as files for another tool, with everything that is needed to ask questions there.

    By default, the task and how its data are read are the same as in the run that made the prompt.
    """
    exporter, finished = as_exporter(to), load_prompt(prompt)
    if not questions:
        _check_unasked(called, finished.imported is not None)
    folder = prompt.parent if prompt.suffix == ".json" else prompt
    asked: selfamplify.Task | None = None
    test: Sequence[selfamplify.Question] = ()
    if (questions or finished.imported) and knows_task(prompt, called):
        found = as_built(prompt, called, Asked(ModelOptions(), task, file), model=False)
        asked = load(found.task, found.file).limited(limit)
        test = _test_questions(finished, asked) if questions else ()
        own = found.task.data.stem if found.task.name == "file" and found.task.data else ""
        name = name or (name_of(finished, own) if own else "")
    if exporter.needs_questions and not test:
        remedy = 'name their task, as in `task="planted_arc"`' if questions else "leave `questions=False` out"
        raise SettingsError(f"{exporter.name} needs test questions; {remedy}.")
    target = out or folder / "exported" / exporter.name
    made = Export(for_task(finished, asked, test), tuple(test), served_as, prefilled, name)
    for path in write(made, exporter, target, check):
        say(f"wrote {path}")
    if check:
        say(f"{exporter.name} would send the same turns as selfamplify (compared on {checked(made)})")
    _note_answers(made.prompt, prompt)
    if not (served_as or finished.provenance):
        say('note: nothing says what the model is called there, so it is "model"; add --served-as NAME.', console=stderr)
    for line in exporter.usage(target, made):
        say(f"  {line}", "bold")


def _check_unasked(called: Called, imported: bool) -> None:
    """Raise SettingsError for an option that is about test questions, which are not written.

    The task of an imported prompt says what its labels are, too.
    """
    task = () if imported else (field.name for group in (TaskOptions, FileOptions) for field in fields(group))
    about = {"limit", *task}
    if ignored := sorted(about & called.given):
        raise SettingsError(f"`{ignored[0]}` is about test questions, and `questions=False` leaves them out; drop one of them.")


def _test_questions(prompt: selfamplify.Prompt, task: selfamplify.Task) -> Sequence[selfamplify.Question]:
    """The test questions of a task. Raises DataError if the prompt was built for others, or has one of them among its shots."""
    from ..answering.fitting import check_apart  # heavy

    if not prompt.imported:
        check_apart(prompt, task)
    return task.test


def _note_answers(prompt: selfamplify.Prompt, path: Path) -> None:
    """Say if replies to the prompt named no label when it was evaluated."""
    from ..runs.answered import answers_to  # heavy

    note_continued((line.rule, line.correct) for line in answers_to(prompt, path))
