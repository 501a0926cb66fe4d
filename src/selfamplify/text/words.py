"""Which words of a question are features, and which tokens they became."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_CORE = re.compile(r"(?:[-+$€£](?=\d))?[^\W_](?:.*[^\W_])?[%°]*")
"""A word without the punctuation around it; a sign, a currency and a unit belong to a number."""


@dataclass(frozen=True, slots=True)
class Word:
    """A candidate word and the span of its characters in the question's text."""

    text: str
    start: int
    end: int


def candidate_words(text: str, labels: Sequence[str] = ()) -> list[Word]:
    """The whitespace words of a text, such as a rendered question, without pure punctuation and the "(A)" markers of labels."""
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


def overlapping(
    spans: Sequence[tuple[int, int]], stretches: Sequence[tuple[int, int]], token: int = 0
) -> list[tuple[int, ...]]:
    """The tokens, from ``token`` on, that overlap each of some stretches of text, which are given in order.

    A token that reaches over two stretches belongs to the first.
    """
    found: list[tuple[int, ...]] = []
    for start, end in stretches:
        while token < len(spans) and spans[token][1] <= start:
            token += 1
        own: list[int] = []
        while token < len(spans) and spans[token][0] < end:
            own.append(token)
            token += 1
        found.append(tuple(own))
    return found
