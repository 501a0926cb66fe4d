"""``selfamplify explain``: a question, or a prompt of the user's own, with its words coloured by their effect on the answer."""

from typing import Annotated

import typer

import selfamplify

from ..errors import DataError, SettingsError
from ..names import NAMES
from ..records import Question, ScoredWords
from . import options
from .groups import Given, grouped
from .model_options import ModelOptions
from .prompted import PromptOptions
from .screen import say, stdout
from .task_options import FileOptions, TaskOptions, load


@grouped
def explain(
    given: Given,
    model: ModelOptions,
    task: TaskOptions,
    file: FileOptions,
    rationale: options.RationaleOptions,
    engine: options.EngineOptions,
    style: options.StyleOptions,
    prompted: PromptOptions,
    explainer: Annotated[str, typer.Option("--explainer", help="An explainer from `selfamplify list`.")] = "kernel_shap",
    question: Annotated[
        str | None, typer.Option("--question", help="The id of the question to explain. Default: the first one.")
    ] = None,
    seed: options.Seed = 0,
) -> None:
    """Explain the true answer of a question as the model sees it, or any answer to a prompt of your own (--prompt)."""
    if explainer in NAMES["competitor"]:
        raise SettingsError(
            f'{explainer} is not an explainer; use `explainer="kernel_shap"`, or another one from `selfamplify list`.'
        )
    if prompted.check(given):
        prompted.explain(model, explainer, engine, seed)
        return
    if style.prefill:
        raise SettingsError("`prefill=True` is for the replies to a prompt, and none is made here; leave it out.")
    if style.balance is not None:
        raise SettingsError("`balance` is for the selection of shots, and none are selected here; leave it out.")
    profile = style.find()
    method = selfamplify.make_method(explainer, rationale.keywords, rationale.steps, profile, engine.given())
    profile, questions = selfamplify.asking(profile, load(task, file, model))
    asked = _question(questions, question)
    session = selfamplify.Session(model.load(), profile)
    shot = method.prompt(session, questions, selfamplify.Sample.of([asked], seed)).shots[0]
    if isinstance(shot.explanation, ScoredWords):
        _show_scores(asked, shot.explanation, rationale.keywords)
    say(shot.reply)


def _question(task: "selfamplify.Task", wanted: str | None) -> Question:
    """The question of that id, or the first one."""
    questions = (*task.train, *task.test)
    found = next((question for question in questions if wanted in (None, question.id)), None)
    if found is None:
        raise DataError(
            f"{task.name} has no question '{wanted}'; use an id from its data, such as `question=\"{questions[0].id}\"`."
        )
    return found


def _show_scores(question: Question, explanation: ScoredWords, keywords: int) -> None:
    """The question in colours, the scores as a table, and what they cost."""
    stdout.print(selfamplify.coloured_question(question, explanation, keywords))
    stdout.print(selfamplify.explanation_table(explanation, keywords))
    say("* keyword: one of the highest scores, stop words left out. Green words speak for the answer, red words against it.")
    cost, gap = explanation.cost, explanation.completeness_gap
    incomplete = "" if gap is None else f", completeness gap {gap:.2g}"
    instead = "" if explanation.baseline is None else f", absent words replaced by {explanation.baseline}"
    say(f"{cost.forward_passes} forward passes, {cost.seconds:.2f} s{incomplete}{instead}")
