"""self_exp: the model writes a p-step explanation itself, given the answer (section 3.3, A.3)."""

from dataclasses import dataclass
from time import perf_counter

from ..asking import reply_to, request
from ..errors import ExplanationError
from ..models.model import AbstractLanguageModel
from ..records import Cost, Decoding, Explanation, Question
from ..wording import Wording, placeholders, without_conclusion
from .explainer import AbstractExplainer


@dataclass(frozen=True, kw_only=True)
class SelfExp(AbstractExplainer):
    """A post hoc chain of thought of ``steps`` steps: the model is given y and writes why.

    Settings left open are those of the method that asks; without one, 3 steps, decoded greedily.
    """

    name = "self_exp"
    steps: int | None = None
    decoding: Decoding | None = None

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        start = perf_counter()
        p = 3 if self.steps is None else self.steps
        given = wording.explain_reply.format(label=question.answer, p=p)
        example = f"{wording.explain_reply.format(label=question.labels[0], p=p)} {', '.join(placeholders('step', p))}."
        chat = request(wording.explain_request.format(p=p, example=example), question, given)
        text = without_conclusion(reply_to(model, chat, self.decoding or Decoding(), seed))
        if not text:
            raise ExplanationError(
                f"{model.name} wrote no explanation for question {question.id}; use an attribution explainer instead."
            )
        return Explanation(question.id, self.name, text=text, cost=Cost(1, perf_counter() - start))
