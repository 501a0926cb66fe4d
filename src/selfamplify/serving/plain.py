"""Chats that are passed to the model as they are, as by any OpenAI-compatible server of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import final

from ..errors import ModelError
from ..models.local.model import LocalModel
from ..models.model import AbstractLanguageModel
from ..records import Chat, Decoding, Encoded, Message
from .refusals import Refusal
from .work import AbstractWork, Answered, too_long


@dataclass(frozen=True)
class PlainChat:
    """A chat, the seed of its reply, and the texts before which the reply is cut."""

    chat: Chat
    seed: int
    stops: tuple[str, ...] = ()


@final
@dataclass(frozen=True)
class Plain(AbstractWork):
    """Continues chats.

    Parameters
    ----------
    model : AbstractLanguageModel
        Who continues them.
    decoding : Decoding
        How replies are written.
    first : int
        Of how many of the most probable first tokens log-probabilities are wanted; by default 0. Only of a local model.
    """

    model: AbstractLanguageModel = field(compare=False)
    decoding: Decoding
    first: int = 0

    def run(self, asked: Sequence[PlainChat]) -> Iterator[tuple[int, Answered | Refusal]]:
        ready: dict[int, Encoded] = {}
        for place, each in enumerate(asked):
            try:
                encoded = self.model.encode(each.chat)
            except ModelError as error:  # a control token, or turns that the template does not take
                yield place, Refusal(400, str(error), "messages")
                continue
            refused = too_long(self.model, encoded, self.decoding.max_new_tokens)
            if refused is None:
                ready[place] = encoded
            else:
                yield place, refused
        first = dict(zip(ready, self._first(list(ready.values())), strict=True)) if self.first else {}
        places, seeds = list(ready), [asked[place].seed for place in ready]
        for inner, reply in self.model.generated(list(ready.values()), self.decoding, seeds):
            place = places[inner]
            text = _cut(reply.text, asked[place].stops)
            finished = reply.finished or text != reply.text
            yield place, Answered(text, ready[place].length, reply.tokens, finished, None, first.get(place, ()))

    def _first(self, encoded: Sequence[Encoded]) -> list[tuple[tuple[str, float], ...]]:
        """The most probable first tokens after each chat."""
        assert isinstance(self.model, LocalModel)
        found: dict[int, tuple[tuple[str, float], ...]] = {}
        for prefix in dict.fromkeys(each.prefix for each in encoded):
            places = [place for place, each in enumerate(encoded) if each.prefix == prefix]
            rows = [(*prefix, *encoded[place].suffix) for place in places]
            logits = self.model.last_logits(rows, len(prefix))[:, -1]
            values, tokens = logits.log_softmax(-1).topk(min(self.first, logits.shape[-1]))
            for place, ids, row in zip(places, tokens.tolist(), values.tolist(), strict=True):
                texts = (str(self.model.tokenizer.decode([token])) for token in ids)
                found[place] = tuple(zip(texts, row, strict=True))
        return [found[place] for place in range(len(encoded))]


def chat_of(messages: Sequence[Message], continued: bool) -> Chat:
    """The turns as a chat; ``continued``: the last one is the start of the reply. The last turn of the user is what differs
    from chat to chat, and all before it may be shared."""
    prefill = messages[-1].content if continued else ""
    turns = tuple(messages[:-1] if continued else messages)
    question = turns[-1].content.strip() if turns and turns[-1].role == "user" else ""
    return Chat(turns, prefill, question)


def _cut(text: str, stops: Sequence[str]) -> str:
    """The text before the first of these texts."""
    ends = [place for stop in stops if (place := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text
