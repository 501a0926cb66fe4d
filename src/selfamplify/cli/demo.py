"""``selfamplify demo``: the main job on the embedded model, offline."""

from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from . import options
from .compare import METHODS, run
from .screen import out, say

_NEXT = """\
The embedded model is toy-sized and its task is planted: these figures show the road, not what your model will gain.
Next, with your own model and data:
  selfamplify explain --model MODEL --task file --data questions.csv
  selfamplify build --model MODEL --task file --data questions.csv --out runs/mine
  selfamplify evaluate runs/mine --model MODEL --task file --data questions.csv"""


def demo(
    out_folder: options.Out = Path("runs/demo"),
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many test questions to ask.")] = 100,
    seed: options.Seed = 0,
) -> None:
    """Compare all methods on the embedded model and its planted task, offline: the whole road in a minute or two."""
    plan = selfamplify.Plan(tuple(options.names(METHODS)), seeds=(seed,), limit=limit)
    task = selfamplify.load_task("planted_arc")
    run(plan, out_folder, options.ModelOptions(), task, options.StyleOptions(max_new_tokens=96))
    out.print()
    out.print(selfamplify.worked_question(out_folder, task))
    out.print()
    say(_NEXT)
