"""``selfamplify demo``: a comparison on the embedded model, offline."""

from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from . import options
from .compare import METHODS, run
from .model_options import ModelOptions
from .screen import say, stdout

_NEXT = """\
The embedded model is tiny and its task is made up, so these numbers show how the method works, not what your model will gain.
Next, use your own model and data:
  selfamplify explain --model MODEL --task file --data questions.csv
  selfamplify build --model MODEL --task file --data questions.csv --out runs/mine
  selfamplify evaluate runs/mine --model MODEL --task file --data questions.csv"""


def demo(
    out: options.Out = Path("runs/demo"),
    limit: Annotated[int, typer.Option("--limit", min=1, help="Number of test questions to ask.")] = 100,
    seed: options.Seed = 0,
) -> None:
    """Compare all methods on the embedded model and a made-up task. Takes a minute or two, without a network."""
    task = selfamplify.load_task("planted_arc")
    plan = selfamplify.Plan(tuple(options.names(METHODS)), seeds=(seed,), limit=limit)
    run(plan, out, ModelOptions(), task, options.StyleOptions(max_new_tokens=96).find())
    stdout.print()
    stdout.print(selfamplify.worked_question(out, task))
    stdout.print()
    say(_NEXT)
