"""What is known from the command that made a prompt: the model, the task and how its data are read."""

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

import selfamplify

from ..errors import DataError, SettingsError
from ..runs.run_toml import FILE_NAME, tables
from ..tasks.hub.own import HUB
from ..text.lines import argument
from .config import Called
from .groups import flags
from .model_options import ModelOptions
from .screen import say, stderr
from .task_options import FileOptions, TaskOptions

Group = TypeVar("Group", ModelOptions, TaskOptions, FileOptions)
_MAKERS = ("build", "tune", "compare")
"""The commands that make prompts."""
_ANOTHER_MODEL, _OTHER_DATA = {"model", "server"}, {"task", "data"}
"""Options that name what is asked; if a model or a task is given, nothing of its kind is taken over."""
_NAMED = ("model", "task")
"""Options that are named whenever any are taken over."""
_OF_THE_FILE = ("data", "test-data", "test-size")
"""Options that are about one file, and not taken over for another."""


@dataclass(frozen=True)
class Asked:
    """What a prompt is evaluated on."""

    model: ModelOptions
    task: TaskOptions
    file: FileOptions


def names_model(called: Called) -> bool:
    """Whether the command line, or a file of options, names a model."""
    return bool(_ANOTHER_MODEL & called.given)


def as_built(prompt: Path, called: Called, asked: Asked) -> Asked:
    """What is asked, with the options of the prompt's own run for all that was not given."""
    file, made = _maker(prompt)
    taken: dict[str, Any] = {}
    if not names_model(called):
        taken["model"] = _completed(asked.model, made, called)
    if "task" not in called.given:
        if "data" in called.given:
            made = {name: value for name, value in made.items() if name not in _OF_THE_FILE}
        taken |= {"task": _completed(asked.task, made, called), "file": _completed(asked.file, made, called)}
    found = replace(asked, **taken)
    if found != asked:
        say(f"as in {file}: {' '.join(_taken(asked, found))}", console=stderr)
        _check_there(asked.task, found.task, file)
    return found


def _taken(asked: Asked, found: Asked) -> Iterator[str]:
    """The options that were taken over, as the command line has them; model and task always."""
    for group in (field.name for field in fields(Asked)):
        before, after = getattr(asked, group), getattr(found, group)
        for field in fields(after):
            value = found.task.name if field.name == "task" else getattr(after, field.name)
            if field.name not in _NAMED and value == getattr(before, field.name):
                continue
            if isinstance(value, bool):
                yield f"--{'' if value else 'no-'}{_flag(field)}"
            else:
                yield from (f"--{_flag(field)} {quote(str(each))}" for each in (value if isinstance(value, list) else [value]))


def _check_there(asked: TaskOptions, found: TaskOptions, file: Path) -> None:
    """Raise DataError if a file of questions that was taken over is not where the run has it."""
    for name in ("data", "test_data"):
        path = getattr(found, name)
        if path != getattr(asked, name) and not str(path).startswith(HUB) and not path.exists():
            raise DataError(
                f"{file} has {argument(name, str(path))}, and there is no such file here; run this command where that run was "
                f'started, or add `{name}="PATH"`.'
            )


def with_asked(called: Called, asked: Asked) -> Called:
    """The call with what is asked, so that its run.toml says it wherever it was taken from."""
    groups = (asked.model, asked.task, asked.file)
    return called.knowing({_flag(field): getattr(group, field.name) for group in groups for field in fields(group)})


def knows_task(prompt: Path, called: Called) -> bool:
    """Whether the questions are known: from the prompt's own run, or since they were named."""
    return bool(_OTHER_DATA & called.given or _maker(prompt)[1])


def model_as_built(prompt: Path, called: Called, model: ModelOptions) -> ModelOptions:
    """The options of the model alone, in the same way."""
    file, made = _maker(prompt)
    found = model if names_model(called) else _completed(model, made, called)
    if found != model:
        say(f"as in {file}: --model {found.model}", console=stderr)
    return found


def _maker(prompt: Path) -> tuple[Path, dict[str, Any]]:
    """The run.toml of a prompt, and the options in it of the command that made the prompt; none if there are none."""
    folder = prompt.parent if prompt.suffix == ".json" else prompt
    folder = folder.parent if folder.name == "prompts" else folder
    run = tables(folder)
    return folder / FILE_NAME, next((run[command] for command in _MAKERS if command in run), {})


def check_named(prompt: "selfamplify.Prompt", called: Called) -> None:
    """Raise SettingsError if a prompt was imported, so that no run says what it is for, and nobody named a model and a task."""
    if prompt.imported and not (names_model(called) and _OTHER_DATA & called.given):
        raise SettingsError(
            f"The prompt was imported from {prompt.imported.file}, so no run says what to ask; name a model and a task, as in "
            f'`model="embedded"` and `task="planted_arc"`.'
        )


def check_model(prompt: "selfamplify.Prompt", model: "selfamplify.AbstractLanguageModel", called: Called) -> None:
    """Raise SettingsError if a prompt was built by another model, and nobody asked for this one; if so, say it."""
    built_by = prompt.provenance.model if prompt.provenance else model.name
    if built_by == model.name:
        return
    if not names_model(called):
        raise SettingsError(
            f"The prompt was built by {built_by}, and this is {model.name}; name the model that you mean, as in "
            f'`model="{built_by}"`.'
        )
    say(f"note: the prompt was built by {built_by}, and is used with {model.name} (--model).", console=stderr)


def _flag(field: Field[Any]) -> str:
    """The option of a field of a group, without dashes."""
    return flags(get_args(field.type)[1])[0].partition("/")[0].lstrip("-")


def _completed(group: Group, made: dict[str, Any], called: Called) -> Group:
    """A group of options with those of the run, except for what was given."""
    found: dict[str, Any] = {}
    for field in fields(group):
        kind, name = get_args(field.type)[0], _flag(field)
        if name in made and field.name not in called.given:
            try:
                found[field.name] = TypeAdapter(kind).validate_python(made[name])
            except ValidationError:
                raise SettingsError(
                    f"The prompt's {FILE_NAME} has {name} = {made[name]!r}, which is no value of --{name}; correct it there, "
                    f"or add --{name} to this command."
                ) from None
    return replace(group, **found)
