"""The option groups that several commands share, and what they load."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import selfamplify

from ..errors import SettingsError
from .screen import err, say, waiting

if TYPE_CHECKING:
    from ..models.local.model import LocalModel
    from ..models.model import AbstractLanguageModel
    from ..models.replicated.model import ReplicatedModel
    from ..models.served.model import ServerModel
    from ..prompting.profiles import Profile
    from ..tasks.task import Task

Out = Annotated[Path, typer.Option("--out", help="The run folder; the same command resumes in it.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the run: which shots, which coalitions.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="How many test questions to ask; without it, all.")]
Judge = Annotated[str | None, typer.Option("--judge", help="A model that reads the responses, in place of the rules.")]
DropShots = Annotated[bool, typer.Option("--drop-shots", help="Drop whole shots where a prompt is longer than the context.")]
MaxNewTokens = Annotated[int | None, typer.Option("--max-new-tokens", min=1, help="Longest rationale or answer, in tokens.")]


@dataclass(frozen=True)
class ModelOptions:
    """Which model, and how it is loaded, or where it is served."""

    model: Annotated[
        str, typer.Option("--model", help="'embedded', a local folder, a Hugging Face hub name; or a --server's name for it.")
    ] = "embedded"
    dtype: Annotated[str, typer.Option("--dtype", help="auto, float32, bfloat16 or float16.")] = "auto"
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto"
    batch_tokens: Annotated[
        int | None, typer.Option("--batch-tokens", min=1, help="Tokens run at once, at most. [8192 on a CPU, else 32768]")
    ] = None
    window: Annotated[
        int | None, typer.Option("--window", min=1, help="Questions answered together, at most. [64 on a CPU, else 512]")
    ] = None
    device_map: Annotated[
        str | None, typer.Option("--device-map", help="Spread a large model over devices: auto, balanced or sequential.")
    ] = None
    quantize: Annotated[str | None, typer.Option("--quantize", help="Hold the weights in fewer bits: 8bit or 4bit.")] = None
    ray: Annotated[
        str | None, typer.Option("--ray", help="Copies of the model on a Ray cluster: its address, or 'local': this machine.")
    ] = None
    replicas: Annotated[int | None, typer.Option("--replicas", min=1, help="With --ray: how many. [as many as have room]")] = (
        None
    )
    cpus: Annotated[int, typer.Option("--cpus-per-replica", min=1, help="With --ray: CPU cores, and threads, of each.")] = 1
    gpus: Annotated[
        float | None, typer.Option("--gpus-per-replica", min=0, help="With --ray: GPUs of each. [1 where there are any]")
    ] = None
    server: Annotated[
        list[str] | None,
        typer.Option("--server", help="An OpenAI-compatible server, such as http://localhost:8000; may be repeated."),
    ] = None
    in_flight: Annotated[
        int | None, typer.Option("--in-flight", min=1, help="Requests in flight at each --server, at most. [64]")
    ] = None

    def load(self) -> "AbstractLanguageModel":
        if self.server:
            return self.load_served(self.server)
        self._without("in_flight", "is about servers; write --server URL too, or leave it out")
        return self.load_replicated(self.ray) if self.ray else self.load_local()

    def load_replicated(self, address: str) -> "ReplicatedModel":
        """The model on a Ray cluster."""
        with waiting("starting replicas, of which each loads the model"):
            shared = selfamplify.load_replicas(
                self.model, ray=address, replicas=self.replicas, cpus=self.cpus, gpus=self.gpus, **self._loading
            )
        say(f"{shared.replicas} replicas of {shared.name}, {shared.share} each", console=err)
        return shared

    def load_served(self, urls: list[str]) -> "ServerModel":
        """The model behind servers: the one of that name, or the only one that they serve."""
        for name in ("dtype", "device", "batch_tokens", "window", "device_map", "quantize", "ray", "replicas", "cpus", "gpus"):
            self._without(name, "is about a model that is loaded here, and not by a --server; leave one of them out")
        name = None if self.model == ModelOptions.model else self.model
        limits = selfamplify.Limits() if self.in_flight is None else selfamplify.Limits(in_flight=self.in_flight)
        served = selfamplify.load_server(*urls, model=name, limits=limits)
        if not served.abilities.continues:
            say(f"note: {served.name} does not continue the start of a reply; it is put into the user's turn.", console=err)
        if not (served.abilities.continues and served.abilities.top_logprobs):
            say(f"note: labels are read from what {served.name} writes, and not from probabilities.", console=err)
        return served

    def load_local(self) -> "LocalModel":
        """The model in this process."""
        for name in ("server", "ray"):
            self._without(name, "has no tokens at hand, by which --prompt is explained; leave it out")
        for name in ("replicas", "cpus", "gpus"):
            self._without(name, "is about replicas; write --ray local too, or leave it out")
        return selfamplify.load_model(self.model, **self._loading)

    @property
    def _loading(self) -> dict[str, Any]:
        names = ("dtype", "device", "batch_tokens", "window", "device_map", "quantize")
        return {name: getattr(self, name) for name in names}

    def _without(self, name: str, reason: str) -> None:
        """Raise SettingsError if an option was given that does not go with the others."""
        if getattr(self, name) != getattr(ModelOptions, name):
            written = {"cpus": "cpus-per-replica", "gpus": "gpus-per-replica"}.get(name, name.replace("_", "-"))
            raise SettingsError(f"--{written} {reason}.")

    def load_judge(self, name: str | None, model: "AbstractLanguageModel") -> "AbstractLanguageModel | None":
        """The judge of that name, in this process; the model itself, wherever it is, is not loaded twice."""
        if name is None or name in (self.model, model.name):
            return model if name else None
        self._without("ray", "has its answers read by the rules or by the model itself; leave --judge out")
        return selfamplify.load_model(name, **self._loading)


@dataclass(frozen=True)
class TaskOptions:
    """Which questions."""

    task: Annotated[str, typer.Option("--task", help="A task (see `list`), or 'file' for a file of your own.")] = "planted_arc"
    data: Annotated[Path | None, typer.Option("--data", help="A file or folder; without it, the Hugging Face hub.")] = None
    test_data: Annotated[Path | None, typer.Option("--test-data", help="Test questions; else a part of --data.")] = None
    question_column: Annotated[str | None, typer.Option("--question-column", help="Task 'file': the question's column.")] = None
    answer_column: Annotated[str | None, typer.Option("--answer-column", help="Task 'file': the true answer's column.")] = None
    choice_columns: Annotated[
        str | None,
        typer.Option("--choice-columns", help="Task 'file': columns of the choices, as a,b,c; none: classification."),
    ] = None
    id_column: Annotated[str | None, typer.Option("--id-column", help="Task 'file': the column of ids.")] = None
    split_seed: Annotated[int, typer.Option("--split-seed", help="Seed of the split into training and test questions.")] = 0
    test_size: Annotated[int | None, typer.Option("--test-size", min=1, help="Test questions to split off --data.")] = None
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave bad rows out, instead of refusing them.")] = False

    def load(self) -> "Task":
        task = selfamplify.load_task(
            self.task,
            self.data,
            test_data=self.test_data,
            columns=self._columns(),
            split_seed=self.split_seed,
            test_size=self.test_size,
            skip_bad=self.skip_bad,
        )
        say(f"{task.name}: {len(task.train)} training and {len(task.test)} test questions", console=err)
        if task.skipped:
            say(f"{len(task.skipped)} rows left out, the first: {task.skipped[0]}", console=err)
        return task

    def _columns(self) -> "selfamplify.Columns | None":
        if not any((self.question_column, self.answer_column, self.choice_columns, self.id_column)):
            return None
        if not (self.question_column and self.answer_column):
            raise SettingsError("A file's columns need both: --question-column NAME --answer-column NAME.")
        choices = tuple(names(self.choice_columns or ""))
        return selfamplify.Columns(self.question_column, self.answer_column, choices, self.id_column)


@dataclass(frozen=True)
class StyleOptions:
    """How the model is spoken to."""

    profile: Annotated[str, typer.Option("--profile", help="default, or paper: the paper's wording and decoding.")] = "default"
    max_new_tokens: MaxNewTokens = None

    def find(self) -> "Profile":
        return selfamplify.find_profile(self.profile).with_length(self.max_new_tokens)


@dataclass(frozen=True)
class EngineOptions:
    """Settings of explainers; one that an explainer does not have is refused."""

    samples: Annotated[int | None, typer.Option("--samples", min=1, help="Evaluations a question: kernel_shap, lime.")] = None
    value: Annotated[str | None, typer.Option("--value", help="What is attributed: logit, logprob or margin.")] = None
    absent: Annotated[str | None, typer.Option("--absent", help="Absent words: mask (replaced) or delete (removed).")] = None
    stop_when_settled: Annotated[
        float | None,
        typer.Option("--stop-when-settled", help="kernel_shap: stop when the keywords are settled at this confidence (0.95)."),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any other setting, as NAME=VALUE; may be repeated. Example: permutations=50"),
    ] = None

    def given(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in ("samples", "value", "absent", "stop_when_settled")}
        return {name: setting for name, setting in named.items() if setting is not None} | dict(map(_pair, self.settings or ()))


@dataclass(frozen=True)
class RationaleOptions:
    """How long a rationale is."""

    keywords: Annotated[int, typer.Option("--keywords", min=1, help="Keywords of a keyword rationale (k).")] = 6
    steps: Annotated[int, typer.Option("--steps", min=1, help="Steps of a self_exp rationale (p).")] = 3


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise SettingsError(f"'{text}' sets nothing; write for example --set permutations=50.")
    return name, value


def names(text: str) -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in text.split(",") if part.strip()]


def numbers(text: str, option: str) -> tuple[int, ...]:
    """A comma-separated list of whole numbers."""
    try:
        return tuple(int(part) for part in names(text))
    except ValueError:
        raise SettingsError(f"'{text}' is no list of numbers; write for example {option} 0,1,2.") from None
