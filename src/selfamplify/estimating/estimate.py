"""What a comparison will take, on one screen: measure a little of everything, and count how often it occurs."""

import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import torch

from ..answering.deciding import Calibrate, Decide, Deciding
from ..answering.fitting import Fitted, fit
from ..errors import ExplanationError, SelectionError, SettingsError
from ..methods.checking import check_task
from ..methods.method import AbstractMethod
from ..methods.selection import Sample
from ..methods.self_amplify import SelfAmplify
from ..models.loading import as_model
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..prompting.profiles import DEFAULT, Profile
from ..prompting.prompt import Prompt
from ..runs.cell import Cell
from ..runs.given import Given, fitted_given
from ..runs.grid import Grid
from ..runs.plan import Plan
from ..runs.run import Run
from ..session import Session
from ..tasks.task import Task
from ..work.stage import Progress, silent, within
from .gpus import gpu, on_gpu, weights_of
from .pilot import Measured, alone, answer_timed, explain_timed, filled, select_timed
from .record import Estimate, Work

_ANSWERING = "answering with"
_ASKED_TOGETHER = 32
_OF_AN_ANSWER = 1.2e3
"""Bytes of the run folder for each answer, besides its text."""
_OF_A_TOKEN = 10
"""Bytes of the run folder for each token of a reply, which is kept twice."""


def estimate(
    model: AbstractLanguageModel | str | Path,
    task: Task | str,
    plan: Plan | str,
    *,
    profile: Profile | str = DEFAULT,
    judge: AbstractLanguageModel | str | Path | None = None,
    decide: Decide = "generate",
    calibrate: Calibrate = "off",
    self_consistency: int = 1,
    temperature: float | None = None,
    prompts: Given | None = None,
    on: str | None = None,
    size: str | None = None,
    seconds: float = 180.0,
    progress: Progress = silent,
) -> Estimate:
    """Say what ``compare`` with the same arguments will take, from a short measurement on this machine.

    The shots of the first context are selected as in the comparison; of every method, two shots are explained (all of them
    where explanations are made together and many questions follow), and test questions are answered: four at least, and more
    as long as that takes about a tenth of what is estimated. Nothing is kept.

    Parameters
    ----------
    model, task, plan, profile, judge, decide, calibrate, self_consistency, temperature, prompts
        As for ``compare``.
    on : str, optional
        A GPU such as ``"h100"``, for which times are calculated from the tokens that were measured here and its data sheet; by
        default this machine, for which times are measured.
    size : str, optional
        With ``on``: the number of weights of the model that will run there, as ``"7b"``, if it is not this one. Its replies
        are taken to be as long as those of this model.
    seconds : float
        About how long measuring answers may take, by default 180 for all methods together. Selection and explanations
        take what they take.
    progress : callable
        As for ``compare``.

    Returns
    -------
    Estimate

    Raises
    ------
    SettingsError
        For an unknown GPU or a size that is no number.
    SelfAmplifyError
        As ``compare``, if the comparison could not begin.
    """
    deciding = Deciding(decide, calibrate, self_consistency, temperature)
    card, weights = None if on is None else gpu(on), weights_of(size)
    grid = Grid.of(plan, check_task(task, model, judge), profile, prompts, deciding)
    plan, questions = grid.plan, grid.questions
    asked, reader = as_model(model), None if judge is None else as_model(judge, "judge")
    if card is not None and weights is None:
        weights = _weights(asked)
    start = perf_counter()
    with TemporaryDirectory() as folder, Run(folder) as run:
        session = run.session(asked, grid.profile, reader, within(progress, "measuring"))
        each = seconds / (len({"io", *plan.methods}) + len(grid.prompts))
        works, failed = _works(session, questions, plan, deciding, each)
        works += _given(grid.prompts, session, questions, plan, deciding, each)
    answers = [each for each in works if each.what.startswith(_ANSWERING)]
    disk = sum(_OF_AN_ANSWER * each.items + _OF_A_TOKEN * each.written for each in answers)
    measured = Estimate(_machine(asked), tuple(works), failed, _memory(asked), disk, perf_counter() - start)
    return measured if card is None or weights is None else on_gpu(measured, card, weights)


