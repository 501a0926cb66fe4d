"""Which words of a question are features, and which tokens they became."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ..models.model import Reading

_CORE = re.compile(r"(?:[-+$€£](?=\d))?[^\W_](?:.*[^\W_])?[%°]*")
"""A word without the punctuation around it; a sign, a currency and a unit belong to a number."""


@dataclass(frozen=True, slots=True)
class Word:
    """A candidate word and the span of its characters in the question's text."""

    text: str
    start: int
    end: int


def candidate_words(text: str, labels: Sequence[str]) -> list[Word]:
    """The whitespace words of a rendered question, choices included, without "(A)" markers and pure punctuation."""
    markers = {f"({label})" for label in labels}
    words: list[Word] = []
    for match in re.finditer(r"\S+", text):
        core = _CORE.search(match.group())
        if core and match.group() not in markers:
            start, end = match.start() + core.start(), match.start() + core.end()
            while end < match.end() and unicodedata.category(text[end]).startswith("M"):
                end += 1  # accents and vowel signs that are characters of their own
            words.append(Word(text[start:end], start, end))
    return words


def locate(reading: Reading, words: Sequence[Word]) -> dict[Word, tuple[int, ...]]:
    """The token positions of each word, by character overlap.

    A token that reaches over two words belongs to the first; a word left without a token is no feature.
    """
    offset = reading.question[0]
    positions: dict[Word, tuple[int, ...]] = {}
    token = reading.prefix
    for word in words:
        start, end = word.start + offset, word.end + offset
        while token < len(reading.spans) and reading.spans[token][1] <= start:
            token += 1
        own: list[int] = []
        while token < len(reading.spans) and reading.spans[token][0] < end:
            own.append(token)
            token += 1
        if own:
            positions[word] = tuple(own)
    return positions
