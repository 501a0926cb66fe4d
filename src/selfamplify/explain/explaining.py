"""Step 2 (section 3.3) as a stage: one explainer explains the shots."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..errors import ContextError, ExplanationError, NotFiniteError, SelfAmplifyError
from ..models.model import AbstractLanguageModel
from ..names import said
from ..prompting.wording import Wording
from ..records import Explanation, Question
from ..seeds import derive
from ..session import Session, check_session
from ..text.segments import segmenter
from ..work.stage import Stage
from .explainer import AbstractExplainer


def explain_all(session: Session, explainer: AbstractExplainer, questions: Sequence[Question], seed: int) -> list[Explanation]:
    """Explain the true answer of each question.

    Parameters
    ----------
    session : Session
        The model, and where finished explanations are kept.
    explainer : AbstractExplainer
        The explainer; settings that it leaves open (None) take its own defaults.
    questions : sequence of Question
        What to explain.
    seed : int
        Each question's own seed is derived from it and the question's id.

    Returns
    -------
    list of Explanation
        One per question, in their order.

    Raises
    ------
    ExplanationError
        If a question can't be explained, for any reason.
    """
    check_session(session)
    compute = partial(_explain, explainer, session.profile.wording, seed)
    stage = Stage(
        f"explaining with {explainer.name}", Explanation, _identity(session, explainer, seed), compute, explainer.together
    )
    return session.run(stage, questions)


@dataclass(frozen=True)
class Attempt:
    """What became of explaining one question.

    Parameters
    ----------
    explanation : Explanation, optional
        The explanation; None if the question can't be explained.
    fault : str
        Why it can't; by default empty.
    """

    explanation: Explanation | None
    fault: str = ""


def explain_each(session: Session, explainer: AbstractExplainer, questions: Sequence[Question], seed: int) -> list[Attempt]:
    """Explain the answer of each question that can be explained; parameters are those of ``explain_all``.

    Returns
    -------
    list of Attempt
        One per question, in their order: a question that can't be explained, or is too long, keeps no other from it.
    """
    check_session(session)
    compute = partial(_attempt, explainer, session.profile.wording, seed)
    name = f"explaining each with {explainer.name}"
    stage = Stage(name, Attempt, _identity(session, explainer, seed), compute, explainer.together)
    return session.run(stage, questions)


def _identity(session: Session, explainer: AbstractExplainer, seed: int) -> Callable[[Question], list[Any]]:
    model, wording = session.model, session.profile.wording

    def identity(question: Question) -> list[Any]:
        asked, divided = question.render(), segmenter(question.render())
        words_by = [divided] if divided else []
        return [
            question.id,
            asked,
            question.answer,
            question.attributed,
            model.fingerprint,
            repr(explainer),
            repr(wording),
            seed,
            *words_by,
        ]

    return identity


def _attempt(
    explainer: AbstractExplainer, wording: Wording, seed: int, model: AbstractLanguageModel, batch: Sequence[Question]
) -> Iterator[tuple[int, Attempt]]:
    """The explanations of a batch, or, if that fails, of each of its questions alone."""
    try:
        made = dict(_explain(explainer, wording, seed, model, batch))
    except (ExplanationError, ContextError) as error:
        if len(batch) == 1:
            yield 0, Attempt(None, str(error))
            return
        for place, question in enumerate(batch):
            for _, attempt in _attempt(explainer, wording, seed, model, [question]):
                yield place, attempt
    else:
        for place, explanation in made.items():
            yield place, Attempt(explanation)


def _explain(
    explainer: AbstractExplainer, wording: Wording, seed: int, model: AbstractLanguageModel, batch: Sequence[Question]
) -> Iterable[tuple[int, Explanation]]:
    try:
        seeds = [derive(seed, "explain", item.id) for item in batch]
        return enumerate(explainer.explain_all(model, batch, wording, seeds))
    except NotFiniteError as error:
        which = f"question {batch[0].id}" + (f" or one of the {len(batch) - 1} after it" if len(batch) > 1 else "")
        raise ExplanationError(f"{explainer.name} failed on {which}: {error}") from error
    except SelfAmplifyError:
        raise
    except (Exception, SystemExit) as error:  # a third-party explainer may raise anything
        which = f"question {batch[0].id}" + (f" and the {len(batch) - 1} after it" if len(batch) > 1 else "")
        raise ExplanationError(
            f"{explainer.name} failed on {which} ({type(error).__name__}: {said(error)}); fix the explainer, or use another."
        ) from error
