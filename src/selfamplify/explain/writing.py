"""Explainers that let the model write."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from ..models.context import check_context
from ..models.model import AbstractLanguageModel
from ..prompting.wording import Wording, is_placeholder, without_conclusion
from ..records import Chat, Cost, Decoding, Explanation, NamedWords, Question, WrittenText
from .explainer import AbstractExplainer


def replies_to(model: AbstractLanguageModel, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> list[str]:
    """Return what the model writes in each chat; raise ContextError, before any work, if that does not fit its context."""
    encoded = [model.encode(chat) for chat in chats]
    check_context(model, encoded, decoding.max_new_tokens, "a model with a longer context")
    written = dict(model.generated(encoded, decoding, seeds))
    return [written[place].text for place in range(len(chats))]


def says_nothing(text: str) -> bool:
    """Whether a reply is empty up to its conclusion, or only repeats the placeholders of the example."""
    said = without_conclusion(text)
    return not any(map(str.isalnum, said)) or is_placeholder(said)


@dataclass(frozen=True, kw_only=True)
class AbstractWriting(AbstractExplainer):
    """An explainer that lets the model write, about many questions at once.

    A subclass implements ``chat`` and ``explanation``, and states what it ``makes``. A reply that is empty, or only repeats
    the example in the request, is no explanation: that question is asked once more, without the example.

    Parameters
    ----------
    decoding : Decoding, optional
        How the model writes; by default that of the method that uses the explainer, or else greedy.
    """

    together = 64
    decoding: Decoding | None = None

    @abstractmethod
    def chat(self, question: Question, wording: Wording, example: bool = True) -> Chat:
        """Return what the model is asked, given y; with an example of the reply, or without one but a longer start of it."""

    def ending(self, decoding: Decoding) -> Decoding:
        """Return the decoding with the line that completes the reply, where it is known."""
        return decoding

    @abstractmethod
    def explanation(self, model: AbstractLanguageModel, question: Question, text: str) -> NamedWords | WrittenText:
        """Return the explanation that the model's text holds. Raise ExplanationError if it holds none."""

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        return self.explain_all(model, [question], wording, [seed])[0]

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        start, decoding = perf_counter(), self.ending(self.decoding or Decoding())
        chats = [self.chat(question, wording) for question in questions]
        texts = replies_to(model, chats, decoding, seeds)
        failed = [place for place, text in enumerate(texts) if says_nothing(text)]
        if failed:
            again = [self.chat(questions[place], wording, example=False) for place in failed]
            replies = replies_to(model, again, decoding, [seeds[place] for place in failed])
            for place, chat, text in zip(failed, again, replies, strict=True):
                texts[place] = chat.prefill.removeprefix(chats[place].prefill) + text
        cost = Cost(1, (perf_counter() - start) / len(questions))
        return [
            replace(self.explanation(model, question, text), cost=cost) for question, text in zip(questions, texts, strict=True)
        ]
