"""Choosing a prompt on one screen: make the arms, race them, choose, and test the choice on questions it did not see."""

from dataclasses import replace
from math import isfinite
from numbers import Real
from pathlib import Path
from time import monotonic
from warnings import warn

from ..answering.deciding import Calibrate, Decide, Deciding
from ..arguments import check_flag, check_seed, check_whole
from ..errors import SelfAmplifyWarning, SettingsError
from ..methods.checking import check_task
from ..models.loading import as_model
from ..models.model import AbstractLanguageModel
from ..prompting.profiles import DEFAULT, Profile, as_profile
from ..runs.baselines import note_baselines
from ..runs.editing import check_replaceable
from ..runs.run import Run, run_settings
from ..runs.unchanged import check_unchanged
from ..seeds import derive
from ..tasks.copies import templates
from ..tasks.splitting import split
from ..tasks.task import Task
from ..text.lines import argument, counted, duration
from ..work.stage import Progress, silent
from .arms import SearchSpace
from .budget import Budget, Clock, as_budget
from .entrant import Corpus
from .evidence import evidence
from .field import RESERVED, starting
from .race import Runner, chosen, finalists, raced, rivals
from .racing import LEAST
from .result import Raced, Tuning

_MOST = 300
"""Validation questions, if half of the training questions are so many."""


def tune(
    model: AbstractLanguageModel | str | Path,
    task: Task | str,
    out: str | Path,
    *,
    budget: Budget | str = "5m",
    space: SearchSpace | None = None,
    validation: int | None = None,
    limit: int | None = None,
    seed: int = 0,
    profile: Profile | str = DEFAULT,
    drop_shots: bool = False,
    judge: AbstractLanguageModel | str | Path | None = None,
    decide: Decide = "generate",
    calibrate: Calibrate = "off",
    begun: float | None = None,
    progress: Progress = silent,
) -> Tuning:
    """Choose the best prompt for a model and a task, and test it on questions that the choice did not see.

    The training questions are split: shots are drawn from one part, and arms (see ``SearchSpace``) race on the other until one
    is left or the budget is spent. Of those that stay, the cheapest one within one standard error of the best is chosen. Then
    its prompt is asked the test questions once, as are plain shots (the best arm of IO) and zero-shot. What is finished
    survives a crash, and the same call continues.

    Parameters
    ----------
    model : AbstractLanguageModel, str or Path
        The model, or what ``load_model`` takes.
    task : Task or str
        The task, or the name of one that needs no file.
    out : str or Path
        The run folder; prompt.json and tuning.json are written there.
    budget : Budget or str
        ``"90s"``, ``"5m"`` (the default) or ``"1h"`` for everything from the call on, or ``"calls=2000"`` answers in the race
        and the test. How many arms race, and on how many questions at most, follows from it. The clock starts anew when a race
        is continued.
    space : SearchSpace, optional
        Which arms there are; by default ``SearchSpace.of(model)``.
    validation : int, optional
        How many training questions the race may ask; by default half of them, 300 at most.
    limit : int, optional
        How many test questions may be asked; by default all.
    seed : int
        Decides how the training questions are split; by default 0.
    profile : Profile or str
        The wording and the decoding, as far as the arms leave them.
    drop_shots : bool
        Whether prompts that are longer than the context lose shots; by default False, and such arms fail.
    judge : AbstractLanguageModel, str or Path, optional
        A model that reads the responses in place of the rules.
    decide, calibrate
        What decides an answer: see ``evaluate``.
    begun : float, optional
        When a budget of time began, by ``time.monotonic()``, such as before the model was loaded; by default, with the call.
    progress : callable
        Called with what is being done, how many items are done, and of how many. By default nothing is
        reported; ``terminal_progress`` makes one that prints.

    Returns
    -------
    Tuning

    Raises
    ------
    SettingsError
        For an unknown setting, or a budget that is too small for two baselines and one other arm.
    DataError, RunError
        As for ``compare``.
    """
    begun = _begun(begun)
    deciding, allowed = Deciding(decide, calibrate), as_budget(budget)
    if space is not None and not isinstance(space, SearchSpace):
        raise SettingsError(
            f"{argument('space', space)} is not a SearchSpace; use for example `space=SearchSpace(shots=(8,))`."
        )
    check_flag("drop_shots", drop_shots)
    check_seed(seed)
    check_unchanged(out, "tuning", {})
    asked, reader = as_model(model), None if judge is None else as_model(judge, "judge")
    corpus = _parted(check_task(task, model, judge).limited(limit), validation, seed)
    arms = (space or SearchSpace.of(asked)).arms()
    with Run(out) as run:
        check_replaceable(run.folder)
        session = run.session(asked, as_profile(profile), reader, progress)
        settings = run_settings(session, corpus.task) | {
            "command": "tune",
            "budget": str(allowed),
            "arms": list(map(str, arms)),
            "validation": len(corpus.race),
            "seed": seed,
            "drop_shots": drop_shots,
            **deciding.settings(),
        }
        with run.claimed("tuning", settings):
            clock = Clock.start(allowed, begun)
            field = starting(session, arms, corpus, deciding, drop_shots, allowed, clock)
            runners = raced(field, len(corpus.race))
            final = finalists(runners)
            tokens = [each.entrant.tokens() for each in final]
            own = chosen(final, tokens)
            against = rivals(own, runners)
            grid = sum(len(corpus.race) + each.entrant.calibrating for each in runners)
            calls = {"race": sum(each.asked for each in runners), "grid": grid}
            count = _test_questions(corpus, allowed, clock, calls["race"], own, 1 + len(against))
            found = evidence(own, against, corpus, len(runners), count)
            prompt = replace(own.entrant.prompt, evidence=found)
            lengths = {each.entrant.arm: length for each, length in zip(final, tokens, strict=True)}
            table = [_row(each, lengths.get(each.entrant.arm)) for each in runners]
            table.sort(key=lambda each: (-each.n, -each.correct))
            calls["test"] = count * (1 + len(against))
            tuning = Tuning(prompt, tuple(table), field.failed, calls, settings)
            run.finish_prompt(prompt)
            tuning.save(run.folder)
    note_baselines([prompt])
    return tuning


