"""self_exp: the model writes a p-step explanation itself, given the answer (section 3.3, A.3)."""

import re
from dataclasses import dataclass
from time import perf_counter

from ..asking import check_context, request
from ..errors import ExplanationError
from ..models.model import AbstractLanguageModel
from ..records import Cost, Decoding, Explanation, Question
from ..wording import Wording, placeholders
from .explainer import AbstractExplainer


@dataclass(frozen=True, kw_only=True)
class SelfExp(AbstractExplainer):
    """A post hoc chain of thought of ``steps`` steps: the model is given y and writes why."""

    name = "self_exp"
    steps: int = 3
    decoding: Decoding = Decoding()

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        start = perf_counter()
        given = wording.explain_reply.format(label=question.answer, p=self.steps)
        example = wording.explain_reply.format(label=question.labels[0], p=self.steps)
        example = f"{example} {', '.join(placeholders('step', self.steps))}."
        chat = request(wording.explain_request.format(p=self.steps, example=example), question, given)
        check_context(model, [chat], self.decoding.max_new_tokens, "a model with a longer context")
        reply = model.generate([chat], self.decoding, [seed])[0]
        text = tidy_steps(reply.text)
        if not text:
            raise ExplanationError(
                f"{model.name} wrote no explanation for question {question.id}; use an attribution explainer instead."
            )
        return Explanation(question.id, self.name, text=text, cost=Cost(1, perf_counter() - start))


def tidy_steps(text: str) -> str:
    """One line, without a closing "therefore the answer is …": the rationale's own sentence says that."""
    line = " ".join(text.split())
    return re.sub(r"[,.;]?\s*(?:therefore|so|thus),? the answer is\b.*$", "", line, flags=re.IGNORECASE).strip()
