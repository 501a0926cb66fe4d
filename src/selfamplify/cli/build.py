"""``selfamplify build``: select, explain, and write prompt.json."""

from typing import Annotated, Any, Literal

import typer

import selfamplify

from ..prompting.chosen import keyword_places, keywords
from ..records import NamedWords, ScoredWords
from ..text.label_counts import in_words, label_counts
from ..text.lines import counted
from ..text.stop_words import StopWords
from . import options
from .config import Called
from .groups import grouped
from .model_options import ModelOptions
from .screen import say, stderr
from .task_options import FileOptions, TaskOptions, load


@grouped
def build(
    called: Called,
    out: options.Out,
    model: ModelOptions,
    task: TaskOptions,
    file: FileOptions,
    rationale: options.RationaleOptions,
    engine: options.EngineOptions,
    style: options.StyleOptions,
    method: Annotated[
        str,
        typer.Option(
            "--method", "--explainer", help="An explainer, or a competitor such as io or auto_cot (see `selfamplify list`)."
        ),
    ] = "kernel_shap",
    selection: Annotated[
        Literal["success", "error", "random"],
        typer.Option(
            "--selection",
            "--select",
            help="Which questions become shots: success (answered right), error (answered wrong) or random.",
        ),
    ] = "error",
    shots: Annotated[int, typer.Option("--shots", min=0, help="Number of shots in the prompt (n).")] = 8,
    check: Annotated[
        int,
        typer.Option(
            "--check",
            min=0,
            help="Number of training questions to ask with the finished prompt and with its shots without rationales, as a "
            "quick check: 10 or more; 0 skips it.",
        ),
    ] = 30,
    keep_rationales: options.KeepRationales = "all",
    seed: options.Seed = 0,
) -> None:
    """Build a prompt: the model selects its shots and explains them, and the explanations become rationales."""
    profile = style.find()
    made = selfamplify.make_method(method, rationale.keywords, rationale.steps, profile, engine.given())
    if "selection" in called.given and (made.own_sample or made.shotless):
        drawn = "has no shots" if made.shotless else "draws its own shots"
        say(f"note: {method} {drawn}, so --selection has no effect.", console=stderr)
    questions = load(task, file, model, profile=profile)
    given: dict[str, Any] = {
        "method": made,
        "selection": selection,
        "shots": shots,
        "seed": seed,
        "profile": profile,
        "keep_rationales": keep_rationales,
    }
    from ..runs.build import check_build  # heavy

    check_build(questions, out, check=check, **given)
    asked = model.load(questions)
    with called.recorded(out), model.progress() as progress:
        prompt = selfamplify.build(asked, questions, out, check=check, progress=progress, **given)
    if prompt.provenance and prompt.shots:
        answers = in_words(label_counts(shot.question.called(shot.label) for shot in prompt.shots))
        say(f"shots selected by {prompt.provenance.selection}: {prompt.provenance.counts}; answers: {answers}")
        if prompt.provenance.usefulness:
            say(f"rationales: {prompt.provenance.usefulness}")
    for shot in prompt.shots:
        say(f"  {shot.question.id}: {shot.reply}")
    _note_labels(prompt)
    _note_fewer(prompt, profile.stop_words)
    _note_against(prompt, profile.stop_words)
    if prompt.check and check:
        say(f"quick check: {prompt.check}")
    elif check and any(shot.explanation for shot in prompt.shots):
        say("note: no quick check, since fewer than 10 other training questions fit the context.", console=stderr)
    say(f"wrote the prompt to {out}; measure it with: selfamplify evaluate {out}")


def _note_labels(prompt: selfamplify.Prompt) -> None:
    """Say which labels of a classification no shot has, where there are shots enough for all."""
    shown = {shot.label for shot in prompt.shots}
    missing = [name for label, name in prompt.label_map.items() if label not in shown]
    if missing and prompt.answer_style == "label" and len(prompt.shots) >= len(prompt.label_map):
        say(
            f"note: no shot has the answer {' or '.join(missing)}, so a small model may never give it; "
            "other shots may help (--selection, --seed or --shots).",
            console=stderr,
        )


def _note_against(prompt: selfamplify.Prompt, stop_words: StopWords) -> None:
    """Say how many keywords have negative scores, if they are many: those of short texts, all of whose words are keywords."""
    wanted = prompt.provenance.keywords if prompt.provenance else None
    if not wanted:
        return
    made = [each for shot in prompt.shots if isinstance(each := shot.explanation, ScoredWords) and each.value is not None]
    scores = [each.scores[place] for each in made for place in keyword_places(each, wanted, stop_words)]
    against = sum(score < 0 for score in scores)
    if against > len(scores) / 4:
        say(
            f"note: {against} of {counted(len(scores), 'keyword')} have negative scores: to the model, they speak against the "
            f"answer of their shot; lower --keywords to leave them out.",
            console=stderr,
        )


def _note_fewer(prompt: selfamplify.Prompt, stop_words: StopWords) -> None:
    """Say how many rationales have fewer keywords than were asked for."""
    wanted = prompt.provenance.keywords if prompt.provenance else None
    made = [shot.explanation for shot in prompt.shots if isinstance(shot.explanation, ScoredWords | NamedWords)]
    fewer = sum(len(keywords(each, wanted, stop_words)) < wanted for each in made) if wanted else 0
    if fewer:
        named = any(isinstance(each, NamedWords) for each in made)
        why = (
            "no more were found"
            if named
            else f"{'their texts have' if fewer > 1 else 'its text has'} no more words that can be keywords"
        )
        say(
            f"note: {fewer} of {counted(len(made), 'rationale')} {'has' if fewer == 1 else 'have'} fewer than {wanted} "
            f"keywords, since {why}; lower --keywords to give all the same number.",
            console=stderr,
        )
