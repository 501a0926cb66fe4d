"""``selfamplify build``: select, explain, and write prompt.json."""

from typing import Annotated

import typer

import selfamplify

from . import options
from .groups import grouped
from .screen import err, say


@grouped
def build(
    out_folder: options.Out,
    model: options.ModelOptions,
    task: options.TaskOptions,
    rationale: options.RationaleOptions,
    engine: options.EngineOptions,
    style: options.StyleOptions,
    explainer: Annotated[
        str, typer.Option("--explainer", help="An explainer, or a competitor such as io or auto_cot (see `list`).")
    ] = "kernel_shap",
    select: Annotated[str, typer.Option("--select", help="What becomes a shot: success, error or random.")] = "error",
    shots: Annotated[int, typer.Option("--shots", min=0, help="Shots in the prompt (n).")] = 8,
    seed: options.Seed = 0,
) -> None:
    """Build a prompt: the model picks its shots, explains them to itself, and the explanations become rationales."""
    profile = style.find()
    method = selfamplify.make_method(explainer, rationale.keywords, rationale.steps, profile, engine.given())
    questions = task.load()
    asked = model.load()
    with selfamplify.terminal_progress(err) as progress:
        prompt = selfamplify.build(
            method,
            asked,
            questions,
            out_folder,
            selection=select,
            shots=shots,
            seed=seed,
            profile=profile,
            progress=progress,
        )
    made = prompt.provenance
    say(f"shots by {made['selection']}: {selfamplify.Counts(**made['counts'])}")
    for shot in prompt.shots:
        say(f"  {shot.question.id}: {shot.reply}")
    say(f"wrote {out_folder / 'prompt.json'}")
