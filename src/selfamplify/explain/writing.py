"""Explainers that let the model write."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from ..models.context import check_context
from ..models.model import AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Chat, Cost, Decoding, Explanation, NamedWords, Question, WrittenText
from .explainer import AbstractExplainer


def replies_to(model: AbstractLanguageModel, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> list[str]:
    """Return what the model writes in each chat; raise ContextError, before any work, if that does not fit its context."""
    encoded = [model.encode(chat) for chat in chats]
    check_context(model, encoded, decoding.max_new_tokens, "a model with a longer context")
    written = dict(model.generated(encoded, decoding, seeds))
    return [written[place].text for place in range(len(chats))]


@dataclass(frozen=True, kw_only=True)
class AbstractWriting(AbstractExplainer):
    """An explainer that lets the model write, about many questions at once.

    A subclass implements ``chat`` and ``explanation``, and states what it ``makes``.

    Parameters
    ----------
    decoding : Decoding, optional
        How the model writes; by default that of the method that uses the explainer, or else greedy.
    """

    together = 64
    decoding: Decoding | None = None

    @abstractmethod
    def chat(self, question: Question, wording: Wording) -> Chat:
        """Return what the model is asked, given y."""

    @abstractmethod
    def explanation(self, model: AbstractLanguageModel, question: Question, text: str) -> NamedWords | WrittenText:
        """Return the explanation that the model's text holds. Raise ExplanationError if it holds none."""

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
