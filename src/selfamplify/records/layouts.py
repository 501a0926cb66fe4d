"""The record of how an imported prompt writes its questions into turns."""

from dataclasses import dataclass

from ..errors import DataError
from .questions import Question


@dataclass(frozen=True)
class Layout:
    """How an imported prompt writes a question.

    Parameters
    ----------
    around : tuple of str
        What stands before and after a question, as in ``("Review: ", "\\nSentiment:")``; with more than two parts, the question
        stands between any two of them. By default nothing.
    choices : tuple of (str, str), optional
        What stands before and after the letter of each choice, as in ``(" (", ") ")`` or ``("\\n", ". ")``; None, the default,
        if the choices are not shown.
    shots : bool
        Whether the shots are written in the same way; else the text of a shot's question is its whole turn. By default True.

    Raises
    ------
    DataError
        If ``around`` has no place for a question.
    """

    around: tuple[str, ...] = ("", "")
    choices: tuple[str, str] | None = None
    shots: bool = True

    def __post_init__(self) -> None:
        if len(self.around) < 2:
            raise DataError(f"A layout needs a place for the question, and `around={self.around}` has none; write two parts.")

    def text_of(self, question: Question) -> str:
        """The text of a question, with its choices if they are shown."""
        before, after = self.choices or ("", "")
        offered = [f"{before}{choice.label}{after}{choice.text}" for choice in question.choices] if self.choices else []
        return "".join([question.text, *offered])

    def written(self, text: str) -> str:
        """The turn that asks a question."""
        return text.join(self.around)

    def asked(self, turn: str) -> str | None:
        """The question that a turn asks; None if the turn is not written so."""
        places = len(self.around) - 1
        start, length = len(self.around[0]), (len(turn) - sum(map(len, self.around))) // places
        text = turn[start : start + max(0, length)]
        return text if self.written(text) == turn else None

    def of_shot(self, question: Question) -> str:
        """The turn of a shot."""
        return self.written(self.text_of(question)) if self.shots else question.text
