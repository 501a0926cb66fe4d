"""Making text from data safe to print: characters that would move the cursor, colour the screen or reverse the text."""

import unicodedata

_ACTIVE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories that a terminal may act on: controls, formats, surrogates, line and paragraph separators."""
_HARMLESS = "\n\t\u200c\u200d"
"""Line feed and tab, and the two joiners that scripts and emoji need."""


def printable(text: str) -> str:
    """The text with every control and direction character replaced by U+FFFD.

    The length does not change, so that spans of characters stay valid.
    """
    if text.replace("\n", "").isprintable():  # most texts are, and this is much faster
        return text
    return "".join(
        character if character in _HARMLESS or unicodedata.category(character) not in _ACTIVE else "\ufffd"
        for character in text
    )
