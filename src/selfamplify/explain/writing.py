"""The base of explainers that let the model write its explanation."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from ..errors import ExplanationError
from ..models.context import check_context
from ..models.model import AbstractLanguageModel
from ..prompting.faults import counts_of
from ..prompting.wording import Wording, without_conclusion
from ..records import Chat, Cost, Decoding, Explanation, Generation, NamedWords, Question, WrittenText
from ..seeds import derive
from ..text.lines import shortened
from .explainer import AbstractExplainer

_DRAWS = 2
"""How often a reply that is no explanation is drawn at random, after a request without an example has failed, too."""


def replies_to(
    model: AbstractLanguageModel, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]
) -> list[Generation]:
    """Return what the model writes in each chat; raise ContextError, before any work, if that does not fit its context."""
    encoded = [model.encode(chat) for chat in chats]
    check_context(model, encoded, decoding.max_new_tokens, "a model with a longer context")
    written = dict(model.generated(encoded, decoding, seeds))
    return [written[place] for place in range(len(chats))]


def _begun(start: str, reply: Generation) -> Generation:
    """The reply with the words that it was given to begin with, which alone are no reply."""
    if not any(map(str.isalnum, without_conclusion(reply.text))):
        return reply
    space = "" if start.endswith('"') else " "
    return replace(reply, text=f"{start}{space}{reply.text}".strip())


@dataclass(frozen=True, kw_only=True)
class AbstractWriting(AbstractExplainer):
    """An explainer that lets the model write, about many questions at once.

    A subclass implements ``chat``, ``fault`` and ``explanation``, and states what it ``makes``. A reply with a fault is no
    explanation: that question is asked again without the example, with the first words of the reply given, and then twice with
    a reply that is drawn at random. If a fault remains, all explanations are refused.

    Parameters
    ----------
    decoding : Decoding, optional
        How the model writes; by default that of the method that uses the explainer, or else greedy.
    strict : bool, optional
        Whether keywords must occur in the question, and an explanation is cut to its number of sentences. True if it stays
        open; False in the paper's profile.
    """

    together = 64
    decoding: Decoding | None = None
    strict: bool | None = None

    @abstractmethod
    def chat(self, question: Question, wording: Wording, example: bool = True) -> Chat:
        """Return what the model is asked, given y; with an example of the reply, or without one but a longer start of it."""

    def ending(self, decoding: Decoding) -> Decoding:
        """Return the decoding with the line that completes the reply, where it is known."""
        return decoding

    def opening(self, wording: Wording) -> str:
        """Return the explanation's own first words, if the start of the reply gives them."""
        return ""

    @abstractmethod
    def fault(self, question: Question, reply: Generation) -> str | None:
        """Return what is wrong with a reply, in words that follow the count, such as "said nothing"; None if nothing is."""

    @abstractmethod
    def explanation(self, question: Question, text: str) -> NamedWords | WrittenText:
        """Return the explanation that the model's text, which has no fault, holds."""

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        return self.explain_all(model, [question], wording, [seed])[0]

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        start, decoding = perf_counter(), self.ending(self.decoding or Decoding())
        chats = [self.chat(question, wording) for question in questions]
        opening = self.opening(wording)
        replies = [_begun(opening, reply) for reply in replies_to(model, chats, decoding, seeds)]
        faults = self._faults(questions, replies)
        again = [self.chat(question, wording, example=False) for question in questions]
        drawn = decoding.sampled(decoding.temperature)
        for attempt, chosen in enumerate((decoding, *[drawn] * _DRAWS)):
            failed = list(faults)
            if not failed:
                break
            own = [derive(seeds[place], f"attempt {attempt}", questions[place].id) for place in failed]
            for place, reply in zip(failed, replies_to(model, [again[place] for place in failed], chosen, own), strict=True):
                given = again[place].prefill.removeprefix(chats[place].prefill)
                replies[place] = _begun(f"{opening} {given}".strip(), reply)
            faults = self._faults(questions, replies)
        if faults:
            raise self._refused(model, questions, replies, faults)
        cost = Cost(1, (perf_counter() - start) / len(questions))
        found = zip(questions, replies, strict=True)
        return [replace(self.explanation(question, reply.text), cost=cost) for question, reply in found]

    def _faults(self, questions: Sequence[Question], replies: Sequence[Generation]) -> dict[int, str]:
        """The fault of each reply that has one, by its place."""
        found = enumerate(map(self.fault, questions, replies))
        return {place: fault for place, fault in found if fault is not None}

    def _refused(
        self,
        model: AbstractLanguageModel,
        questions: Sequence[Question],
        replies: Sequence[Generation],
        faults: dict[int, str],
    ) -> ExplanationError:
        first = min(faults)
        return ExplanationError(
            f"{model.name} could not explain all shots with {self.name}, asked up to {2 + _DRAWS} times "
            f"({counts_of(faults.values(), len(questions))}; for question {questions[first].id} it wrote "
            f'{shortened(repr(replies[first].text), 80)}); use an attribution such as `explainer="kernel_shap"`.'
        )
