"""The options of a model, and how it is loaded with them: in this process, on a Ray cluster, or from servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property, partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import typer

import selfamplify

from ..errors import ModelError, SettingsError
from ..records.usage import Prices
from ..report.spending import Spending
from ..text.lines import counted
from .screen import say, stderr, waiting, waiting_for

if TYPE_CHECKING:
    from ..models.local.model import LocalModel
    from ..models.model import AbstractLanguageModel
    from ..models.replicated.model import ReplicatedModel
    from ..models.served.model import ServerModel
    from ..tasks.task import Task
    from ..work.stage import Progress


_PLANTED = ("planted_arc", "planted_snarks")
_TOY = (
    f"note: the embedded toy model (--model embedded, the default) knows only the tasks {' and '.join(_PLANTED)}; for other "
    "questions, add for example --model smollm2."
)


@dataclass(frozen=True)
class ModelOptions:
    """Which model, and how it is loaded, or where it is served."""

    panel: ClassVar[str] = "Model"

    model: Annotated[
        str,
        typer.Option(
            "--model",
            help="The model: 'embedded', 'smollm2', a local folder, a GGUF file, 'ollama:NAME', or a name on the Hugging Face "
            "hub. With --server: its name there.",
        ),
    ] = "embedded"
    dtype: Annotated[str, typer.Option("--dtype", help="Precision of the weights: auto, float32, bfloat16 or float16.")] = (
        "auto"
    )
    device: Annotated[str, typer.Option("--device", help="Where the model runs: auto, cpu, cuda, cuda:1 or mps.")] = "auto"
    batch_tokens: Annotated[
        int | None,
        typer.Option(
            "--batch-tokens", min=1, help="Maximum number of tokens to run at once. Default: 8192 on a CPU, else 32768."
        ),
    ] = None
    window: Annotated[
        int | None,
        typer.Option("--window", min=1, help="Maximum number of questions to answer together. Default: 64 on a CPU, else 512."),
    ] = None
    device_map: Annotated[
        str | None,
        typer.Option("--device-map", help="Spread a large model over several devices: auto, balanced or sequential."),
    ] = None
    quantize: Annotated[str | None, typer.Option("--quantize", help="Store the weights in fewer bits: 8bit or 4bit.")] = None
    thinking: Annotated[
        Literal["on", "off"],
        typer.Option("--thinking", help="Whether the model reasons before it replies, if that can be switched."),
    ] = "off"
    ray: Annotated[
        str | None,
        typer.Option("--ray", help="Run copies of the model on a Ray cluster: its address, or 'local' for this machine."),
    ] = None
    replicas: Annotated[
        int | None, typer.Option("--replicas", min=1, help="With --ray: number of copies. Default: as many as fit.")
    ] = None
    cpus: Annotated[int, typer.Option("--cpus-per-replica", min=1, help="With --ray: CPU cores (and threads) per copy.")] = 1
    gpus: Annotated[
        float | None,
        typer.Option(
            "--gpus-per-replica", min=0, help="With --ray: GPUs per copy, or a fraction. Default: 1 if there are any."
        ),
    ] = None
    server: Annotated[
        list[str] | None,
        typer.Option("--server", help="An OpenAI-compatible server, such as http://localhost:8000. May be repeated."),
    ] = None
    in_flight: Annotated[
        int | None,
        typer.Option("--in-flight", min=1, help="With --server: maximum number of requests at a time per server. Default: 64."),
    ] = None

    price: Annotated[
        str | None,
        typer.Option(
            "--price",
            help="With --server: the prices of a million tokens in and out, such as 0.15/0.60, to show costs as amounts. "
            "Default: only tokens are shown.",
        ),
    ] = None

    def load(self, task: "Task | None" = None, judge: str | None = None) -> "AbstractLanguageModel":
        """The model: on servers, as replicas, or in this process. It is loaded once.

        Before that, DataError is raised if a task that it is loaded for holds a control token of it, or of the judge.
        """
        if task is not None:
            if self.model == ModelOptions.model and not self.server and task.name not in _PLANTED:
                say(_TOY, console=stderr)
            self.check(task, judge, skip_bad=False)
        return self._loaded

    def check(self, task: "Task", judge: str | None, skip_bad: bool) -> "Task":
        """The task, if it holds no control tokens of the model and the judge; only their tokenizers are loaded for that.

        A server shows no tokenizer. The folder of replicas may be on other machines only; they are loaded first in that case.
        """
        itself = (None, self.model, self._loaded.name if self.server else Path(self.model).expanduser().resolve().name)
        check = partial(selfamplify.check_task, task, judge=None if judge in itself else judge, skip_bad=skip_bad)
        try:
            return check(self._loaded if self.server else self.model)
        except ModelError:
            if not self.ray or self.server:
                raise
            return check(self._loaded)

    @cached_property
    def _loaded(self) -> "AbstractLanguageModel":
        if self.server:
            return self.load_served(self.server)
        self._without(["in_flight", "price"], 'needs a server; add `load_server("URL")`, or leave it out')
        return self.load_replicated(self.ray) if self.ray else self.load_local()

    @contextmanager
    def working(self) -> Iterator["Spending"]:
        """Say what the model's replies cost, if anything, when the work is over, however it ends."""
        spending = Spending(lambda: self._loaded.usage, self._prices)
        try:
            yield spending
        finally:
            if total := spending.total():
                say(total, console=stderr)

    @contextmanager
    def progress(self) -> Iterator["Progress"]:
        """Show progress with what the model's replies cost, and their total at the end."""
        with self.working() as spending, selfamplify.terminal_progress(stderr, spending) as progress:
            yield progress

    @property
    def _prices(self) -> Prices | None:
        return None if self.price is None else Prices.of(self.price)

    def load_replicated(self, address: str) -> "ReplicatedModel":
        """The model on a Ray cluster."""
        with waiting("waiting for replicas to load the model"):
            shared = selfamplify.load_replicas(
                self.model, ray=address, replicas=self.replicas, cpus=self.cpus, gpus=self.gpus, **self._loading
            )
        say(f"{counted(shared.replicas, 'replica')} of {shared.name}, with {shared.share} each", console=stderr)
        return shared

    def load_served(self, urls: list[str]) -> "ServerModel":
        """The model behind servers: the one of that name, or the only one that they serve."""
        own = [field.name for field in fields(self) if field.name not in ("model", "server", "in_flight", "thinking", "price")]
        self._without(own, "is for models that are loaded here; leave it or `server` out")
        if self.price is not None:
            Prices.of(self.price)  # refused before the servers are asked
        name = None if self.model == ModelOptions.model else self.model
        limits = selfamplify.Limits() if self.in_flight is None else selfamplify.Limits(in_flight=self.in_flight)
        served = selfamplify.load_server(*urls, model=name, limits=limits, thinking=self.thinking == "on")
        if not served.abilities.continues:
            say(
                f"note: {served.name} can't continue the start of a reply, so the start is put into the user's turn.",
                console=stderr,
            )
        if not (served.abilities.continues and served.abilities.top_logprobs):
            say(f"note: labels are read from the text that {served.name} writes, not from probabilities.", console=stderr)
        return served

    def load_local(self) -> "LocalModel":
        """The model in this process."""
        self._without(
            ["server", "ray"], "can't be used to explain a `prompt`, which needs a model in this process; leave it out"
        )
        self._without(["replicas", "cpus", "gpus"], 'is for copies of the model; add `ray="local"`, or leave it out')
        return self._load_here(self.model)

    def _load_here(self, name: str) -> "LocalModel":
        """A model in this process; where that takes a while, say so."""
        with waiting_for(name):
            return selfamplify.load_model(name, **self._loading)

    @property
    def _loading(self) -> dict[str, Any]:
        """The fields that are keyword arguments of ``load_model``."""
        parameters = signature(selfamplify.load_model).parameters.values()
        given = {each.name: getattr(self, each.name) for each in parameters if each.kind is each.KEYWORD_ONLY}
        return given | {"thinking": self.thinking == "on"}

    def _without(self, names: list[str], reason: str) -> None:
        """Raise SettingsError if one of these options was given, and does not go with the others."""
        for name in names:
            if getattr(self, name) != getattr(ModelOptions, name):
                raise SettingsError(f"`{name}` {reason}.")

    def load_judge(self, name: str | None, model: "AbstractLanguageModel") -> "AbstractLanguageModel | None":
        """The judge of that name, in this process; a model that judges itself is not loaded twice."""
        if name is None or name in (self.model, model.name):
            return model if name else None
        self._without(["ray"], "goes with rules or the model itself as the judge; leave `judge` out")
        return self._load_here(name)
