"""Every name that a user can choose, with one line about it."""

from .. import registry
from ..explain.making import EXPLAINERS
from ..methods.making import BASELINES
from ..methods.selection import SELECTIONS
from ..prompting.profiles import PROFILES
from ..runs.plan import PRESETS
from ..tasks.loading import TASKS


def catalogue() -> dict[str, dict[str, str]]:
    """Kind -> name -> summary: the first line of what the name stands for, or the package that adds it."""
    return {
        "tasks": _summaries("task", TASKS),
        "explainers": _summaries("explainer", EXPLAINERS),
        "selections": {name: _first_line(type(rule)) for name, rule in SELECTIONS.items()},
        "competitors": {name: _first_line(type(method)) for name, method in BASELINES.items()},
        "presets": {name: f"{len(list(plan.cells()))} rows: {', '.join(plan.methods)}" for name, plan in PRESETS.items()},
        "profiles": {name: f"{profile.decoding}" for name, profile in PROFILES.items()},
    }


def _summaries(kind: str, own: dict[str, type]) -> dict[str, str]:
    origins = registry.registered(kind, own)
    return {name: _first_line(own[name]) if name in own else f"from {origin}" for name, origin in origins.items()}


def _first_line(entry: type) -> str:
    return (entry.__doc__ or "").strip().split("\n")[0]
