"""Step 2 (section 3.3) as a stage: one explainer run over the shots."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from ..errors import ExplanationError, SelfAmplifyError
from ..models.model import AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Explanation, Question
from ..seeds import derive
from ..session import Session
from ..work.memory import Stage
from .explainer import AbstractExplainer


def explain_all(session: Session, explainer: AbstractExplainer, questions: Sequence[Question], seed: int) -> list[Explanation]:
    """One explanation a question, in order. Raises ExplanationError where a question can't be explained, whatever the cause."""
    model, wording = session.model, session.profile.wording

    def identity(question: Question) -> list[Any]:
        return [question.id, question.render(), question.answer, model.fingerprint, repr(explainer), repr(wording), seed]

    compute = partial(_explain, explainer, model, wording, seed)
    stage = Stage(f"explaining by {explainer.name}", Explanation, identity, compute, explainer.together, model.perform)
    return session.memory.recall(stage, questions)


def _explain(
    explainer: AbstractExplainer, model: AbstractLanguageModel, wording: Wording, seed: int, batch: Sequence[Question]
) -> Iterable[tuple[int, Explanation]]:
    try:
        seeds = [derive(seed, "explain", item.id) for item in batch]
        return enumerate(explainer.explain_all(model, batch, wording, seeds))
    except SelfAmplifyError:
        raise
    except Exception as error:  # an explainer of others may raise anything
        which = f"question {batch[0].id}" + (f" and the {len(batch) - 1} after it" if len(batch) > 1 else "")
        raise ExplanationError(
            f"{explainer.name} failed on {which} ({type(error).__name__}: {error}); mend or leave it out."
        ) from error
