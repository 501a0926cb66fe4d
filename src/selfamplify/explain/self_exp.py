"""self_exp: the model writes a p-step explanation itself, given the answer (section 3.3, A.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from ..asking import replies_to, request
from ..errors import ExplanationError
from ..models.model import AbstractLanguageModel
from ..records import Chat, Cost, Decoding, Explanation, Question
from ..wording import Wording, placeholders, without_conclusion
from .explainer import AbstractWriting


@dataclass(frozen=True, kw_only=True)
class SelfExp(AbstractWriting):
    """A post hoc chain of thought of ``steps`` steps: the model is given y and writes why.

    Settings left open are those of the method that asks; without one, 3 steps, decoded greedily.
    """

    name = "self_exp"
    steps: int | None = None
    decoding: Decoding | None = None

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        start = perf_counter()
        p = 3 if self.steps is None else self.steps
        replies = replies_to(model, [_chat(question, wording, p) for question in questions], self.decoding or Decoding(), seeds)
        cost = Cost(1, (perf_counter() - start) / len(questions))
        texts = [without_conclusion(reply) for reply in replies]
        for question, text in zip(questions, texts, strict=True):
            if not text:
                raise ExplanationError(
                    f"{model.name} wrote no explanation for question {question.id}; use an attribution explainer instead."
                )
        return [
            Explanation(question.id, self.name, text=text, cost=cost) for question, text in zip(questions, texts, strict=True)
        ]


def _chat(question: Question, wording: Wording, p: int) -> Chat:
    given = wording.explain_reply.format(label=question.answer, p=p)
    example = f"{wording.explain_reply.format(label=question.labels[0], p=p)} {', '.join(placeholders('step', p))}."
    return request(wording.explain_request.format(p=p, example=example), question, given)
