"""``selfamplify faithfulness``: do explanations of the model's own answers say more than random words do?"""

from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from ..text.lines import counted
from . import options
from .config import Called
from .groups import grouped
from .model_options import ModelOptions
from .screen import say, stderr, stdout
from .task_options import FileOptions, TaskOptions, load
from .translation import in_options


@grouped
def faithfulness(
    called: Called,
    out: options.Out,
    model: ModelOptions,
    task: TaskOptions,
    file: FileOptions,
    rationale: options.RationaleOptions,
    engine: options.EngineOptions,
    style: options.StyleOptions,
    methods: Annotated[
        str | None,
        typer.Option(
            "--methods",
            help="Explainers, as A,B,C. All are compared with random words. Default: those of deep_lift,kernel_shap,"
            "self_topk,self_exp that the model supports.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="Number of test questions to ask. Default: 50, or all if there are fewer."),
    ] = None,
    removal: Annotated[
        str,
        typer.Option(
            "--removal",
            help="How words are removed: delete, or what is put in their place: space, mean, or any other --baseline.",
        ),
    ] = "delete",
    marks: Annotated[
        Path | None,
        typer.Option("--marks", help="A file with the words that people marked as deciding, and the ids of their questions."),
    ] = None,
    seed: options.Seed = 0,
) -> None:
    """Measure whether explanations tell more about the model's own answers than random words do."""
    style.check_without_shots()
    profile = style.find()
    settings = engine.given()
    named = options.listed(methods, "methods", "deep_lift")
    explainers = selfamplify.make_explainers(named, settings, profile) if named else []
    questions = load(task, file, model, None, profile)
    if marks is not None:
        questions = selfamplify.with_marks(questions, marks)
        say(f"  {questions.notes[-1]}", console=stderr)
    if out is not None:
        from ..runs.unchanged import check_unchanged

        check_unchanged(out, "results", {"command": "faithfulness"})
    asked = model.load(questions)
    explainers = explainers or selfamplify.make_explainers(selfamplify.default_explainers(asked), settings, profile)
    with called.recorded(out), model.progress() as progress:
        found = selfamplify.faithfulness(
            asked,
            questions,
            explainers,
            limit=limit,
            keywords=rationale.keywords,
            steps=rationale.steps,
            removal=removal,
            seed=seed,
            profile=profile,
            out=out,
            progress=progress,
        )
    print_faithfulness(found)
    say(f"wrote the results to {out}")


def print_faithfulness(found: "selfamplify.Faithfulness") -> None:
    """Print the tables of a study, what may be concluded from them, and what is missing."""
    for table in selfamplify.faithfulness_tables(found):
        stdout.print(table)
    for line in found.conclusions():
        say(line)
    for each in found.measures:
        if each.missing:
            say(
                f"note: {each.explainer} could not explain {counted(each.missing, 'question')}; the first: "
                f"{in_options(each.reason, faithfulness)}",
                console=stderr,
            )
    for note in found.notes:
        say(f"note: {in_options(note, faithfulness)}", console=stderr)
