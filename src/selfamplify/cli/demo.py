"""``selfamplify demo``: a comparison on the embedded model, offline; or, with --real, on a real small one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import selfamplify

from ..text.lines import counted
from . import options
from .compare import METHODS, run
from .config import Called
from .groups import grouped
from .model_options import ModelOptions
from .screen import say, stderr, stdout

if TYPE_CHECKING:
    from ..prompting.profiles import Profile
    from ..runs.table import Table
    from ..tasks.task import Task

_MINE = """\
Next, use your own model and data:
  selfamplify explain --model MODEL --task file --data questions.csv
  selfamplify build --model MODEL --task file --data questions.csv --out runs/mine
  selfamplify evaluate runs/mine"""
_MADE_UP = (
    "The embedded model is tiny and its task is made up, so these numbers show how the method works, not what your model will "
    "gain."
)
_EXPLAINERS = ("deep_lift", "self_topk")
"""The explainers of the real demo."""
_KEYWORDS = 3
_EXPLAINED = 20
"""The test questions whose explanations are compared with the deciding words."""
_WORDS = """\
The words that decide each review are marked. The table shows how many of them are among the k words that an explainer ranks
highest, where k is the number of marked words, at most {most}. The true label is explained; "random words" is chance:"""
_NOT_SHOWN = """\
What this does not show:
- what your model will gain. This is one very small model on one small task, and a language model wrote its reviews.
- small differences. An accuracy over {n} is known to about ±{margin:.0f} points, and other shots
  (--seed 1 --out runs/demo-real-1) can move it by as much.
- how well the model writes answers. Here, an answer is the label that is more probable than it is on average after training
  questions. What the model writes is mostly "positive": see selfamplify compare with --decide generate.
- which explainer is best. These are two of them; for others, in sentences for example:
  selfamplify compare --model smollm2 --task reviews --methods self_exp,kernel_shap --keywords 3 --out runs/others"""


@grouped
def demo(
    called: Called,
    out: Annotated[
        Path | None,
        options.out_option(
            "The run folder. The same command continues an interrupted run in it. Default: runs/demo, or runs/demo-real."
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Number of test questions to ask.")] = 100,
    seed: options.Seed = 0,
    real: Annotated[
        bool,
        typer.Option(
            "--real",
            help="Compare two explainers on a real small model, SmolLM2, and 400 reviews instead. Takes a few minutes, and "
            "needs the model; `selfamplify doctor` says how to install it.",
        ),
    ] = False,
) -> None:
    """Compare seven methods on the embedded model and a made-up task. Takes a minute or two, without a network."""
    folder = out or Path("runs/demo-real" if real else "runs/demo")
    with called.recorded(folder):
        (_real if real else _made_up)(folder, limit, seed)


def _made_up(out: Path, limit: int, seed: int) -> None:
    """All methods on the embedded model: the table, a worked question, and what comes next."""
    task = selfamplify.load_task("planted_arc")
    plan = selfamplify.Plan(tuple(options.names(METHODS)), seeds=(seed,), limit=limit)
    run(plan, out, ModelOptions(), task, profile=options.StyleOptions(max_new_tokens=96).find())
    _worked(out, task)
    say(f"{_MADE_UP}\n{_MINE}")


def _real(out: Path, limit: int, seed: int) -> None:
    """IO and two explainers on SmolLM2 and the reviews: the table, a worked question, the words, and what it does not show."""
    task, model = selfamplify.load_task("reviews"), ModelOptions("smollm2")
    plan = selfamplify.Plan(_EXPLAINERS, ("success",), (_KEYWORDS,), (seed,), limit=limit)
    style = options.StyleOptions(max_new_tokens=60).find()
    run(plan, out, model, task, profile=style, decide="likelihood", calibrate="batch")
    _worked(out, task)
    _deciding_words(out, model.load(), task, style, min(limit, _EXPLAINED), seed)
    stdout.print()
    table = selfamplify.Table.load(out)
    say(f"{_NOT_SHOWN.format(n=counted(table.rows[0].n, 'question'), margin=_margin(table))}\n{_MINE}")


def _worked(out: Path, task: "Task") -> None:
    stdout.print()
    stdout.print(selfamplify.worked_question(out, task))
    stdout.print()


def _deciding_words(
    out: Path, model: "selfamplify.AbstractLanguageModel", task: "Task", style: "Profile", count: int, seed: int
) -> None:
    """How many of the deciding words of some test questions each explainer finds; finished explanations are in ``out``."""
    from ..methods.asking import asking  # heavy
    from ..report.deciding import deciding_words_table  # heavy

    profile, asked = asking(style, task.limited(count))
    with selfamplify.Run(out) as folder, selfamplify.terminal_progress(stderr) as progress:
        session = folder.session(model, profile, progress=progress)
        found = {name: selfamplify.explain_all(session, _explainer(name, profile), asked.test, seed) for name in _EXPLAINERS}
    say(_WORDS.format(most=_KEYWORDS))
    stdout.print(deciding_words_table(found, asked.test, _KEYWORDS))


def _explainer(name: str, profile: "Profile") -> "selfamplify.AbstractExplainer":
    return selfamplify.make_explainer(name).completed(keywords=_KEYWORDS, baseline=profile.baseline)


def _margin(table: "Table") -> float:
    """Half of the widest interval of an accuracy, in points."""
    return max(50 * (row.ci_high - row.ci_low) for row in table.rows)
