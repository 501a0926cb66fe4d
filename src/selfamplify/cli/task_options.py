"""The options that say which questions are asked, and how a file of them is read; and the task that they name."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import typer

import selfamplify

from ..errors import SettingsError
from ..text.lines import counted
from .groups import grouped
from .options import listed, names
from .screen import say, stderr
from .translation import in_options

if TYPE_CHECKING:
    from ..prompting.profiles import Profile
    from ..tasks.task import Task
    from .model_options import ModelOptions


@dataclass(frozen=True)
class TaskOptions:
    """Which questions."""

    panel: ClassVar[str] = "Data"

    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            help="A task from `selfamplify list`, or 'file' for your own file. Default: file with --data, else planted_arc.",
        ),
    ] = None
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="A file or folder of questions, or hub:OWNER/NAME[:CONFIG][:SPLIT]. Default: the task's data on the hub.",
        ),
    ] = None
    test_data: Annotated[
        Path | None, typer.Option("--test-data", help="A file of test questions. Default: a part of --data.")
    ] = None
    split_seed: Annotated[
        int, typer.Option("--split-seed", help="Random seed of the split into training and test questions.")
    ] = 0
    test_size: Annotated[
        int | None,
        typer.Option("--test-size", min=1, help="Number of test questions to split off --data. Default: depends on the task."),
    ] = None
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out rows that can't be used, instead of stopping.")] = (
        False
    )
    attribute: Annotated[
        Literal["auto", "text", "choices", "both"],
        typer.Option(
            "--attribute",
            help="The part of a question whose words are scored. auto: both, but only the text in a classification.",
        ),
    ] = "auto"

    @property
    def name(self) -> str:
        """The name of the task."""
        return self.task or ("planted_arc" if self.data is None else "file")


@dataclass(frozen=True)
class FileOptions:
    """How a file of the user's own is read."""

    panel: ClassVar[str] = "Data in a file of your own; by default, all of this is recognised"

    question_column: Annotated[str | None, typer.Option("--question-column", help="The column of the questions.")] = None
    answer_column: Annotated[str | None, typer.Option("--answer-column", help="The column of the right answers.")] = None
    choice_columns: Annotated[
        str | None,
        typer.Option(
            "--choice-columns",
            help="The columns of the choices, as A,B,C, or one column of lists. If you name only the question and the answer "
            "column, the choices are read from the question, or texts are classified.",
        ),
    ] = None
    distractor_columns: Annotated[
        str | None,
        typer.Option("--distractor-columns", help="The columns of the wrong choices; the right one is in the answer column."),
    ] = None
    context_column: Annotated[
        str | None,
        typer.Option("--context-column", help="Columns to put before the question, such as passage."),
    ] = None
    id_column: Annotated[str | None, typer.Option("--id-column", help="The column of the ids.")] = None
    answers_from: Annotated[
        str | None,
        typer.Option(
            "--answers-from",
            help="What numbers as answers mean: positions from 0 or from 1 (0, 1), or texts of choices (text).",
        ),
    ] = None
    labels: Annotated[
        str | None, typer.Option("--labels", help="The labels of a classification, in order, such as no,yes.")
    ] = None
    label_names: Annotated[
        str | None,
        typer.Option("--label-names", help="The labels of a classification and their names, such as 0=negative,1=positive."),
    ] = None
    shuffle_choices: Annotated[
        str | None,
        typer.Option(
            "--shuffle-choices",
            help="A seed to shuffle the choices with, or off. Default: only if the right one is always in the same place.",
        ),
    ] = None
    encoding: Annotated[str | None, typer.Option("--encoding", help="The encoding of a text file, such as cp1252.")] = None
    separator: Annotated[
        str | None, typer.Option("--separator", help="The character between the cells of a CSV file, such as ';' or tab.")
    ] = None
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header", help="Whether the first line holds column names. If not, the columns are called 1, 2, 3."
        ),
    ] = None

    def given(self) -> dict[str, Any]:
        """The arguments of ``load_task`` that were given."""
        several = {"choices": self.choice_columns, "distractors": self.distractor_columns, "context": self.context_column}
        single = {"question": self.question_column, "answer": self.answer_column, "id": self.id_column}
        columns: dict[str, Any] = {name: value for name, value in single.items() if value}
        columns |= {name: tuple(names(value)) for name, value in several.items() if value}
        named = listed(self.label_names, "label_names", "0=negative,1=positive")
        found = {
            "columns": selfamplify.Columns(**columns) if columns else None,
            "answers_from": _choice("answers_from", self.answers_from, {"0": 0, "1": 1, "text": "text"}),
            "labels": listed(self.labels, "labels", "no,yes"),
            "label_names": None if named is None else dict(map(_name, named)),
            "shuffle_choices": _shuffle(self.shuffle_choices),
            "encoding": self.encoding,
            "separator": {"tab": "\t", "\\t": "\t"}.get(self.separator or "", self.separator),
            "header": self.header,
        }
        return {name: value for name, value in found.items() if value is not None}


def load(
    task: TaskOptions,
    file: FileOptions,
    model: "ModelOptions | None" = None,
    judge: str | None = None,
    profile: "Profile | None" = None,
) -> "Task":
    """The task, checked for the answer style of a profile.

    With --skip-bad, questions that hold control tokens of the model or the judge are left out; else ``ModelOptions.load``
    refuses them. Says how many questions there are, and everything that was recognised or left out.
    """
    given = file.given()
    if given and task.task is None and task.data is None:
        option = next(field.name for field in fields(file) if getattr(file, field.name) is not None)
        raise SettingsError(f'`{option}` is about a file of your own; add `data="questions.csv"`, or leave it out.')
    loaded = selfamplify.load_task(
        task.name,
        task.data,
        test_data=task.test_data,
        split_seed=task.split_seed,
        test_size=task.test_size,
        skip_bad=task.skip_bad,
        attribute=task.attribute,
        **given,
    )
    if profile is not None:
        selfamplify.asking(profile, loaded)  # refused before a model is loaded
    if model is not None and task.skip_bad:
        loaded = model.check(loaded, judge, skip_bad=True)
    train, test = counted(len(loaded.train), "training question"), counted(len(loaded.test), "test question")
    say(f"{loaded.source or loaded.name}: {train} and {test}", console=stderr)
    for note in loaded.notes:
        say(f"  {in_options(note, grouped(_read))}", console=stderr)
    if loaded.skipped:
        first = in_options(loaded.skipped[0], grouped(_read))
        say(f"{counted(len(loaded.skipped), 'row')} left out; the first: {first}", console=stderr)
    return loaded


def _read(task: TaskOptions, file: FileOptions) -> None:
    """A command with the options that notes on how a task was read may name."""


def _choice(name: str, text: str | None, known: Mapping[str, Any]) -> Any:
    if text is not None and text not in known:
        raise SettingsError(f"`{name}={text!r}` is invalid; use one of: {', '.join(known)}.")
    return None if text is None else known[text]


def _name(text: str) -> tuple[str, str]:
    """A label of a file and its name."""
    label, equals, name = (part.strip() for part in text.partition("="))
    if not (label and equals and name):
        raise SettingsError(f'\'{text}\' does not name a label; use `label_names={{"0": "negative", "1": "positive"}}`.')
    return label, name


def _shuffle(text: str | None) -> int | str | None:
    """A seed, "auto" or "off"."""
    if text in (None, "auto", "off"):
        return text
    if not text.isdecimal():
        raise SettingsError(f"'{text}' is not a seed; use `shuffle_choices=0`, or `shuffle_choices=\"off\"`.")
    return int(text)
