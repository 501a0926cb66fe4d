"""``selfamplify evaluate``: how well a finished prompt answers test questions."""

from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from . import options
from .groups import grouped
from .screen import err, notes, out, say


@grouped
def evaluate(
    run: Annotated[Path, typer.Argument(help="The run folder of `build`, or a prompt.json.")],
    model: options.ModelOptions,
    task: options.TaskOptions,
    limit: options.Limit = None,
    seed: options.Seed = 0,
    judge: options.Judge = None,
    drop_shots: options.DropShots = False,
    io: Annotated[bool, typer.Option(help="Answer with IO on the same shots too, for the paired test.")] = True,
    max_new_tokens: options.MaxNewTokens = None,
    out_folder: Annotated[Path | None, typer.Option("--out", help="Where results go; without it, the run folder.")] = None,
) -> None:
    """Measure a prompt's accuracy, with a 95 % interval and a paired test against IO on the same shots."""
    prompt = selfamplify.Prompt.load(run).with_length(max_new_tokens)
    folder = out_folder or (run.parent if run.suffix == ".json" else run)
    questions = task.load().limited(limit)
    asked = model.load()
    built_by = prompt.provenance.get("model", asked.name)
    if built_by != asked.name:
        say(f"note: the prompt was built by {built_by}, and is measured on {asked.name} (--model).", console=err)
    with selfamplify.terminal_progress(err) as progress:
        table = selfamplify.measure(
            prompt,
            asked,
            questions,
            folder,
            seed=seed,
            judge=model.load_judge(judge, asked),
            io=io,
            drop_shots=drop_shots,
            progress=progress,
        )
    out.print(selfamplify.comparison_table(table))
    notes(table)
    say(f"wrote {folder / 'results.json'}")
