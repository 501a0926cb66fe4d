"""All methods on one task: ``python -m experiments.grid TASK MODEL FOLDER --out RUN`` (TASK: see ``data.py``).

IO, zero-shot, Auto-CoT, four explainers and random keywords, with shots by success and by error and several seeds; answers are
read from what the model writes, or, with ``--likelihood``, decided by batch-calibrated likelihood. Continues where it was
interrupted, and prints the means over seeds, each tested against IO on the same shots, with Holm's correction over the table.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from selfamplify import DEFAULT, Plan, Profile, compare, load_model

from .data import TASKS
from .summary import print_table

METHODS = ("io", "zero_shot", "auto_cot", "deep_lift", "kernel_shap", "self_topk", "self_exp", "random")


def profile_for(task: str, **changes: Any) -> Profile:
    """The default profile with the task's own instruction and 100 tokens per text."""
    return replace(DEFAULT.with_length(100), instruction=TASKS[task][1], **changes)


def arguments(description: str) -> argparse.ArgumentParser:
    """What every experiment with run folders takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=200)
    return parser


def main() -> None:
    """Run the grid, or the rest of it, and print its table."""
    parser = arguments("All methods on one task.")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--selections", default="success,error")
    parser.add_argument("--likelihood", action="store_true")
    chosen = parser.parse_args()
    load, _, keywords = TASKS[chosen.task]
    task = load(chosen.folder)
    plan = Plan(
        tuple(chosen.methods.split(",")),
        tuple(chosen.selections.split(",")),
        keywords=(keywords,),
        seeds=tuple(range(chosen.seeds)),
        limit=min(chosen.limit, len(task.test)),
        drop_shots=True,
        settings={"samples": 350} if "kernel_shap" in chosen.methods else {},
    )
    decide, calibrate = ("likelihood", "batch") if chosen.likelihood else ("generate", "off")
    profile = profile_for(chosen.task)
    table = compare(load_model(chosen.model), task, plan, chosen.out, profile=profile, decide=decide, calibrate=calibrate)
    print_table(table)


if __name__ == "__main__":
    main()
