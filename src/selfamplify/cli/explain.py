"""``selfamplify explain``: a question, or a prompt of one's own, with its words coloured by what they do to the answer."""

from typing import Annotated

import typer

import selfamplify

from ..errors import DataError, SettingsError
from . import options
from .groups import Given, grouped
from .prompted import PromptOptions
from .screen import out, say


@grouped
def explain(
    given: Given,
    model: options.ModelOptions,
    task: options.TaskOptions,
    rationale: options.RationaleOptions,
    engine: options.EngineOptions,
    style: options.StyleOptions,
    prompted: PromptOptions,
    explainer: Annotated[str, typer.Option("--explainer", help="An explainer (see `list`).")] = "kernel_shap",
    question: Annotated[str | None, typer.Option("--question", help="A question's id; without it, the first one.")] = None,
    seed: options.Seed = 0,
) -> None:
    """Explain why a question's true answer is the answer, as the model sees it; or any answer to any --prompt."""
    if prompted.check(given):
        prompted.explain(model, explainer, engine, seed)
        return
    profile = style.find()
    method = selfamplify.make_method(explainer, rationale.keywords, rationale.steps, profile, engine.given())
    corpus = task.load()
    everything = (*corpus.train, *corpus.test)
    asked = next((item for item in everything if question in (None, item.id)), None)
    if asked is None:
        raise DataError(f"{task.task} has no question '{question}'; try --question {everything[0].id}.")
    session = selfamplify.Session(model.load(), profile)
    shots = method.prompt(session, corpus, selfamplify.Sample.of([asked], seed)).shots
    if not shots:
        raise SettingsError(f"{explainer} explains nothing; use --explainer kernel_shap, or another explainer of `list`.")
    shot = shots[0]
    if shot.explanation is not None and shot.explanation.scores is not None:
        out.print(selfamplify.coloured_question(asked, shot.explanation, rationale.keywords))
        out.print(selfamplify.explanation_table(shot.explanation, rationale.keywords))
        say("* keyword: the highest scores but those of function words; green speaks for the answer, red against it")
        cost, gap = shot.explanation.cost, shot.explanation.completeness_gap
        incomplete = "" if gap is None else f", completeness gap {gap:.2g}"
        say(f"{cost.forward_passes} forward passes, {cost.seconds:.2f} s{incomplete}")
    say(shot.reply)
