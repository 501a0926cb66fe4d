"""``selfamplify compare``: methods x selections x seeds on the same samples and test questions."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import selfamplify

from . import options
from .groups import grouped
from .model_options import ModelOptions
from .screen import print_table, say, stderr, stdout

if TYPE_CHECKING:
    from ..prompting.profiles import Profile

METHODS = "auto_cot,deep_lift,kernel_shap,self_topk,self_exp,random"


@grouped
def compare(
    out: options.Out,
    model: ModelOptions,
    task: options.TaskOptions,
    file: options.FileOptions,
    engine: options.EngineOptions,
    style: options.StyleOptions,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset", help="An experiment of the paper: table1, table2, table3 or figure4. Other options change it."
        ),
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option("--methods", help=f"Explainers and competitors, as A,B,C. IO is always included. Default: {METHODS}."),
    ] = None,
    selections: Annotated[
        str | None,
        typer.Option("--selections", "--select", help="Selections, as A,B: success, error or random. Default: success,error."),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option("--seeds", "--seed", help="Random seeds, as 0,1,2: one context per seed. Default: 0.")
    ] = None,
    shots: Annotated[int | None, typer.Option("--shots", help="Number of shots per prompt (n). Default: 8.")] = None,
    keywords: Annotated[
        str | None, typer.Option("--keywords", help="Numbers of keywords per rationale (k), as 4,6. Default: 6.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Number of steps per rationale of self_exp (p). Default: 3.")
    ] = None,
    limit: options.Limit = None,
    judge: options.Judge = None,
    decide: options.Decide = "generate",
    calibrate: options.Calibrate = "off",
    drop_shots: options.DropShots = False,
) -> None:
    """Compare methods on the same samples and test questions, each with IO, and print one table."""
    questions = options.load(task, file, model, judge)
    start = selfamplify.preset(preset, questions) if preset else selfamplify.Plan(tuple(options.names(METHODS)))
    given = {
        "methods": methods and tuple(options.names(methods)),
        "selections": selections and tuple(options.names(selections)),
        "seeds": seeds and options.numbers(seeds, "seeds"),
        "keywords": keywords and options.numbers(keywords, "keywords"),
        "shots": shots,
        "steps": steps,
        "limit": limit,
        "drop_shots": drop_shots,
        "settings": engine.given(),
    }
    plan = replace(start, **{name: setting for name, setting in given.items() if setting is not None})
    run(plan, out, model, questions, style.find(), judge, decide=decide, calibrate=calibrate)
    if preset == "figure4":
        for answers in selfamplify.responses_side_by_side(out, plan.limit or 1):
            stdout.print(answers)


def run(
    plan: "selfamplify.Plan",
    out: Path,
    model: ModelOptions,
    task: "selfamplify.Task",
    profile: "Profile",
    judge: str | None = None,
    **deciding: Any,
) -> None:
    """Run a plan with progress, and print its table; ``deciding`` are further arguments of ``compare``."""
    asked = model.load()
    reader = model.load_judge(judge, asked)
    with selfamplify.terminal_progress(stderr) as progress:
        table = selfamplify.compare(asked, task, plan, out, profile=profile, judge=reader, progress=progress, **deciding)
    print_table(table, compare)
    say(f"wrote the results to {out}")
