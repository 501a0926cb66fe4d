"""``selfamplify compare``: methods x selections x seeds on the same samples and test questions."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

import selfamplify

from ..errors import SettingsError
from ..work.stage import Progress
from . import options, tracking
from .config import Called
from .estimating import EstimateOptions, print_estimate
from .given import baseline
from .groups import grouped
from .model_options import ModelOptions
from .screen import print_table, say, stderr, stdout
from .task_options import FileOptions, TaskOptions, load

METHODS = "auto_cot,deep_lift,kernel_shap,self_topk,self_exp,random"


@grouped
def compare(
    called: Called,
    model: ModelOptions,
    task: TaskOptions,
    file: FileOptions,
    engine: options.EngineOptions,
    style: options.StyleOptions,
    estimating: EstimateOptions,
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
    keep_rationales: options.KeepRationales = "all",
    limit: options.Limit = None,
    judge: options.Judge = None,
    decide: options.Decide = "generate",
    calibrate: options.Calibrate = "off",
    self_consistency: options.SelfConsistency = 1,
    temperature: options.Temperature = None,
    drop_shots: options.DropShots = False,
    against: Annotated[
        str,
        typer.Option(
            "--against",
            help="What the other methods are tested against: one of the methods, or a prompt of your own, which becomes a row "
            "of the table (a run folder, a prompt.json, or a file that `selfamplify import` reads). Default: io.",
        ),
    ] = "io",
    out: options.OptionalOut = None,
    report: Annotated[
        bool, typer.Option("--report", help="Write report.html into the run folder, again every minute during the run.")
    ] = False,
    log: tracking.Log = None,
) -> None:
    """Compare methods on the same samples and test questions, test each against IO, and print one table."""
    estimating.check()
    tracking.check(log)
    if out is None and not estimating.estimate:
        raise SettingsError('A comparison needs a folder; add for example `out="runs/mine"`, or --estimate.')
    profile = style.find()
    questions = load(task, file, model, judge, profile)
    start = selfamplify.preset(preset, questions) if preset else selfamplify.Plan(tuple(options.names(METHODS)))
    given = {
        "methods": options.listed(methods, "methods", "deep_lift"),
        "selections": options.listed(selections, "selections", "error"),
        "seeds": options.numbers(seeds, "seeds"),
        "keywords": options.numbers(keywords, "keywords"),
        "shots": shots,
        "steps": steps,
        "limit": limit,
        "drop_shots": drop_shots,
        "keep_rationales": keep_rationales,
        "settings": engine.given(),
    }
    plan = replace(start, **{name: setting for name, setting in given.items() if setting is not None})
    against, prompts = baseline(against, plan)
    further: dict[str, Any] = {"profile": profile, "decide": decide, "calibrate": calibrate, "prompts": prompts}
    further |= {"self_consistency": self_consistency, "temperature": temperature}
    if out is not None and not estimating.estimate:
        from ..runs.compare import check_comparison  # heavy

        check_comparison(questions, plan, out, **further)
    asked = model.load(questions, judge)
    further["judge"] = model.load_judge(judge, asked)
    if out is None or estimating.estimate:
        print_estimate(model, questions, plan, estimating, compare, **further)
        return
    with called.recorded(out):
        run(plan, out, model, questions, against, report, **further)
    tracking.hand_over(out, log)
    if preset == "figure4":
        for answers in selfamplify.responses_side_by_side(out, plan.limit or 1):
            stdout.print(answers)


def run(
    plan: "selfamplify.Plan",
    out: Path,
    model: ModelOptions,
    task: "selfamplify.Task",
    against: str = "io",
    report: bool = False,
    **further: Any,
) -> None:
    """Run a plan with progress, and with a page if one is wanted, and print its tests against a method.

    ``further`` are arguments of ``compare``.
    """
    asked = model.load()
    with model.progress() as progress, _page(out, progress) if report else nullcontext(progress) as shown:
        table = selfamplify.compare(asked, task, plan, out, progress=shown, **further)
    print_table(table, compare, against)
    say(f"wrote the results to {out}")


@contextmanager
def _page(folder: Path, progress: Progress) -> Iterator[Progress]:
    """The progress of a run that renews its page on the way, and at the end, however it ends."""
    from ..page.renewal import Renewal  # heavy

    page = Renewal(folder, lambda text: say(f"note: {text}", console=stderr))
    try:
        yield page.watching(progress)
    finally:
        if folder.is_dir():
            page.now()
