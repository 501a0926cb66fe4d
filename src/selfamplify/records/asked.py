"""A question as it is put to a model."""

from dataclasses import dataclass

from .chats import Encoded
from .questions import Question


@dataclass(frozen=True)
class Asked:
    """A question and the chat that asks it, encoded once: for the context check, the key, and the answer.

    Parameters
    ----------
    question : Question
        The question.
    encoded : Encoded
        The chat, by ``encode`` of the model that is asked.
    """

    question: Question
    encoded: Encoded
