"""self_exp: the model writes a p-step explanation itself, given the answer (section 3.3, appendix A.3)."""

from dataclasses import dataclass

from ..errors import ExplanationError
from ..models.model import AbstractLanguageModel
from ..prompting.chats import request
from ..prompting.wording import Wording, placeholders, without_conclusion, without_example
from ..records import Chat, Question, WrittenText
from .settings import check_count
from .writing import AbstractWriting, says_nothing

_STEPS = 3


@dataclass(frozen=True, kw_only=True)
class SelfExp(AbstractWriting):
    """A post hoc chain of thought: the model is given y and writes, in a few steps, why.

    Settings left open (None) are filled in by the method that uses the explainer.

    Parameters
    ----------
    decoding : Decoding, optional
        How the model writes; greedy if it stays open.
    steps : int, optional
        The number of steps, p; 3 if it stays open.

    Raises
    ------
    SettingsError
        If ``steps`` is below 1.
    """

    name = "self_exp"
    makes = "steps"
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.steps is not None:
            check_count(self, "steps")

    def chat(self, question: Question, wording: Wording, example: bool = True) -> Chat:
        p = _STEPS if self.steps is None else self.steps
        given = wording.explain_reply.format(label=question.answer, p=p)
        if not example:
            return request(without_example(wording.explain_request).format(p=p), question, f"{given} Step 1:")
        shown = f"{wording.explain_reply.format(label=question.labels[0], p=p)} {', '.join(placeholders('step', p))}."
        return request(wording.explain_request.format(p=p, example=shown), question, given)

    def explanation(self, model: AbstractLanguageModel, question: Question, text: str) -> WrittenText:
        why = without_conclusion(text)
        if says_nothing(text):
            raise ExplanationError(
                f"{model.name} wrote no explanation for question {question.id} (it wrote {text[:60]!r}); use an attribution "
                f'such as `explainer="kernel_shap"`.'
            )
        return WrittenText(question.id, self.name, why)