def _works(session: Session, task: Task, plan: Plan, deciding: Deciding, seconds: float) -> tuple[list[Work], dict[str, str]]:
    """The parts of a comparison, and the methods whose shots could not be explained, with the reasons."""
    works: list[Work] = []
    failed: dict[str, str] = {}
    samples: dict[str, Sample] = {}
    known = 0
    for selection in plan.selections:
        samples[selection], asked = select_timed(session, task, selection, plan.shots, plan.seeds[0])
        if asked.items:  # what no selection before this one has asked, in the same order
            items = _asked(known + asked.items, task, plan) - _asked(known, task, plan)
            known += asked.items
            works.append(_scaled(f"selecting shots by {selection}", asked, items, -(-items // _ASKED_TOGETHER)))
    for name in dict.fromkeys(cell.method for cell in plan.cells()):
        cells = [cell for cell in plan.cells() if cell.method == name]
        method = plan.method(cells[0], session.profile)
        made, whole = _explained(cells, method), len(cells) * len(task.test)
        try:
            prompt, explained = explain_timed(session, task, method, samples[cells[0].selection], made * plan.shots + whole)
        except (ExplanationError, SelectionError) as error:
            failed[name] = str(error)
            continue
        if any(shot.explanation for shot in prompt.shots):
            groups = made * plan.shots if alone(method) else made
            window = 1 if alone(method) else plan.shots
            works.append(_scaled(f"explaining with {name}", explained, made * plan.shots, groups, window))
        (fitted,) = fit(session, [filled(prompt, plan.shots)], task, plan.drop_shots, deciding)
        groups = len(cells) if prompt.shots else _seeds(fitted, session, plan, deciding)
        works.append(_answering(name, session, fitted, deciding, seconds, groups))
    return works, failed


def _answering(name: str, session: Session, fitted: Fitted, deciding: Deciding, seconds: float, groups: int) -> Work:
    """The answers after so many prompts of a method, to test questions and to those that batch calibration compares with."""
    answers = groups * (len(fitted.asked) + len(fitted.reference))
    own = answer_timed(session, fitted, deciding, seconds, answers)
    return _scaled(f"{_ANSWERING} {name}", own, answers, groups, min(session.model.window, len(fitted.asked)))


def _asked(questions: int, task: Task, plan: Plan) -> int:
    """How many questions all seeds ask for their shots if one asks so many: each in another order, and none twice."""
    return round(len(task.train) * (1 - (1 - questions / len(task.train)) ** len(plan.seeds)))


def _given(
    prompts: Mapping[str, Prompt], session: Session, task: Task, plan: Plan, deciding: Deciding, seconds: float
) -> list[Work]:
    """The answers after the prompts that are given."""
    works: list[Work] = []
    for name, prompt in prompts.items():
        own, fitted = fitted_given(name, prompt, session, task, plan.drop_shots, deciding)
        works.append(_answering(name, own, fitted, deciding, seconds, _seeds(fitted, own, plan, deciding)))
    return works


def _seeds(fitted: Fitted, session: Session, plan: Plan, deciding: Deciding) -> int:
    """How often a prompt that all samples share is answered: once, or, if replies are drawn, once for every seed."""
    return len(plan.seeds) if deciding.draws(fitted.prompt, session.profile.wording) else 1


def _explained(cells: list[Cell], method: AbstractMethod) -> int:
    """How many samples are explained: rows that differ in the number of keywords share explanations that don't depend on it."""
    depends = isinstance(method, SelfAmplify) and hasattr(method.explainer, "keywords")
    return len({(cell.selection, cell.seed, cell.keywords if depends else 0) for cell in cells})


def _scaled(what: str, measured: Measured, items: int, groups: int, window: int = 1) -> Work:
    """The part of which some items were measured, with all of its items."""
    factor = items / measured.items
    return Work(
        what,
        items,
        groups,
        round(factor * measured.read),
        round(factor * measured.written),
        groups * measured.shared,
        measured.longest,
        factor * measured.seconds + groups * measured.once,
        measured.items,
        window,
    )


def _machine(model: AbstractLanguageModel) -> str:
    if isinstance(model, AbstractDifferentiableModel):
        return f"{model.name} on this machine ({model.device})"
    return f"{model.name} as it is reached from this machine"


def _memory(model: AbstractLanguageModel) -> float:
    """The most bytes of memory that were in use so far: of the GPU if the model is on one, else of this process."""
    if isinstance(model, AbstractDifferentiableModel) and model.device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(model.device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)


def _weights(model: AbstractLanguageModel) -> float:
    if not isinstance(model, AbstractDifferentiableModel):
        raise SettingsError(f'{model.name} does not show how many weights it has; give their number, as `size="7b"`.')
    return float(sum(each.numel() for each in model.module.parameters()))
