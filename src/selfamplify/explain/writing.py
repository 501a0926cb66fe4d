"""Explainers that have the model write."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from ..models.context import check_context
from ..models.model import AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Chat, Cost, Decoding, Explanation, Question
from .explainer import AbstractExplainer


def replies_to(model: AbstractLanguageModel, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> list[str]:
    """What the model writes in each chat. Raises ContextError, before any work, if that does not fit its context."""
    check_context(model, chats, decoding.max_new_tokens, "a model with a longer context")
    return [reply.text for reply in model.generate(chats, decoding, seeds)]


@dataclass(frozen=True, kw_only=True)
class AbstractWriting(AbstractExplainer):
    """An explainer that has the model write; it asks as many questions at once as the model has room for.

    ``decoding`` is that of the method that asks, where it is left open; without one, greedy.
    """

    together = 64
    decoding: Decoding | None = None

    @abstractmethod
    def chat(self, question: Question, wording: Wording) -> Chat:
        """What the model is asked, y given."""

    @abstractmethod
    def explanation(self, model: AbstractLanguageModel, question: Question, text: str) -> Explanation:
        """What the model's text explains. Raises ExplanationError where it is nothing."""

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        return self.explain_all(model, [question], wording, [seed])[0]

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        start = perf_counter()
        chats = [self.chat(question, wording) for question in questions]
        texts = replies_to(model, chats, self.decoding or Decoding(), seeds)
        cost = Cost(1, (perf_counter() - start) / len(questions))
        return [
            replace(self.explanation(model, question, text), cost=cost) for question, text in zip(questions, texts, strict=True)
        ]
