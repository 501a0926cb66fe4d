"""An explanation becomes the paper's sentence (section 3.3); a format says how all shots of a prompt are written.

A format is a value: what the instruction asks for, and what an assistant's turn looks like.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ...records import Explanation
from ..wording import Wording

MARK = "\ue000"
"""Stands in a sentence where the words of a question would."""


class AbstractFormat(ABC):
    """How a prompt asks and how its shots answer.

    Attributes
    ----------
    wording : Wording
        The sentences to fill in.
    """

    wording: Wording

    @abstractmethod
    def instruction(self, labels: Sequence[str]) -> str:
        """The preprompt (appendix A.3); ``labels`` are the answers that it names, as they are written."""

    @property
    @abstractmethod
    def opening(self) -> str:
        """The words with which every reply begins, up to the first that depends on the question."""

    @abstractmethod
    def reply(self, explanation: Explanation | None, label: str) -> str:
        """The assistant's turn of a shot: the rationale and the answer, which is written ``label``.

        Raises
        ------
        TypeError
            For an explanation of a kind that this format does not write.
        ExplanationError
            If nothing in the explanation can be written.
        """


def first_of(labels: Sequence[str]) -> str:
    """The answer that an output example shows."""
    return labels[0] if labels else ""


def before(sentence: str) -> str:
    """A sentence up to its mark, without white space at its end, since tokens of words begin with it."""
    return sentence.partition(MARK)[0].rstrip()
