"""Text of data on a terminal: what would move the cursor, colour the screen or turn the writing around is shown, not obeyed."""

import unicodedata

_OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_HARMLESS = "\n\t\u200c\u200d"
"""Line feed and tab, and the joiners that scripts and emoji are written with."""


def printable(text: str) -> str:
    """The text with every control and direction character replaced by U+FFFD; the length stays, so that spans still fit."""
    return "".join(
        character if character in _HARMLESS or unicodedata.category(character) not in _OBEYED else "\ufffd"
        for character in text
    )
