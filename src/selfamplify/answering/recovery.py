"""The label that a reply to a question names."""

from ..records import Question
from .rules import read


def recover(text: str, question: Question) -> tuple[str, str] | None:
    """The label that the first successful rule finds in a response, and the name of that rule.

    Parameters
    ----------
    text : str
        The response.
    question : Question
        The question; which of its choices is true plays no part.

    Returns
    -------
    (str, str) or None
        None if no rule finds a label.
    """
    return read(text, question.offered)
