"""What a server sends, before anything else sees it: without the key, and with text that can be stored."""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from ...records.shown import without_lone

_MASK = re.compile(r"[*•…]+|\.{3,}")
_LEAST_SHOWN = 4
"""A masked key shows so many of its characters, or is none that could be told from other text."""
_LEAST_SECRET = 12
"""A shorter key, such as "EMPTY" or "none", is a placeholder, and may be a word of a reply."""
_MOST_SAID = 4096
"""Characters of a reason that are read; errors show fewer."""

Scrub = Callable[[str], str]


def reason_scrubber(key: str | None) -> Scrub:
    """A function that writes ``(key)`` for the key in a reason, also where a server has masked its middle."""
    if not key:
        return lambda reason: reason
    whole = _replacing(key)
    return lambda reason: _without_masked(key, whole(reason)[:_MOST_SAID])


def reply_scrubber(key: str | None) -> Scrub:
    """A function that writes ``(key)`` for the key in a reply, where a placeholder in place of a key is left alone."""
    return _replacing(key) if key and len(key) >= _LEAST_SECRET else lambda reply: reply


def cleaned(document: Any, scrub: Scrub) -> Any:
    """A JSON document whose texts are scrubbed, with U+FFFD for half a surrogate pair, which is no text that can be kept.

    Raises RecursionError for a document of hundreds of levels.
    """
    if isinstance(document, str):
        return scrub(without_lone(document))
    if isinstance(document, list):
        return [cleaned(each, scrub) for each in document]
    if isinstance(document, dict):
        return {cleaned(name, scrub): cleaned(each, scrub) for name, each in document.items()}
    return document


def _replacing(key: str) -> Scrub:
    """Replaces the key: as it is, as an address has it, and, unless it is a placeholder, in base64."""
    forms = dict.fromkeys((key, quote(key, safe=""), *(_in_base64(key) if len(key) >= _LEAST_SECRET else ())))

    def replaced(text: str) -> str:
        for form in forms:
            text = text.replace(form, "(key)")
        return text

    return replaced


def _in_base64(key: str) -> Iterator[str]:
    """What base64 makes of the key wherever it begins in a longer text: the characters that no neighbour changes."""
    data = key.encode()
    for encode in (b64encode, urlsafe_b64encode):
        for before in range(3):
            yield encode(bytes(before) + data).decode()[-(-before * 4 // 3) : (before + len(data)) * 4 // 3]


def _without_masked(key: str, text: str) -> str:
    """The text with ``(key)`` for a mask between the first and the last characters of the key, such as ``sk-a***z7``."""
    parts, done = list[str](), 0
    for mask in _MASK.finditer(text):
        before, after = text[done : mask.start()], text[mask.end() : mask.end() + len(key)]
        start = max((size for size in range(len(key)) if before.endswith(key[:size])), default=0)
        end = max((size for size in range(len(key)) if after.startswith(key[len(key) - size :])), default=0)
        if start + end >= _LEAST_SHOWN:
            parts += [before[: len(before) - start], "(key)"]
            done = mask.end() + end
    return "".join([*parts, text[done:]])
