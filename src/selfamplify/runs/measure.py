"""Measuring one finished prompt in a run folder, next to IO on the same shots."""

from dataclasses import asdict
from pathlib import Path

from ..answering.answer import answer
from ..methods.io import same_shots_io
from ..evaluation.result import Result
from ..answering.fitting import check_apart, check_prompts, fit
from ..work.memory import Progress, silent
from ..models.model import AbstractLanguageModel
from ..prompting.profiles import DEFAULT, Profile, find_profile
from ..prompting.prompt import Prompt
from ..session import Session
from ..tasks.task import Task
from .build import run_settings
from .plan import Cell
from .results import (
    Finished,
    Table,
    means,
    rows,
    save_responses,
)
from .store import Store


def measure(
    prompt: Prompt,
    model: AbstractLanguageModel,
    task: Task,
    out: str | Path,
    *,
    seed: int = 0,
    judge: AbstractLanguageModel | None = None,
    io: bool = True,
    drop_shots: bool = False,
    profile: Profile | None = None,
    progress: Progress = silent,
) -> Table:
    """Answer the test questions of ``task`` behind ``prompt`` and, for the paired test, behind IO on the same shots.

    Writes responses.jsonl and results.json into the folder ``out``; the same call resumes after a crash.
    """
    check_apart(prompt, task)
    finished: list[Finished] = []
    with Store(out, progress) as store:
        style = profile or find_profile(prompt.provenance.get("profile", DEFAULT.name))
        session = Session(model, style, store, judge)
        settings = run_settings(session, task) | {"prompt_sha256": prompt.digest(), "decoding": asdict(prompt.decoding)}
        settings |= {"command": "evaluate", "seed": seed, "io": io, "drop_shots": drop_shots}
        plain = [same_shots_io(session, prompt)] if io and prompt.shots and prompt.method != "io" else []
        prompts = [*plain, prompt]
        with store.claimed("results", settings):
            prompts = fit(session, prompts, task.test) if drop_shots else prompts
            check_prompts(session, prompts, task.test)
        for asked in prompts:
            responses = answer(session, asked, task.test, seed)
            result = Result(asked.method, task.name, model.name, task.test, tuple(responses))
            finished.append(Finished(_cell(asked), asked, result))
        table = Table(tuple(rows(finished)), tuple(means(finished)), {}, settings)
        save_responses(Path(out), finished)
        table.save(Path(out))
    return table


def _cell(prompt: Prompt) -> Cell:
    """The row that a prompt belongs to, from its provenance."""
    made = prompt.provenance
    method = made.get("explainer", prompt.method) if prompt.method == "self_amplify" else prompt.method
    return Cell(method, made.get("selection", "none"), made.get("keywords", 6), made.get("seed", 0))
