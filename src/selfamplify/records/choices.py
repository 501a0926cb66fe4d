"""The record of a choice, and the ways in which a question offers its choices."""

from dataclasses import dataclass
from typing import Literal

AnswerStyle = Literal["letter", "label", "text"]
"""How a question offers its choices, and how its answer is written.

``"letter"``: ``(A) dry palms (B) wet palms`` follows the question, and the answer is a letter. ``"label"``: the choices are
the labels of a classification, which the instruction names once for all questions, and the answer is a label's name.
``"text"``: the choices are listed below the question, and the answer is the text of one.
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a question offers.

    Parameters
    ----------
    label : str
        Its letter, such as ``"A"``.
    text : str
        What it says, such as ``"dry palms"``.
    """

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Offered:
    """The choices of a question, and how it offers them: all that reading a label out of a reply depends on.

    Parameters
    ----------
    choices : tuple of Choice
        The answers.
    answer_style : {"letter", "label", "text"}
        How they are offered and written: by default by letters.
    """

    choices: tuple[Choice, ...]
    answer_style: AnswerStyle = "letter"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the choices, in their order."""
        return tuple([choice.label for choice in self.choices])
