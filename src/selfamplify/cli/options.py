"""The options that several commands share: the task, the wording, the explainer, and the run."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

import selfamplify

from ..errors import SettingsError
from ..prompting.profiles import Profile, as_profile
from ..text.lines import counted
from .screen import say, stderr

if TYPE_CHECKING:
    from ..tasks.task import Task

Out = Annotated[Path, typer.Option("--out", help="The run folder. The same command continues an interrupted run in it.")]
Seed = Annotated[int, typer.Option("--seed", help="Random seed: decides which shots and which coalitions are drawn.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Number of test questions to ask. Default: all.")]
Judge = Annotated[
    str | None, typer.Option("--judge", help="A model that reads the answers from the responses. Default: rules read them.")
]
DropShots = Annotated[
    bool, typer.Option("--drop-shots", help="Drop shots from prompts that are longer than the model's context.")
]
MaxNewTokens = Annotated[
    int | None,
    typer.Option("--max-new-tokens", min=1, help="Longest rationale or answer, in tokens. Default: as the profile says."),
]


@dataclass(frozen=True)
class TaskOptions:
    """Which questions."""

    panel: ClassVar[str] = "Task"

    task: Annotated[str, typer.Option("--task", help="A task from `selfamplify list`, or 'file' for a file of your own.")] = (
        "planted_arc"
    )
    data: Annotated[
        Path | None, typer.Option("--data", help="A file or folder of questions. Default: the task's data on the hub.")
    ] = None
    test_data: Annotated[
        Path | None, typer.Option("--test-data", help="A file of test questions. Default: a part of --data.")
    ] = None
    question_column: Annotated[
        str | None, typer.Option("--question-column", help="With --task file: the column of the questions.")
    ] = None
    answer_column: Annotated[
        str | None, typer.Option("--answer-column", help="With --task file: the column of the true answers.")
    ] = None
    choice_columns: Annotated[
        str | None,
        typer.Option(
            "--choice-columns",
            help="With --task file: the columns of the choices, as A,B,C. Without it, texts are classified by their answers.",
        ),
    ] = None
    id_column: Annotated[str | None, typer.Option("--id-column", help="With --task file: the column of the ids.")] = None
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

    def load(self) -> "Task":
        """The task, after a line on how many questions it has."""
        task = selfamplify.load_task(
            self.task,
            self.data,
            test_data=self.test_data,
            columns=self._columns(),
            split_seed=self.split_seed,
            test_size=self.test_size,
            skip_bad=self.skip_bad,
        )
        train, test = counted(len(task.train), "training question"), counted(len(task.test), "test question")
        say(f"{task.name}: {train} and {test}", console=stderr)
        if task.skipped:
            say(f"{counted(len(task.skipped), 'row')} left out; the first: {task.skipped[0]}", console=stderr)
        return task

    def _columns(self) -> "selfamplify.Columns | None":
        if not any((self.question_column, self.answer_column, self.choice_columns, self.id_column)):
            return None
        if not (self.question_column and self.answer_column):
            raise SettingsError(
                'A file needs a column of questions and one of answers; add `columns=Columns(question="NAME", answer="NAME")`.'
            )
        choices = tuple(names(self.choice_columns or ""))
        return selfamplify.Columns(self.question_column, self.answer_column, choices, self.id_column)


@dataclass(frozen=True)
class StyleOptions:
    """How the model is asked."""

    panel: ClassVar[str] = "Wording and decoding"

    profile: Annotated[str, typer.Option("--profile", help="Wording and decoding: default, or those of the paper (paper).")] = (
        "default"
    )
    max_new_tokens: MaxNewTokens = None

    def find(self) -> Profile:
        """The profile, with the length that was asked for."""
        return as_profile(self.profile).with_length(self.max_new_tokens)


@dataclass(frozen=True)
class EngineOptions:
    """Settings of explainers; one that an explainer does not have is refused."""

    panel: ClassVar[str] = "Explainer"

    samples: Annotated[
        int | None,
        typer.Option("--samples", min=1, help="Evaluations per question, for explainers that sample, such as kernel_shap."),
    ] = None
    value: Annotated[
        str | None, typer.Option("--value", help="What is attributed: logit, logprob or margin. Default: as the model allows.")
    ] = None
    absent: Annotated[
        str | None,
        typer.Option("--absent", help="How a word is made absent: mask (replaced) or delete (removed). Default: mask."),
    ] = None
    stop_when_settled: Annotated[
        float | None,
        typer.Option(
            "--stop-when-settled",
            help="For kernel_shap: stop once the keywords are settled with this confidence, such as 0.95. Default: never.",
        ),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any other setting of the explainer, such as permutations=50. May be repeated."),
    ] = None

    def given(self) -> dict[str, Any]:
        """The settings that were given, by name."""
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "settings"}
        return {name: setting for name, setting in named.items() if setting is not None} | dict(map(_pair, self.settings or ()))


@dataclass(frozen=True)
class RationaleOptions:
    """How long a rationale is."""

    panel: ClassVar[str] = "Explainer"

    keywords: Annotated[int, typer.Option("--keywords", min=1, help="Number of keywords per rationale (k).")] = 6
    steps: Annotated[int, typer.Option("--steps", min=1, help="Number of steps per rationale of self_exp (p).")] = 3


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise SettingsError(f"'{text}' is not a setting; write for example `permutations=50`.")
    return name, value


def names(text: str) -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in text.split(",") if part.strip()]


def numbers(text: str, name: str) -> tuple[int, ...]:
    """A comma-separated list of whole numbers, for the parameter ``name``."""
    try:
        return tuple(int(part) for part in names(text))
    except ValueError:
        raise SettingsError(f"'{text}' is not a list of whole numbers; write for example `{name}=(0, 1, 2)`.") from None
