"""Scripts without spaces between words, and full-width marks.

ICU's dictionaries find the words of Chinese, Japanese, Thai, Lao, Khmer and Burmese if the optional package icu4py is
installed. Without it, each character is a unit of its own, together with its combining marks.
"""

import re
import unicodedata
import warnings
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from ..errors import SelfAmplifyWarning
from .scripts import UNSPACED

if TYPE_CHECKING:
    from icu4py.breakers import WordBreaker

_IN_NUMBERS = "\uff0c\uff0e\uff1a"
"""The full-width comma, stop and colon, which do not separate two full-width digits."""
MARKS = "".join(
    re.escape(mark)
    for mark in map(chr, (*range(0x3001, 0x3100), *range(0xFE10, 0xFE70), *range(0xFF01, 0xFF66)))
    if unicodedata.category(mark).startswith("P") and mark not in "\uff05" + _IN_NUMBERS
)
"""Ideographic, vertical, small and full-width punctuation, for a character class; the percent sign belongs to its number."""
_SEPARATOR = re.compile(rf"[{MARKS}]|(?<![\uff10-\uff19])[{_IN_NUMBERS}]|[{_IN_NUMBERS}](?![\uff10-\uff19])")
_STRETCH = re.compile(f"([{UNSPACED}]+)|[^{UNSPACED}]+")
_COMPLETING = "\u0e33\u0eb3\uff9e\uff9f"
"""Vowel signs and voicing marks that complete the character before them, although Unicode counts them as letters."""
_STACKING = "\u1039\u17d2"
"""Signs that put the next consonant below the one before them (Myanmar, Khmer)."""


def separated(text: str) -> str:
    """Return the text, of the same length, with a space in place of each full-width mark that separates words."""
    return text if text.isascii() else _SEPARATOR.sub(" ", text)


def segments(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Divide a part of a text without white space wherever a script without spaces begins or ends, and between its words.

    Parameters
    ----------
    text : str
        The whole text.
    start, end : int
        The part is ``text[start:end]``.

    Yields
    ------
    (int, int)
        Spans in the whole text, in order; if the part has no script without spaces, the part itself.
    """
    for stretch in _STRETCH.finditer(text, start, end):
        if stretch[1] is None:
            yield stretch.span()
            continue
        left = stretch.start()
        for piece in _pieces(stretch[1]):
            yield left, left + len(piece)
            left += len(piece)


def segmenter(text: str) -> str | None:
    """Return what divides the words of this text, in addition to white space and marks.

    Returns
    -------
    str or None
        ``"ICU"`` with its version, or ``"characters"``; None if the text has no script without spaces.
    """
    if not re.search(f"[{UNSPACED}]", text):
        return None
    if _breaker() is None:
        return "characters"
    from icu4py import icu_version

    return f"ICU {icu_version}"


@cache
def _breaker() -> "type[WordBreaker] | None":
    try:
        from icu4py.breakers import WordBreaker
    except ImportError:
        warnings.warn(
            "icu4py is not installed, so text in scripts without spaces (such as Chinese, Japanese and Thai) is split into "
            "single characters; to split it into words, run `pip install 'selfamplify[languages]'`.",
            SelfAmplifyWarning,
            stacklevel=2,
        )
        return None
    return WordBreaker


def _pieces(text: str) -> Iterator[str]:
    """The words of a text in scripts without spaces, or its characters if there is no library that finds words."""
    breaker = _breaker()
    if breaker is not None:
        yield from breaker(text, "en")  # the dictionaries are the same for all locales
        return
    start = 0
    for place in range(1, len(text)):
        if not (unicodedata.category(text[place])[0] == "M" or text[place] in _COMPLETING or text[place - 1] in _STACKING):
            yield text[start:place]
            start = place
    yield text[start:]
