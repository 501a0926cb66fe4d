"""How good a prompt is: the test questions are asked after it, and the answers judged."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..answering.answer import answer
from ..answering.deciding import Calibrate, Decide, Deciding
from ..answering.fitting import Fitted, check_apart, fit
from ..arguments import check_flag, check_seed
from ..errors import SettingsError
from ..evaluation.result import Result
from ..importing.binding import bound, noted
from ..methods.asking import asked_as
from ..methods.checking import check_task
from ..methods.io import InputOutput
from ..models.loading import as_model
from ..models.model import AbstractLanguageModel
from ..prompting.profiles import DEFAULT, Profile, as_profile
from ..prompting.prompt import Prompt
from ..session import Session
from ..tasks.task import Task
from ..text.lines import shortened
from ..work.stage import Progress, silent
from .banned import note_banned
from .cell import Cell
from .given import origin, prompt_at
from .one_sided import note_one_sided
from .rows import Finished
from .run import Run, known_settings, run_settings
from .unchanged import check_own, check_unchanged
from .without_rationales import without_rationales


def evaluate(
    model: AbstractLanguageModel | str | Path,
    task: Task | str,
    prompt: Prompt | str | Path,
    *,
    limit: int | None = None,
    seed: int = 0,
    judge: AbstractLanguageModel | str | Path | None = None,
    decide: Decide = "generate",
    calibrate: Calibrate = "off",
    self_consistency: int = 1,
    temperature: float | None = None,
    profile: Profile | str | None = None,
    io: bool = False,
    drop_shots: bool = False,
    out: str | Path | None = None,
    progress: Progress = silent,
) -> Result:
    """Measure a prompt's accuracy on test questions.

    Parameters
    ----------
    model : AbstractLanguageModel, str or Path
        The model, or what ``load_model`` takes.
    task : Task or str
        The task, or the name of one that needs no file.
    prompt : Prompt, str or Path
        The prompt, or its file or run folder, or a file that ``import_prompt`` reads.
    limit : int, optional
        Ask the first so many test questions; by default all.
    seed : int
        Matters only if replies are sampled; by default 0.
    judge : AbstractLanguageModel, str or Path, optional
        A model that reads the responses in place of the rules.
    decide : {"generate", "likelihood"}
        What decides an answer: the text that the model writes (the default, as in the paper), or which label, or text of a
        choice, is the most probable after the prompt, or after the rationale that the model writes. Texts are compared by their
        mean log-probability per token.
    calibrate : {"off", "content_free", "batch"}
        With ``decide="likelihood"``: what log-probabilities are taken relative to. By default nothing; ``"content_free"``:
        those after a question without content ("N/A", "[MASK]" and none; Zhao et al. 2021, https://arxiv.org/abs/2102.09690);
        ``"batch"``: their means over at most 50 training questions, whose answers are not used (Zhou et al. 2023,
        https://arxiv.org/abs/2309.17249).
    self_consistency : int
        How many replies to each question are sampled; the label that most of them give is the answer (Wang et al. 2023,
        https://arxiv.org/abs/2203.11171). Of labels with equally many votes, the one that was voted for first wins. By default
        1: one reply, by the prompt's own decoding.
    temperature : float, optional
        The temperature of these replies, by default 0.7. Only with ``self_consistency``.
    profile : Profile or str, optional
        By default the one that the prompt was built with; needed only if that is one of your own.
    io : bool
        Also answer with IO on the same shots, for the paired test (``result.io``); by default False. IO on the shots of an
        imported prompt also has this package's instruction and wording; there is none if these shots have answers alone.
    drop_shots : bool
        Drop as many shots as it takes for every question to fit the context; by default a prompt that is too long is refused.
    out : str or Path, optional
        A run folder, in which the same call continues after a crash; responses.jsonl and results.json are written there.
    progress : callable
        Called with what is being done, how many items are done, and of how many. By default nothing is
        reported; ``terminal_progress`` makes one that prints.

    Returns
    -------
    Result
        With its accuracy, 95 % interval and every response.

    Raises
    ------
    ContextError
        Before any work, if a question does not fit after the prompt.
    DataError
        If a shot is among the test questions, the prompt was built for another task, or a question holds a control token of the
        model (see ``check_task``).
    SettingsError
        If answers can't be decided so: a server without log-probabilities, shots that do not end in their answers, or votes by
        likelihood.
    RunError
        If the folder was made with other settings, holds another prompt, or is in use.
    """
    check_seed(seed)
    check_flag("io", io)
    check_flag("drop_shots", drop_shots)
    deciding = Deciding(decide, calibrate, self_consistency, temperature)
    questions = check_task(task, model, judge).limited(limit)
    given = _as_prompt(prompt)
    prompt = noted(bound(given, questions))
    check_apart(prompt, questions)
    made = prompt.provenance
    style, questions = _styled(prompt, profile, questions)
    own = _settings(prompt, seed, io, drop_shots, deciding)
    if out is not None:
        _check_folder(out, given, known_settings(style, questions) | own)
    asked, reader = as_model(model), None if judge is None else as_model(judge, "judge")
    if out is None:
        session = Session(asked, style, judge=reader, progress=progress)
        ready = _ready(session, questions, prompt, io, drop_shots, deciding)
        results = _answered(session, questions, ready, seed, deciding)
    else:
        with Run(out) as run:
            session = run.session(asked, style, reader, progress)
            settings = run_settings(session, questions) | own
            with run.claimed("results", settings):
                ready = _ready(session, questions, prompt, io, drop_shots, deciding)
            results = _answered(session, questions, ready, seed, deciding)
            cells = [Cell.of(each.prompt) for each in ready]
            found = zip(cells, ready, results, strict=True)
            run.finish([Finished(cell, each.prompt, result, cell.selection) for cell, each, result in found], {}, settings)
    names = [InputOutput.name, made.explainer if made and made.explainer else prompt.method]
    names = names[-len(results) :]
    note_banned(zip(names, (each.prompt for each in ready), results, strict=True))
    note_one_sided(zip(names, results, strict=True), deciding)
    return replace(results[-1], io=results[0] if len(results) > 1 else None)


def check_evaluation(
    task: Task,
    prompt: Prompt,
    out: str | Path,
    *,
    limit: int | None,
    seed: int,
    io: bool,
    drop_shots: bool,
    decide: Decide,
    calibrate: Calibrate,
    self_consistency: int,
    temperature: float | None,
) -> None:
    """Raise RunError, before a model is loaded, if ``evaluate`` with these arguments would refuse the folder."""
    deciding, questions = Deciding(decide, calibrate, self_consistency, temperature), task.limited(limit)
    own = bound(prompt, questions).prompt
    style, questions = _styled(own, None, questions)
    _check_folder(out, prompt, known_settings(style, questions) | _settings(own, seed, io, drop_shots, deciding))


def _check_folder(out: str | Path, prompt: Prompt, known: dict[str, Any]) -> None:
    """Raise RunError if a folder has results with other settings than those that are known, or another prompt."""
    check_own(out, prompt)
    check_unchanged(out, "results", known)


def _styled(prompt: Prompt, profile: Profile | str | None, task: Task) -> tuple[Profile, Task]:
    """The profile that a prompt is asked with, by default the one that it was built with, and the questions in its style."""
    made = prompt.provenance
    return asked_as(prompt, as_profile(profile or (made.profile if made else DEFAULT)), task)


def _settings(prompt: Prompt, seed: int, io: bool, drop_shots: bool, deciding: Deciding) -> dict[str, Any]:
    """What an evaluation depends on besides the model and the questions."""
    given = {"prompt_sha256": prompt.digest(), "decoding": asdict(prompt.decoding), "command": "evaluate"}
    return given | {"seed": seed, "io": io, "drop_shots": drop_shots, **origin(prompt)} | deciding.settings()


def _as_prompt(prompt: object) -> Prompt:
    """The prompt itself, or the one in that file or folder. Raises SettingsError for anything else."""
    if isinstance(prompt, Prompt):
        return prompt
    if isinstance(prompt, str | Path):
        return prompt_at(prompt)
    raise SettingsError(
        f"A prompt is a Prompt, its file or its run folder, not {shortened(repr(prompt))}; "
        f'write for example `prompt="runs/mine"`.'
    )


def _ready(session: Session, task: Task, prompt: Prompt, io: bool, drop_shots: bool, deciding: Deciding) -> list[Fitted]:
    """The prompt, after IO on its shots if that is wanted, each with the questions as they are asked after it."""
    plain = without_rationales(session, prompt) if io else None
    return fit(session, [prompt] if plain is None else [plain, prompt], task, drop_shots, deciding)


def _answered(session: Session, task: Task, ready: list[Fitted], seed: int, deciding: Deciding) -> list[Result]:
    return [
        Result(
            each.prompt.method,
            task.name,
            session.model.name,
            task.test,
            tuple(answer(session, each.prompt, each.asked, seed, deciding, each.reference)),
        )
        for each in ready
    ]
