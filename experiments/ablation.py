"""What helps a small model, one thing at a time: ``python -m experiments.ablation TASK MODEL FOLDER --out RUNS``.

The first five variants add one thing each to the paper's manner of asking; the others change one thing of the fourth, which is
the default of ``build`` and ``compare``. Each variant is a run folder of its own; the same command continues.
"""

from dataclasses import dataclass, field
from typing import Any

from selfamplify import ExplanationError, Plan, SelectionError, compare, load_model

from .data import TASKS
from .grid import arguments, profile_for

BATCH: dict[str, Any] = {"decide": "likelihood", "calibrate": "batch"}
METHODS = ("io", "deep_lift", "self_topk", "self_exp", "random")


@dataclass(frozen=True)
class Variant:
    """A name, and what it changes in the profile, the plan and how answers are decided."""

    name: str
    profile: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    decided: dict[str, Any] = field(default_factory=dict)


_ONE_SIDED = {"balance": False, "levelled": False}
VARIANTS = (
    Variant("letters", {"answer_style": "letter", **_ONE_SIDED}),
    Variant("+ label words", _ONE_SIDED),
    Variant("+ balance over labels", {"levelled": False}),
    Variant("+ levelled f(x)"),
    Variant("+ likelihood", decided={"decide": "likelihood"}),
    Variant("+ batch calibration", decided=BATCH),
    Variant("prefill", {"prefill": True}),
    Variant("free keywords and sentences", {"strict": False}),
    Variant("answer first (xyr)", {"order": "xyr"}),
    Variant("answer first, batch", {"order": "xyr"}, decided=BATCH),
    Variant("1 keyword, 1 step", plan={"keywords": (1,), "steps": 1}),
    Variant("1 keyword, 1 step, batch", plan={"keywords": (1,), "steps": 1}, decided=BATCH),
    Variant("6 keywords, batch", plan={"keywords": (6,)}, decided=BATCH),
    Variant("useful rationales", plan={"keep_rationales": "useful"}),
    Variant("majority of 5 replies", decided={"self_consistency": 5}),
    Variant("most similar last", {"shot_order": "similar"}),
)


def main() -> None:
    """Run all variants, or the rest of them, and print a line for each."""
    parser = arguments("What helps a small model, one thing at a time.")
    parser.add_argument("--only", action="append", choices=[each.name for each in VARIANTS], help="may be repeated")
    chosen = parser.parse_args()
    load, _, keywords = TASKS[chosen.task]
    task, model = load(chosen.folder), load_model(chosen.model)
    common = {"keywords": (keywords,), "seeds": tuple(range(chosen.seeds)), "limit": min(chosen.limit, len(task.test))}
    print(f"| {chosen.task}, {model.name} | {' | '.join(METHODS)} |\n|---|{'---|' * len(METHODS)}", flush=True)
    for number, variant in enumerate(VARIANTS):
        if chosen.only and variant.name not in chosen.only:
            continue
        plan = Plan(METHODS, ("success",), **(common | variant.plan))
        profile = profile_for(chosen.task, **variant.profile)
        try:
            table = compare(model, task, plan, chosen.out / f"{number:02}", profile=profile, **variant.decided)
        except (ExplanationError, SelectionError) as error:
            print(f"| {variant.name} | {error} |", flush=True)
            continue
        found = {mean.method: f"{100 * mean.mean:.1f} ± {100 * (mean.sd or 0):.1f}" for mean in table.means}
        print(f"| {variant.name} | {' | '.join(found.get(name, 'failed') for name in METHODS)} |", flush=True)


if __name__ == "__main__":
    main()
