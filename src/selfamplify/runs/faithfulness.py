"""Do the explanations mean anything? A model's own answers are explained, and each explanation is held against random words."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..arguments import check_seed, check_whole
from ..errors import SettingsError
from ..evaluation.measuring import Removal
from ..explain.explainer import AbstractExplainer
from ..explain.making import as_explainer
from ..games.probabilities import DELETE
from ..games.values import check_baseline
from ..methods.asking import asking
from ..methods.checking import check_task
from ..models.loading import as_model
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..names import NAMES, unknown_name
from ..prompting.profiles import DEFAULT, Profile, as_profile
from ..session import Session
from ..tasks.task import Task
from ..text.lines import argument
from ..work.stage import Progress, silent
from .findings import Faithfulness
from .run import Run
from .study import Study
from .unchanged import check_unchanged

_LIMIT = 50
_RANDOM = "random"


def faithfulness(
    model: AbstractLanguageModel | str | Path,
    task: Task | str,
    explainers: Sequence[AbstractExplainer | str] | None = None,
    *,
    limit: int | None = None,
    keywords: int = 6,
    steps: int = 3,
    removal: str = DELETE,
    seed: int = 0,
    profile: Profile | str = DEFAULT,
    out: str | Path | None = None,
    progress: Progress = silent,
) -> Faithfulness:
    """Measure whether explanations of a model's own answers say more than random words do.

    The model answers test questions without shots, and each answer is explained, whether or not it is true. Then words are
    removed in the order of their importance (comprehensiveness and sufficiency of DeYoung et al. 2020, deletion and insertion
    of Petsiuk et al. 2018), and the keywords all at once (flips: does the answer change?). The model reads the rationale alone
    (simulatability: does it give the same answer?). Keywords are compared with words that people marked, or that decide the
    answer by construction (plausibility), and between explainers (agreement). Every figure stands beside that of random words
    on the same questions. docs/choosing-an-explainer.md says what follows from which.

    Parameters
    ----------
    model : AbstractLanguageModel, str or Path
        The model, or what ``load_model`` takes.
    task : Task or str
        The task, or the name of one that needs no file. For plausibility, its questions need ``planted`` words: see
        ``with_marks``.
    explainers : sequence of AbstractExplainer or str, optional
        By default deep_lift, kernel_shap, self_topk and self_exp, as far as the model can be explained by them. Random words
        are always the baseline.
    limit : int, optional
        How many test questions are asked; by default 50, or all if there are fewer.
    keywords, steps : int
        Keywords (k, by default 6) and steps (p, by default 3) per rationale.
    removal : str
        How words are removed: ``"delete"`` (the default), or what is put in their place, as in
        ``AbstractAttribution.baseline``. Removing words as an explainer does in its own game favours that explainer.
    seed : int
        Decides which random words are drawn, and what sampling explainers draw; by default 0.
    profile : Profile or str
        The wording and the decoding.
    out : str or Path, optional
        A run folder, in which the same call continues after a crash; results.json is written there. By default nothing is kept.
    progress : callable
        Called with what is being done, how many items are done, and of how many. By default nothing is
        reported; ``terminal_progress`` makes one that prints.

    Returns
    -------
    Faithfulness

    Raises
    ------
    SettingsError
        For an unknown name, an explainer twice or an invalid setting, or a model that returns no probabilities of labels.
    DataError
        If the task can't be loaded or has fewer test questions than ``limit``, or if the model answers none with a
        label.
    RunError
        If the folder was made with other settings, or is in use.
    """
    check_seed(seed)
    check_whole("keywords", keywords, 1, 6)
    check_whole("steps", steps, 1, 3)
    _check_removal(removal)
    given = None if explainers is None else _explainers(explainers, as_profile(profile))
    questions = check_task(task, model)
    if limit is None:
        limit = min(_LIMIT, len(questions.test))
    chosen, questions = asking(as_profile(profile), questions.limited(limit))
    if out is not None:
        check_unchanged(out, "results", {"command": "faithfulness"})  # all else is known with the model
    asked = as_model(model)
    _check_removal(removal, asked)
    if asked.likelihoods == "none":
        raise SettingsError(
            f"{asked.name} returns no probabilities of labels, from which the effect of removed words is measured; use a "
            f'model in this process, `load_model("NAME")`, or a server that returns them.'
        )
    completed = [
        each.completed(keywords=keywords, steps=steps, decoding=chosen.decoding, baseline=chosen.baseline, strict=chosen.strict)
        for each in given or _explainers(default_explainers(asked), chosen)
    ]
    study = Study(Session(asked, chosen, progress=progress), questions, tuple(completed), Removal(removal, keywords), seed)
    if out is None:
        return study.found()
    with Run(out) as run:
        study = replace(study, session=run.session(asked, chosen, progress=progress))
        with run.claimed("results", study.settings()):
            found = study.found()
        found.save(run.folder)
    return found


def default_explainers(model: AbstractLanguageModel) -> tuple[str, ...]:
    """The explainers of a study by default.

    Parameters
    ----------
    model : AbstractLanguageModel
        The model that is explained.

    Returns
    -------
    tuple of str
        ``deep_lift``, ``kernel_shap``, ``self_topk`` and ``self_exp``; without deep_lift if the model has no gradients.
    """
    names = ("deep_lift", "kernel_shap", "self_topk", "self_exp")
    return names if model.label_value == "logit" else names[1:]


def _check_removal(removal: object, model: AbstractLanguageModel | None = None) -> None:
    """Raise SettingsError unless that is ``"delete"``, or may stand for words: for a model, if one is given."""
    if removal == DELETE:
        return
    try:
        check_baseline(removal)  # pyright: ignore[reportArgumentType]
        if isinstance(model, AbstractDifferentiableModel):
            model.baseline(str(removal))
    except SettingsError as error:
        raise SettingsError(f'{str(error).replace("baseline=", "removal=", 1)[:-1]}; or use `removal="delete"`.') from error


def _explainers(given: object, profile: Profile) -> list[AbstractExplainer]:
    """Explainers by their names or themselves, without random words, which are always there; each name once."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        single = given if isinstance(given, str) else "kernel_shap"
        raise SettingsError(f"{argument('explainers', given)} is not a list; use {argument('explainers', [single])}.")
    for each in given:
        if isinstance(each, str) and each in NAMES["competitor"]:
            raise unknown_name("explainer", each, [name for name in NAMES["explainer"] if name != _RANDOM])
    replaced = dict(profile.explainers)
    made = [as_explainer(replaced.get(each, each) if isinstance(each, str) else each) for each in given]
    found = [each for each in made if each.name != _RANDOM]
    names = [each.name for each in found]
    if not found:
        raise SettingsError(
            'Random words are always there, and no other explainer is named; use for example `explainers=["deep_lift"]`.'
        )
    if len(set(names)) < len(names):
        raise SettingsError(
            f"The explainers are {', '.join(names)}; name each once: {argument('explainers', list(dict.fromkeys(names)))}."
        )
    return found
