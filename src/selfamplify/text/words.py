"""The words of a text that are features, and the tokens that they overlap."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from .scripts import half_width
from .segments import segments, separated

_CORE = re.compile(r"(?:(?:[-+−]|(?<!\S)–)?[$€£]?(?=\.?\d)(?:(?<!\.)\.)?)?[^\W_](?:.*[^\W_])?[%°％]*")
"""A word without the punctuation around it; a sign, a currency symbol, the point of ".5" and a unit belong to a number.

An en dash is a sign only where a word begins, and elsewhere a range, as in "(1990)–1995"."""


@dataclass(frozen=True, slots=True)
class Word:
    """A candidate word and the span of its characters in a text.

    Parameters
    ----------
    text : str
        The word.
    start, end : int
        The word is ``text[start:end]`` of the whole text.
    """

    text: str
    start: int
    end: int


def candidate_words(text: str, labels: Sequence[str] = ()) -> list[Word]:
    """Return the words of a text, without pure punctuation and without the "(A)" markers of labels.

    Words are separated by white space and full-width marks. Text in scripts without spaces, such as Chinese, Japanese and Thai,
    is divided into words by ICU, or into characters if icu4py is not installed. Markers may be full-width, as in "（Ａ）".

    Parameters
    ----------
    text : str
        A text, such as a rendered question.
    labels : sequence of str, default ()
        The labels whose markers are left out.
    """
    markers = frozenset(half_width(f"({label})") for label in labels)
    words: list[Word] = []
    for part in re.finditer(r"\S+", separated(_without_wide(text, markers))):
        for left, right in segments(text, *part.span()):
            core = _CORE.search(text, left, right)
            if core and half_width(text[left:right]) not in markers:
                start, end = core.span()
                while end < len(text) and unicodedata.category(text[end]).startswith("M"):
                    end += 1  # accents and vowel signs that are characters of their own
                words.append(Word(text[start:end], start, end))
    return words


def _without_wide(text: str, markers: frozenset[str]) -> str:
    """The text, of the same length, with spaces in place of markers that contain full-width characters."""
    narrow = half_width(text)
    for marker in () if narrow == text else re.finditer("|".join(map(re.escape, markers)) or "(?!)", narrow):
        if text[marker.start() : marker.end()] != marker.group():
            text = text[: marker.start()] + " " * len(marker.group()) + text[marker.end() :]
    return text


def overlapping(
    spans: Sequence[tuple[int, int]], stretches: Sequence[tuple[int, int]], token: int = 0
) -> list[tuple[int, ...]]:
    """Return, for each stretch of a text, the tokens that overlap it.

    Parameters
    ----------
    spans : sequence of (int, int)
        The character span of each token.
    stretches : sequence of (int, int)
        Character spans in the text, in order.
    token : int, default 0
        The first token that counts.

    Returns
    -------
    list of tuples of int
        Positions of tokens, one tuple per stretch. A token that overlaps two stretches belongs to the first.
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
