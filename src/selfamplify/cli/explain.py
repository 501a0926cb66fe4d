"""``selfamplify explain``: a question, or a prompt of the user's own, with its words coloured by their effect on the answer."""

from typing import Annotated

import typer

import selfamplify

from ..errors import DataError, SettingsError
from ..names import NAMES
from ..records import DecisiveWords, Question, ScoredPairs, ScoredWords
from ..report.marks import proof_text
from . import options
from .config import Called
from .groups import grouped
from .model_options import ModelOptions
from .prompted import PromptOptions
from .screen import say, stdout
from .task_options import FileOptions, TaskOptions, load


@grouped
def explain(
    called: Called,
    model: ModelOptions,
    task: TaskOptions,
    file: FileOptions,
    rationale: options.RationaleOptions,
    engine: options.EngineOptions,
    style: options.StyleOptions,
    prompted: PromptOptions,
    explainer: Annotated[
        str, typer.Option("--explainer", "--method", help="An explainer from `selfamplify list`.")
    ] = "kernel_shap",
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
    if prompted.check(called.given):
        prompted.explain(model, explainer, engine, seed)
        return
    style.check_without_shots()
    profile = style.find()
    method = selfamplify.make_method(explainer, rationale.keywords, rationale.steps, profile, engine.given())
    profile, questions = selfamplify.asking(profile, load(task, file, model))
    asked = _question(questions, question)
    session = selfamplify.Session(model.load(questions), profile)
    with model.working():
        shot = method.prompt(session, questions, selfamplify.Sample.of([asked], seed)).shots[0]
    if isinstance(shot.explanation, ScoredWords | ScoredPairs):
        _show_scores(asked, shot.explanation, rationale.keywords)
    elif isinstance(shot.explanation, DecisiveWords):
        _show_decisive(asked, shot.explanation)
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


def _show_scores(question: Question, explanation: ScoredWords | ScoredPairs, keywords: int) -> None:
    """The question in colours, the scores as a table, and what they cost."""
    stdout.print(selfamplify.coloured_question(question, explanation, keywords))
    stdout.print(selfamplify.explanation_table(explanation, keywords))
    starred = "keyword: one of the highest scores, stop words left out"
    if isinstance(explanation, ScoredPairs):
        starred = "the pair of the rationale, stop words left out"
    say(f"* {starred}. Green words speak for the answer, red words against it.")
    gap = explanation.completeness_gap
    _show_cost(explanation, "" if gap is None else f", completeness gap {gap:.2g}")


def _show_decisive(question: Question, explanation: DecisiveWords) -> None:
    """The question with its decisive words underlined, what replaces them, both answers, and what they cost."""
    stdout.print(selfamplify.coloured_question(question, explanation, len(explanation.words)))
    pairs = zip(explanation.words, explanation.instead, strict=False)
    replaced = ", ".join(f"{other} in place of {word}" for word, other in pairs)
    how, change = (f"with {replaced}", "replacement") if replaced else ("without the underlined words", "removal")
    if explanation.changes:
        say(f"The model answers {explanation.answer}; {how}, {explanation.without} ({proof_text(explanation)}).")
    else:
        closest = f"; what comes closest is {replaced}" if replaced else "; the underlined words come closest"
        say(f"The model answers {explanation.answer}. No {change} changed that{closest}.")
    _show_cost(explanation, "")


def _show_cost(explanation: ScoredWords | ScoredPairs | DecisiveWords, more: str) -> None:
    cost = explanation.cost
    instead = "" if explanation.baseline is None else f", absent words replaced by {explanation.baseline}"
    say(f"{cost.forward_passes} forward passes, {cost.seconds:.2f} s{more}{instead}")