def _begun(begun: object) -> float:
    """When the budget began; by default now."""
    if begun is None:
        return monotonic()
    if not isinstance(begun, Real) or isinstance(begun, bool) or not isfinite(begun):
        raise SettingsError(f"{argument('begun', begun)} is not a time; use what `time.monotonic()` returned, or leave it out.")
    return float(begun)


def _parted(task: Task, validation: int | None, seed: int) -> Corpus:
    """The task with its training questions parted, with all near-copies of a question on one side."""
    most, has = len(task.train) // 2, f"{task.name} has {counted(len(task.train), 'training question')}"
    if most < LEAST:
        raise SettingsError(
            f"{has}, and a race needs {2 * LEAST}: half of them are for shots; use more questions, or a smaller `test_size`."
        )
    if validation is not None:
        check_whole("validation", validation, LEAST, most)
    count = validation or min(most, _MOST)
    if count > most:
        raise SettingsError(f"{has}, of which at most half are for the race; use more questions, or `validation={most}`.")
    pool, race = split(task.train, count, derive(seed, "validation"), templates(task.train))
    return Corpus(replace(task, train=pool), race, task.test)


def _test_questions(corpus: Corpus, budget: Budget, clock: Clock, used: int, own: Runner, prompts: int) -> int:
    """How many test questions the rest of the budget suffices for."""
    if budget.calls is not None:
        affordable = max(1, (budget.calls - used) // prompts)
    else:
        each = own.entrant.seconds() * prompts
        affordable, least = int(clock.left / each), min(RESERVED, len(corpus.test))
        if affordable < least:
            warn(
                f"The race left {duration(clock.left)} of {budget} for the test; it asks {least} test questions all the same, "
                f"which takes about {duration(least * each)}.",
                SelfAmplifyWarning,
                stacklevel=3,
            )
        affordable = max(least, affordable)
    return min(len(corpus.test), affordable)


def _row(runner: Runner, tokens: float | None) -> Raced:
    own = runner.answers
    return Raced(runner.entrant.arm, sum(own.correct), len(own.correct), tokens, own.share_unparsed)
