"""Building one prompt in a run folder."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..arguments import check_seed
from ..explain.explainer import AbstractExplainer
from ..methods.asking import asking
from ..methods.checking import check_task
from ..methods.making import as_method
from ..methods.method import AbstractMethod
from ..methods.selection import Sample, SelectionName, check_enough, check_selection, select
from ..methods.useful import Keep, UsefulRationales, keeping
from ..models.loading import as_model
from ..models.model import AbstractLanguageModel
from ..prompting.profiles import DEFAULT, Profile, as_profile
from ..prompting.prompt import Prompt
from ..session import Session
from ..tasks.task import Task
from ..work.stage import Progress, silent
from .baselines import note_baselines
from .changes import settings_of
from .editing import check_replaceable
from .quick_check import check_questions, checked
from .run import Run, known_settings, run_settings
from .unchanged import check_unchanged, present_prompt


def build(
    model: AbstractLanguageModel | str | Path,
    task: Task | str,
    out: str | Path,
    *,
    method: AbstractMethod | AbstractExplainer | str = "kernel_shap",
    selection: SelectionName = "error",
    shots: int = 8,
    keywords: int = 6,
    steps: int = 3,
    seed: int = 0,
    profile: Profile | str = DEFAULT,
    check: int = 0,
    keep_rationales: Keep = "all",
    progress: Progress = silent,
) -> Prompt:
    """Build a prompt in a run folder: like ``amplify``, but what is finished survives a crash, and the same call continues.

    Parameters
    ----------
    model : AbstractLanguageModel, str or Path
        The model, or what ``load_model`` takes: ``"embedded"``, a folder, a hub name.
    task : Task or str
        The task, or the name of one that needs no file.
    out : str or Path
        The run folder; prompt.json is written there.
    method : AbstractMethod, AbstractExplainer or str
        An explainer makes Self-AMPLIFY with it; or a competitor such as ``"io"``. By default ``"kernel_shap"``.
    selection : {"success", "error", "random"}
        Which questions become shots, by default ``"error"``.
    shots : int
        How many shots (n), by default 8. Zero-shot methods draw none.
    keywords, steps : int
        Keywords (k, by default 6) or steps (p, by default 3) per rationale.
    seed : int
        Decides which shots are drawn and which coalitions are sampled; by default 0.
    profile : Profile or str
        The wording and decoding: ``"default"`` or ``"paper"``.
    check : int
        How many training questions, 10 or more, to ask with the finished prompt and with its shots without rationales, which
        the prompt records (``Prompt.check``); a warning says if the rationales seem to cost accuracy. By default none.
    keep_rationales : {"all", "useful"}
        Whether all rationales become shots (the default), or only those that turn a wrong answer of the model into the right
        one: see ``UsefulRationales``. Only with an explainer.
    progress : callable
        Called with what is being done, how many items are done, and of how many. By default nothing is
        reported; ``terminal_progress`` makes one that prints.

    Returns
    -------
    Prompt

    Raises
    ------
    RunError
        If the folder was made with other settings, holds results of another prompt, or is in use.
    DataError, SelectionError, ExplanationError, ContextError, SettingsError
        As for ``amplify``.
    """
    profile = as_profile(profile)
    chosen = keeping(as_method(method, keywords, steps, profile), keep_rationales)
    check_selection(selection, shots)
    check_seed(seed)
    check_questions(check)
    profile, questions = asking(profile, check_task(task, model))
    own = _settings(chosen, selection, shots, seed, keep_rationales)
    check_unchanged(out, "prompt", known_settings(profile, questions) | own)
    asked = as_model(model)
    with Run(out) as run:
        check_replaceable(run.folder)
        session = run.session(asked, profile, progress=progress)
        with run.claimed("prompt", run_settings(session, questions) | own):
            held = present_prompt(run.folder)
            prompt = chosen.prompt(session, questions, _sample(chosen, session, questions, selection, shots, seed))
            if held and held.digest() == prompt.digest():
                prompt = replace(prompt, check=held.check)
            run.finish_prompt(prompt)
            if check:
                prompt = checked(session, questions, prompt, check, seed)
                run.finish_prompt(prompt)
    note_baselines([prompt])
    return prompt


def check_build(
    task: Task,
    out: str | Path,
    *,
    method: AbstractMethod,
    selection: SelectionName,
    shots: int,
    seed: int,
    profile: Profile,
    check: int,
    keep_rationales: Keep,
) -> None:
    """Raise, before a model is loaded, what ``build`` would raise about the folder and the number of checks."""
    check_questions(check)
    profile, questions = asking(profile, task)
    own = _settings(keeping(method, keep_rationales), selection, shots, seed, keep_rationales)
    check_unchanged(out, "prompt", known_settings(profile, questions) | own)


def _sample(method: AbstractMethod, session: Session, task: Task, selection: str, shots: int, seed: int) -> Sample:
    """The sample that a method starts from; one that draws its own takes only its size and seed, so nothing is asked."""
    if method.shotless:
        return Sample.of((), seed)
    if not method.own_sample:
        return select(session, task, selection, shots, seed)
    check_enough(task, shots)
    return Sample.of(task.train[:shots], seed)


def _settings(method: AbstractMethod, selection: str, shots: int, seed: int, keep_rationales: str) -> dict[str, Any]:
    """What a prompt depends on besides the model and the questions."""
    made = settings_of(method.method if isinstance(method, UsefulRationales) else method)
    drawn = {"made by": made, "selection": selection, "shots": shots, "seed": seed, "keep_rationales": keep_rationales}
    return {"command": "build"} | drawn
