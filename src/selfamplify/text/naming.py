"""Whether a text names the answer to a question."""

import re

from ..records import Question
from .scripts import UNSPACED, half_width

_BEFORE = rf"(?<![^\W{UNSPACED}])(?<!-)(?<!\d[.,])"
_AFTER = rf"(?![^\W{UNSPACED}])(?![.,]\d)"
"""What is no part of whole words: no letter, except in scripts without spaces, no minus sign, and no other part of a number."""


def contains(text: str, words: str) -> bool:
    """Whether a text contains these words as whole ones, in any case."""
    pattern = rf"{_BEFORE}{re.escape(half_width(words))}{_AFTER}"
    return any(map(str.isalnum, words)) and re.search(pattern, half_width(text), re.IGNORECASE) is not None


def names_answer(text: str, question: Question) -> bool:
    """Whether a text names the answer as it is to be written: its letter as such, the name of its label, or its text."""
    answer = question.written(question.answer)
    if question.answer_style != "letter":
        return contains(text, answer)
    letter = re.escape(answer)
    return re.search(rf"\({letter}\)|\b(?i:answer|choice|option)(?: is)?:? {letter}\b", text) is not None
