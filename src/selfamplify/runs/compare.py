"""Running a comparison: every cell on the same samples and the same test questions, each unit remembered."""

from dataclasses import asdict
from pathlib import Path

from ..answering.answer import answer
from ..errors import ExplanationError
from ..evaluation.result import Result
from ..answering.fitting import check_prompts, fit
from ..work.memory import Progress, silent
from ..models.model import AbstractLanguageModel
from ..prompting.profiles import DEFAULT, Profile
from ..prompting.prompt import Prompt
from ..methods.selection import select
from ..session import Session
from ..tasks.task import Task
from .build import run_settings
from .plan import Cell, Plan
from .results import (
    Finished,
    Table,
    means,
    rows,
    save_responses,
)
from .store import Store


def compare(
    plan: Plan,
    model: AbstractLanguageModel,
    task: Task,
    out: str | Path,
    *,
    profile: Profile = DEFAULT,
    judge: AbstractLanguageModel | None = None,
    progress: Progress = silent,
) -> Table:
    """Run every cell of ``plan``; write prompts, responses.jsonl and results.json into the folder ``out``.

    The same call resumes after a crash; a finished run is recalled. A method that can't explain one of its shots fails as a
    row, with the reason, and the others go on. Raises SelectionError if a sample can't be drawn, ContextError if a prompt does
    not fit, RunError if the folder was made with other settings or is in use.
    """
    task = task.limited(plan.limit)
    with Store(out, progress) as store:
        session = Session(model, profile, store, judge)
        settings = run_settings(session, task) | {"command": "compare"} | asdict(plan)
        with store.claimed("results", settings):
            prompts, failed = _prompts(plan, session, task)
        finished: list[Finished] = []
        for cell, prompt in prompts.items():
            responses = answer(session, prompt, task.test, cell.seed)
            prompt.save(Path(out) / "prompts" / f"{cell}.json")
            finished.append(Finished(cell, prompt, Result(prompt.method, task.name, model.name, task.test, tuple(responses))))
        table = Table(tuple(rows(finished)), tuple(means(finished)), failed, settings)
        save_responses(Path(out), finished)
        table.save(Path(out))
    return table


def _prompts(plan: Plan, session: Session, task: Task) -> tuple[dict[Cell, Prompt], dict[str, str]]:
    """The prompt of every cell, all checked against the context before any question is answered; and the cells that failed."""
    prompts: dict[Cell, Prompt] = {}
    failed: dict[str, str] = {}
    for cell in plan.cells():
        sample = select(session, task, cell.selection, plan.shots, cell.seed)
        try:
            prompts[cell] = plan.method(cell, session.profile).prompt(session, task, sample)
        except ExplanationError as error:
            failed[str(cell)] = str(error)
    if plan.drop_shots:
        return dict(zip(prompts, fit(session, list(prompts.values()), task.test), strict=True)), failed
    check_prompts(session, list(prompts.values()), task.test)
    return prompts, failed
