"""``selfamplify evaluate``: how well a finished prompt answers test questions."""

from pathlib import Path
from typing import Annotated, Any

import typer

import selfamplify

from ..runs.absent import load_prompt
from ..runs.store_file import FILE_NAME as STORE
from . import options, tracking
from .config import Called
from .continued import note_continued
from .groups import grouped
from .inherited import Asked, as_built, check_model, check_named, with_asked
from .model_options import ModelOptions
from .screen import print_table, say
from .task_options import FileOptions, TaskOptions, load


@grouped
def evaluate(
    called: Called,
    prompt: Annotated[
        Path, options.path_argument("PROMPT", "The run folder of `selfamplify build` or `import`, or a prompt.json.")
    ],
    model: ModelOptions,
    task: TaskOptions,
    file: FileOptions,
    limit: options.Limit = None,
    seed: options.ReplySeed = 0,
    judge: options.Judge = None,
    decide: options.Decide = "generate",
    calibrate: options.Calibrate = "off",
    self_consistency: options.SelfConsistency = 1,
    temperature: options.Temperature = None,
    drop_shots: options.DropShots = False,
    io: Annotated[
        bool, typer.Option("--io/--no-io", help="Also ask with IO, the same shots without rationales, for the paired test.")
    ] = True,
    max_new_tokens: options.ReplyLength = None,
    out: Annotated[
        Path | None,
        options.out_option(
            "The run folder for the results. Default: the prompt's folder; for RUN/prompts/NAME.json, RUN/evaluated/NAME."
        ),
    ] = None,
    log: tracking.Log = None,
) -> None:
    """Measure a prompt's accuracy on test questions, with a 95 % interval and a paired test against IO on the same shots.

    By default, the model, the task and how its data are read are the same as in the run that made the prompt.
    """
    tracking.check(log)
    finished = load_prompt(prompt).with_length(max_new_tokens)
    check_named(finished, prompt, called)
    folder = out or _results_of(prompt)
    found = as_built(prompt, called, Asked(model, task, file))
    questions = load(found.task, found.file, found.model, judge)
    given: dict[str, Any] = {
        "limit": limit,
        "seed": seed,
        "io": io,
        "drop_shots": drop_shots,
        "decide": decide,
        "calibrate": calibrate,
        "self_consistency": self_consistency,
        "temperature": temperature,
    }
    from ..runs.evaluate import check_evaluation  # heavy

    check_evaluation(questions, finished, folder, **given)
    asked = found.model.load(questions, judge)
    check_model(finished, asked, called)
    with with_asked(called, found).recorded(folder), found.model.progress() as progress:
        result = selfamplify.evaluate(
            asked,
            questions,
            finished,
            judge=found.model.load_judge(judge, asked),
            out=folder,
            progress=progress,
            **given,
        )
    print_table(selfamplify.Run(folder).table(), evaluate)
    note_continued((outcome.rule, outcome.correct) for outcome in result.outcomes)
    say(f"wrote the results to {folder}")
    tracking.hand_over(folder, log)


def _results_of(prompt: Path) -> Path:
    """The folder for the results of a prompt: its own, or one for each prompt of a comparison, which are in one folder."""
    if prompt.suffix != ".json":
        return prompt
    folder = prompt.parent
    run = folder.parent if folder.name else folder / ".."
    of_a_run = "prompts" in (folder.name, folder.resolve().name) and (run / STORE).is_file()
    return run / "evaluated" / prompt.stem if of_a_run else folder
