"""What is known from the command that made a prompt: the model, the task and how its data are read."""

from collections.abc import Iterable, Iterator
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

import selfamplify

from ..errors import DataError, SettingsError
from ..runs.run_toml import FILE_NAME, tables
from ..tasks.gathering import is_address
from ..text.lines import argument, without_password
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
"""Options that are named whenever others of their group may be taken over."""
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


def as_built(prompt: Path, called: Called, asked: Asked, *, model: bool = True) -> Asked:
    """What is asked, with the options of the prompt's own run for all that was not given.

    Those of the model are taken over only if a ``model`` is asked.
    """
    file, made = _maker(prompt)
    taken: dict[str, Any] = {}
    if model and not names_model(called):
        taken["model"] = _completed(asked.model, made, called)
    if "task" not in called.given:
        if "data" in called.given:
            made = {name: value for name, value in made.items() if name not in _OF_THE_FILE}
        taken |= {"task": _completed(asked.task, made, called), "file": _completed(asked.file, made, called)}
    found = replace(asked, **taken)
    if found != asked:
        _say_taken(file, [(getattr(asked, name), own) for name, own in taken.items()])
        _check_there(asked.task, found.task, file)
    return found


def _say_taken(file: Path, groups: Iterable[tuple[Group, Group]]) -> None:
    """Say which options were taken over from a run, as the command line has them: the model and the task in any case."""
    options = (option for before, after in groups for option in _options(before, after))
    say(f"as in {file}: {' '.join(options)}", console=stderr)


def _options(before: Group, after: Group) -> Iterator[str]:
    for field in fields(after):
        value = after.name if field.name == "task" and isinstance(after, TaskOptions) else getattr(after, field.name)
        if field.name not in _NAMED and value == getattr(before, field.name):
            continue
        if isinstance(value, bool):
            yield f"--{'' if value else 'no-'}{_flag(field)}"
        else:
            values = value if isinstance(value, list) else [value]
            yield from (f"--{_flag(field)} {quote(without_password(str(each)))}" for each in values)


def _check_there(asked: TaskOptions, found: TaskOptions, file: Path) -> None:
    """Raise DataError if a file of questions that was taken over is not where the run has it.

    Whoever names another one by ``data`` also names what is then not taken over.
    """
    taken = {
        name: value
        for name in ("data", "test_data", "test_size")
        if (value := getattr(found, name)) is not None and value != getattr(asked, name)
    }
    missing = [name for name, path in taken.items() if isinstance(path, Path) and not is_address(path) and not path.exists()]
    if missing:
        named = list(taken) if "data" in missing else missing
        instead = " ".join(f"`{name}={taken[name]}`" if name == "test_size" else f'`{name}="PATH"`' for name in named)
        first = argument(missing[0], str(taken[missing[0]]))
        raise DataError(
            f"{file} has {first}, and there is no such file here; run this command where that one was run, or add {instead}."
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
        _say_taken(file, [(model, found)])
    return found


def _maker(prompt: Path) -> tuple[Path, dict[str, Any]]:
    """The run.toml of a prompt, and the options in it of the command that made the prompt; none if there are none."""
    folder = prompt.parent if prompt.suffix == ".json" else prompt
    folder = folder.parent if folder.name == "prompts" else folder
    run = tables(folder)
    return folder / FILE_NAME, next((run[command] for command in _MAKERS if command in run), {})


def check_named(prompt: "selfamplify.Prompt", path: Path, called: Called) -> None:
    """Raise SettingsError if no run says what a prompt is asked, and nobody named a model and a task.

    That is so for a prompt that was imported, and for one that was built from Python, unless with the defaults of commands.
    """
    made, (file, run) = prompt.provenance, _maker(path)
    if made and not run:
        wanted = {"model": made.model} if not names_model(called) and made.model != ModelOptions().model else {}
        if not _OTHER_DATA & called.given and made.task != TaskOptions().name:
            wanted |= {"task": made.task} | ({"data": "FILE"} if made.task == "file" else {})
        if wanted:
            named = " ".join(argument(name, value) for name, value in wanted.items())
            raise SettingsError(f"The prompt was built from Python, so there is no {file} to say what is asked; add {named}.")
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
                    f"The prompt's {FILE_NAME} has {name} = {made[name]!r}, which is not a value of --{name}; correct it "
                    f"there, or add --{name} to this command."
                ) from None
    return replace(group, **found)
