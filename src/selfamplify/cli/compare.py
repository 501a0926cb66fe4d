"""``selfamplify compare``: methods x selections x seeds on the same samples and test questions."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from . import options
from .groups import grouped
from .screen import err, notes, out, say

METHODS = "auto_cot,deep_lift,kernel_shap,self_topk,self_exp,random"


@grouped
def compare(
    out_folder: options.Out,
    model: options.ModelOptions,
    task: options.TaskOptions,
    engine: options.EngineOptions,
    style: options.StyleOptions,
    preset: Annotated[
        str | None, typer.Option("--preset", help="An experiment of the paper: table1, table2, table3 or figure4.")
    ] = None,
    methods: Annotated[
        str | None, typer.Option("--methods", help=f"Explainers and competitors, as a,b,c; IO is always run. [{METHODS}]")
    ] = None,
    select: Annotated[str | None, typer.Option("--select", help="Selections, as a,b. [success,error]")] = None,
    seeds: Annotated[str | None, typer.Option("--seeds", "--seed", help="Seeds: one context each, as 0,1,2. [0]")] = None,
    shots: Annotated[int | None, typer.Option("--shots", help="Shots in the prompt (n). [8]")] = None,
    keywords: Annotated[str | None, typer.Option("--keywords", help="Keyword counts (k), as 4,6. [6]")] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Steps of self_exp (p). [3]")] = None,
    limit: options.Limit = None,
    judge: options.Judge = None,
    drop_shots: options.DropShots = False,
) -> None:
    """Compare methods on the same samples and test questions, each against IO; resumable, with one table at the end."""
    questions = task.load()
    start = selfamplify.preset(preset, questions) if preset else selfamplify.Plan(tuple(options.names(METHODS)))
    given = {
        "methods": methods and tuple(options.names(methods)),
        "selections": select and tuple(options.names(select)),
        "seeds": seeds and options.numbers(seeds, "--seeds"),
        "keywords": keywords and options.numbers(keywords, "--keywords"),
        "shots": shots,
        "steps": steps,
        "limit": limit,
        "drop_shots": drop_shots,
        "settings": engine.given(),
    }
    plan = replace(start, **{name: setting for name, setting in given.items() if setting is not None})
    run(plan, out_folder, model, questions, style, judge)
    if preset == "figure4":
        for answers in selfamplify.responses_side_by_side(out_folder, plan.limit or 1):
            out.print(answers)


def run(
    plan: "selfamplify.Plan",
    folder: Path,
    model: options.ModelOptions,
    task: "selfamplify.Task",
    style: options.StyleOptions,
    judge: str | None = None,
) -> None:
    """Run a plan with progress, and print its table."""
    asked = model.load()
    with selfamplify.terminal_progress(err) as progress:
        table = selfamplify.compare(
            plan,
            asked,
            task,
            folder,
            profile=style.find(),
            judge=model.load_judge(judge, asked),
            progress=progress,
        )
    out.print(selfamplify.comparison_table(table))
    notes(table)
    for cell, reason in table.failed.items():
        say(f"failed: {cell}: {reason}", console=err)
    say(f"wrote {folder / 'results.json'}")
