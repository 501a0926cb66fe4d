"""How records are shown: a short repr, and the hook by which a notebook shows them as HTML."""

import re
import reprlib
from dataclasses import fields
from importlib import import_module
from typing import Any

_LONE = re.compile("[\ud800-\udfff]")
_SHORT = reprlib.Repr()
_SHORT.maxstring, _SHORT.maxother, _SHORT.maxtuple, _SHORT.maxdict = 80, 300, 4, 6
"""At most so many characters of a text and of a record in it, and so many members of tuples and dictionaries."""


def short_repr(self: Any) -> str:
    """The repr of a dataclass with its long texts and long tuples cut in the middle."""
    shown = (f"{field.name}={_SHORT.repr(getattr(self, field.name))}" for field in fields(self) if field.repr)
    return f"{type(self).__name__}({', '.join(shown)})"


def clipped(text: str) -> str:
    """A text of at most 40 characters, the middle left out."""
    return text if len(text) <= 40 else f"{text[:25]}…{text[-14:]}"


def html_repr(self: object) -> str:
    """What a notebook shows of a record: HTML in which all text is escaped.

    ``report/notebook`` draws it, and is found by its name when a notebook asks, so that a record imports nothing of it.
    """
    package = __name__.partition(".")[0]
    return import_module(f"{package}.report.notebook.drawing").drawn(self)


def without_lone(text: str) -> str:
    """The text with U+FFFD for half a surrogate pair, which no file can hold."""
    return text if text.isascii() else _LONE.sub("\ufffd", text)
