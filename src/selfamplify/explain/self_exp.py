"""self_exp: the model writes a p-step explanation itself, given the answer (section 3.3, A.3)."""

from dataclasses import dataclass

from ..errors import ExplanationError
from ..models.model import AbstractLanguageModel
from ..prompting.chats import request
from ..prompting.wording import Wording, placeholders, without_conclusion
from ..records import Chat, Explanation, Question
from .writing import AbstractWriting


@dataclass(frozen=True, kw_only=True)
class SelfExp(AbstractWriting):
    """A post hoc chain of thought of ``steps`` steps: the model is given y and writes why.

    Settings left open are those of the method that asks; without one, 3 steps, decoded greedily.
    """

    name = "self_exp"
    steps: int | None = None

    def chat(self, question: Question, wording: Wording) -> Chat:
        p = 3 if self.steps is None else self.steps
        given = wording.explain_reply.format(label=question.answer, p=p)
        example = f"{wording.explain_reply.format(label=question.labels[0], p=p)} {', '.join(placeholders('step', p))}."
        return request(wording.explain_request.format(p=p, example=example), question, given)

    def explanation(self, model: AbstractLanguageModel, question: Question, text: str) -> Explanation:
        why = without_conclusion(text)
        if not why:
            raise ExplanationError(
                f"{model.name} wrote no explanation for question {question.id}; use an attribution explainer instead."
            )
        return Explanation(question.id, self.name, text=why)
