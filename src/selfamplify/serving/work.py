"""What the model thread does for requests: an interface, and what an answer holds."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..models.context import fits
from ..models.model import AbstractLanguageModel
from ..records import Encoded
from .refusals import Refusal


@dataclass(frozen=True)
class Read:
    """What was read in a reply.

    Parameters
    ----------
    label, answer : str, optional
        The label, and the text of its choice; None if no label could be read.
    rule : str
        How it was read, as in ``Response.rule``.
    """

    label: str | None
    answer: str | None
    rule: str


@dataclass(frozen=True)
class Answered:
    """A reply to one request.

    Parameters
    ----------
    text : str
        What the model wrote.
    prompt_tokens, tokens : int
        The tokens of the prompt and of the reply.
    finished : bool
        False if the reply was cut at its maximum length.
    read : Read, optional
        What was read in it; None where chats are passed to the model as they are.
    first : tuple of (str, float)
        The most probable first tokens with their log-probabilities, the most probable first; by default none.
    """

    text: str
    prompt_tokens: int
    tokens: int
    finished: bool
    read: Read | None = None
    first: tuple[tuple[str, float], ...] = ()


class AbstractWork(ABC):
    """One kind of work; requests whose work is equal are done together."""

    @abstractmethod
    def run(self, asked: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """The place of each item with its result, or with the Refusal that is its only one, as they come."""


def too_long(model: AbstractLanguageModel, encoded: Encoded, new_tokens: int) -> Refusal | None:
    """The refusal of a prompt that does not fit the model's context with its longest reply; None if it fits."""
    if fits(model, encoded, new_tokens):
        return None
    room = model.context - encoded.length
    remedy = f"send `max_tokens` of at most {room}, or a shorter text" if room > 0 else "send a shorter text"
    return Refusal(
        400,
        f"The prompt has {encoded.length} tokens with this text and may be continued by {new_tokens}, but the context of "
        f"{model.name} is {model.context} tokens; {remedy}.",
        "messages",
        "context_length_exceeded",
    )
