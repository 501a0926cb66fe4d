"""Which words of a question make the model give its reply: a post hoc attribution, on request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from ..attribution.attributing import attribute
from ..attribution.record import AnswerAttribution
from ..models.model import AbstractDifferentiableModel
from ..records import Chat, Message
from .refusals import Refusal
from .work import AbstractWork


@dataclass(frozen=True)
class Replied:
    """A chat, and the reply whose words are to be explained."""

    chat: Chat
    reply: str


@final
@dataclass(frozen=True)
class Keywords(AbstractWork):
    """Scores the words of the last turn by how much more probable they make the reply, with KernelSHAP.

    Parameters
    ----------
    model : AbstractDifferentiableModel
        The model that replied.
    """

    model: AbstractDifferentiableModel = field(compare=False)

    def run(self, asked: Sequence[Replied]) -> Iterator[tuple[int, AnswerAttribution | Refusal]]:
        for place, each in enumerate(asked):
            yield place, self._explained(each.chat, each.reply)

    def _explained(self, chat: Chat, reply: str) -> AnswerAttribution | Refusal:
        if not reply.strip():
            return Refusal(400, "The reply is empty, so there is nothing to explain.")
        if sum(chat.question in message.content for message in chat.messages) > 1:
            reason = "This question is also part of a shot of the prompt, so its words can't be scored apart"
            return Refusal(400, f"{reason}; ask one that is not in a shot.")
        messages = chat.messages
        if chat.prefill:
            space = "" if chat.prefill.endswith(("(", '"')) else " "
            messages = (*messages, Message("assistant", chat.prefill + space))
        found = attribute(self.model, messages, reply, span=chat.question)
        start = chat.messages[-1].content.rfind(chat.question)
        units = tuple(replace(unit, start=unit.start - start, end=unit.end - start, message=0) for unit in found.units)
        return replace(found, messages=(Message("user", chat.question),), units=units)
