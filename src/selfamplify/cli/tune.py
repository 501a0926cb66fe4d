"""``selfamplify tune``: race many prompts, choose one, and test it on questions that the choice did not see."""

from time import monotonic
from typing import Annotated, Any

import typer

import selfamplify

from ..runs.unchanged import check_unchanged
from ..text.lines import counted, shortened
from . import options
from .config import Called
from .groups import grouped
from .model_options import ModelOptions
from .screen import say, stderr, stdout
from .task_options import FileOptions, TaskOptions, load
from .translation import in_options


@grouped
def tune(
    called: Called,
    out: options.Out,
    model: ModelOptions,
    task: TaskOptions,
    file: FileOptions,
    engine: options.EngineOptions,
    style: options.StyleOptions,
    budget: Annotated[
        str,
        typer.Option(
            "--budget",
            help="What the command may cost: a time from its start (90s, 5m, 1h), which includes loading the model, making the "
            "prompts, the race and the test; or a number of answers in the race and the test (calls=2000).",
        ),
    ] = "5m",
    methods: Annotated[
        str | None,
        typer.Option("--methods", help="Explainers and competitors, as A,B,C. IO and zero-shot are always included."),
    ] = None,
    selections: Annotated[
        str | None, typer.Option("--selections", "--select", help="Selections, as A,B. Default: error,success.")
    ] = None,
    seeds: Annotated[str | None, typer.Option("--seeds", help="Random seeds of the shots, as 0,1,2 (the default).")] = None,
    shots: Annotated[str | None, typer.Option("--shots", help="Numbers of shots per prompt (n). Default: 8,4.")] = None,
    keywords: Annotated[
        str | None, typer.Option("--keywords", help="Numbers of keywords per rationale (k). Default: 6,3.")
    ] = None,
    steps: Annotated[
        str | None, typer.Option("--steps", help="Numbers of steps per rationale of self_exp (p). Default: 3.")
    ] = None,
    validation: Annotated[
        int | None,
        typer.Option(
            "--validation", min=1, help="Number of training questions for the race. Default: half of them, at most 300."
        ),
    ] = None,
    limit: options.Limit = None,
    seed: options.Seed = 0,
    judge: options.Judge = None,
    decide: options.Decide = "generate",
    calibrate: options.Calibrate = "off",
    drop_shots: options.DropShots = False,
) -> None:
    """Find the best prompt for a model and a task, and test it on questions that the choice did not see."""
    begun = monotonic()
    profile = style.find()
    questions = load(task, file, model, judge, profile)
    given: dict[str, Any] = {
        "methods": options.listed(methods, "methods", "deep_lift"),
        "selections": options.listed(selections, "selections", "error"),
        "seeds": options.numbers(seeds, "seeds"),
        "shots": options.numbers(shots, "shots"),
        "keywords": options.numbers(keywords, "keywords"),
        "steps": options.numbers(steps, "steps"),
        "orders": (style.order,) if style.order else None,
        "settings": engine.given(),
    }
    check_unchanged(out, "tuning", {})  # the arms, and so all settings, are known with the model
    asked = model.load(questions, judge)
    space = selfamplify.SearchSpace.of(asked, **{name: value for name, value in given.items() if value})
    with called.recorded(out), model.progress() as progress:
        found = selfamplify.tune(
            asked,
            questions,
            out,
            budget=budget,
            space=space,
            validation=validation,
            limit=limit,
            seed=seed,
            profile=profile,
            drop_shots=drop_shots,
            judge=model.load_judge(judge, asked),
            decide=decide,
            calibrate=calibrate,
            begun=begun,
            progress=progress,
        )
    print_tuning(found)
    say(f"wrote the prompt to {out}")


def print_tuning(found: "selfamplify.Tuning") -> None:
    """Print the arms of a race, what may be concluded from the test, and what both took."""
    stdout.print(selfamplify.tuning_table(found))
    if found.left_out:
        names = shortened(", ".join(found.left_out), 160)
        say(f"note: the budget did not suffice for {counted(len(found.left_out), 'more arm')}: {names}", console=stderr)
    for arm, reason in found.failed.items():
        say(f"failed: {arm}: {in_options(reason, tune)}", console=stderr)
    say(found.evidence.conclusion)
    race, test, grid = (found.calls[name] for name in ("race", "test", "grid"))
    say(f"The race took {counted(race, 'answer')} (asking all arms everything takes {grid}), and the test {test}.")
