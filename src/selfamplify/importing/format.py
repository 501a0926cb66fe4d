"""The interface of a format that prompts are imported from, and what is read from a file of it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from ..records import Message


@dataclass(frozen=True)
class Conversation:
    """What a file holds, before anything is guessed from its texts.

    Parameters
    ----------
    system : str
        The system turn; empty if there is none.
    turns : tuple of Message
        The shots: user and assistant turns in alternation.
    around : tuple of str
        What stands around a new question in the last turn; by default nothing.
    prefill : str
        The start of every reply; by default empty.
    instruction : str, optional
        What opens the first user turn, if the format says so; None, the default, if it is to be found there.
    notes : tuple of str
        How the file was read, a sentence each.
    """

    system: str
    turns: tuple[Message, ...]
    around: tuple[str, ...] = ("", "")
    prefill: str = ""
    instruction: str | None = None
    notes: tuple[str, ...] = ()


class AbstractPromptFormat(ABC):
    """A format that prompts are written in. A frozen dataclass.

    Attributes
    ----------
    name : str
        What notes call the format.
    sought : str
        What such a file looks like, for the error about a file of no format.
    """

    name: ClassVar[str]
    sought: ClassVar[str]

    @abstractmethod
    def recognises(self, content: object) -> bool:
        """Whether a file is of this format: its JSON value, or its text if it is not JSON."""

    @abstractmethod
    def read(self, content: object) -> Conversation:
        """What a recognised file holds.

        Raises
        ------
        DataError
            If the prompt can't be sent exactly as it is; the message, which ends with the remedy, begins with what is wrong, as
            it follows the name of the file.
        """
