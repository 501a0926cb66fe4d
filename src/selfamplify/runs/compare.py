"""Running a comparison: every cell on the same samples and the same test questions, with all finished work kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..answering.answer import answer
from ..answering.deciding import Calibrate, Decide, Deciding
from ..answering.fitting import Fitted, fit
from ..errors import ExplanationError, SelectionError
from ..evaluation.result import Result
from ..methods.checking import check_task
from ..methods.selection import Sample, select
from ..models.loading import as_model
from ..models.model import AbstractLanguageModel
from ..prompting.profiles import DEFAULT, Profile
from ..prompting.prompt import Prompt
from ..session import Session
from ..tasks.task import Task
from ..work.stage import Progress, silent
from .banned import note_banned
from .baselines import note_baselines
from .cell import Cell
from .given import Given, fitted_given
from .grid import Grid
from .one_sided import note_one_sided
from .plan import Plan
from .rows import Finished
from .run import Run, run_settings
from .table import Table
from .unchanged import check_unchanged


def compare(
    model: AbstractLanguageModel | str | Path,
    task: Task | str,
    plan: Plan | str,
    out: str | Path,
    *,
    profile: Profile | str = DEFAULT,
    judge: AbstractLanguageModel | str | Path | None = None,
    decide: Decide = "generate",
    calibrate: Calibrate = "off",
    self_consistency: int = 1,
    temperature: float | None = None,
    prompts: Given | None = None,
    progress: Progress = silent,
) -> Table:
    """Compare methods on the same samples and test questions, each with IO.

    The same call continues after a crash; a finished run is only read. A method that can't explain one of its shots, or
    finds too few shots of its own, fails as a row, with the reason, and the others continue.

    Parameters
    ----------
    model : AbstractLanguageModel, str or Path
        The model, or what ``load_model`` takes.
    task : Task or str
        The task, or the name of one that needs no file.
    plan : Plan or str
        What is compared, or the name of one of the paper's experiments: ``"table1"``, ``"table2"``, ``"table3"``,
        ``"figure4"``.
    out : str or Path
        The run folder; prompts, responses.jsonl and results.json are written there.
    profile : Profile or str
        The wording and decoding: ``"default"`` or ``"paper"``.
    judge : AbstractLanguageModel, str or Path, optional
        A model that reads the responses in place of the rules.
    decide, calibrate, self_consistency, temperature
        What decides an answer, how its log-probability is calibrated, and how many sampled replies vote: see ``evaluate``.
    prompts : mapping of str to Prompt, str or Path, optional
        Prompts of your own, by the names of their rows: each a prompt, its file or run folder, or a file that
        ``import_prompt`` reads. Like zero-shot prompts, each has a row for every sample, beside the methods that it is tested
        against. An imported prompt is answered with the decoding of the profile.
    progress : callable
        Called with what is being done, how many items are done, and of how many. By default nothing is
        reported; ``terminal_progress`` makes one that prints.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        If the task can't be loaded, or a question of it holds a control token of the model (see ``check_task``), or if a prompt
        of ``prompts`` was made for other questions, or has a test question among its shots.
    SelectionError
        If a sample for all methods can't be drawn.
    ContextError
        If a prompt does not fit.
    SettingsError
        If answers can't be decided so: see ``evaluate``.
    RunError
        If the folder was made with other settings, or is in use.
    """
    deciding = Deciding(decide, calibrate, self_consistency, temperature)
    grid = Grid.of(plan, check_task(task, model, judge), profile, prompts, deciding)
    plan, questions = grid.plan, grid.questions
    check_unchanged(out, "results", grid.known())
    asked, reader = as_model(model), None if judge is None else as_model(judge, "judge")
    with Run(out) as run:
        session = run.session(asked, grid.profile, reader, progress)
        settings = run_settings(session, questions) | grid.settings()
        with run.claimed("results", settings):
            cells, failed = _prompts(plan, session, questions, deciding)
            cells = _in_order(plan, [*cells, *_given(grid.prompts, plan, session, questions, deciding)])
        finished: list[Finished] = []
        while cells:  # what is answered is let go of: the questions as they are asked are most of a large run's memory
            cell = cells.pop(0)
            prompt, fitted = cell.fitted.prompt, cell.fitted
            responses = answer(cell.session, prompt, fitted.asked, cell.cell.seed, deciding, fitted.reference)
            run.save_prompt(str(cell.cell), prompt)
            result = Result(prompt.method, questions.name, asked.name, questions.test, tuple(responses))
            finished.append(Finished(cell.cell, prompt, result, cell.selection))
            run.keep(finished, failed, settings)
        table = run.finish(finished, failed, settings)
    note_baselines(each.prompt for each in finished)
    note_banned((f"{each.cell.method} ({each.selection})", each.prompt, each.result) for each in finished)
    note_one_sided(((f"{each.cell.method} ({each.selection})", each.result) for each in finished), deciding)
    return table


def check_comparison(
    task: Task,
    plan: Plan,
    out: str | Path,
    *,
    profile: Profile,
    prompts: Mapping[str, Prompt],
    decide: Decide,
    calibrate: Calibrate,
    self_consistency: int,
    temperature: float | None,
) -> None:
    """Raise RunError, before a model is loaded, if ``compare`` with these arguments would refuse the folder."""
    deciding = Deciding(decide, calibrate, self_consistency, temperature)
    check_unchanged(out, "results", Grid.silently(plan, task, profile, prompts, deciding).known())


@dataclass(frozen=True)
class _Ready:
    """A cell with its prompt, its questions and its session; ``selection`` is where its shots come from."""

    cell: Cell
    selection: str
    fitted: Fitted
    session: Session


def _prompts(plan: Plan, session: Session, task: Task, deciding: Deciding) -> tuple[list[_Ready], dict[str, str]]:
    """Every cell with its prompt, all checked against the context before anything is answered; and the cells that failed."""
    made: dict[Cell, tuple[str, Prompt]] = {}
    failed: dict[str, str] = {}
    samples: dict[tuple[str, int], Sample] = {}
    for cell in plan.cells():
        drawn = cell.selection, cell.seed
        if drawn not in samples:
            samples[drawn] = select(session, task, cell.selection, plan.shots, cell.seed)
        method = plan.method(cell, session.profile)
        try:
            prompt = method.prompt(session, task, samples[drawn])
        except (ExplanationError, SelectionError) as error:
            failed[str(cell)] = str(error)
        else:
            own = prompt.provenance.selection if method.own_sample and prompt.provenance else cell.selection
            made[cell] = own, prompt
    ready = fit(session, [prompt for _, prompt in made.values()], task, plan.drop_shots, deciding)
    return [_Ready(cell, made[cell][0], each, session) for cell, each in zip(made, ready, strict=True)], failed


def _given(prompts: Mapping[str, Prompt], plan: Plan, session: Session, task: Task, deciding: Deciding) -> list[_Ready]:
    """The prompts that are given, each with a cell for every sample: they are answered once, and found for the others."""
    ready: list[_Ready] = []
    for name, prompt in prompts.items():
        own, fitted = fitted_given(name, prompt, session, task, plan.drop_shots, deciding)
        for seed in plan.seeds:
            for selection in plan.selections:
                ready.append(_Ready(Cell(name, selection, plan.keywords[0], seed), selection, fitted, own))
    return ready


def _in_order(plan: Plan, cells: list[_Ready]) -> list[_Ready]:
    """The cells by sample, in the order of the plan's samples."""
    samples = [(seed, selection) for seed in plan.seeds for selection in plan.selections]
    return sorted(cells, key=lambda each: samples.index((each.cell.seed, each.cell.selection)))
