"""Ollama's Modelfile: how texts are written in one, and what Ollama reads in it.

Written from its reference, https://docs.ollama.com/modelfile, and from how Ollama's own parser ends a text and drops
characters: https://github.com/ollama/ollama/blob/main/parser/parser.go.
"""

import re
from dataclasses import dataclass

_QUOTE = '"""'
_KEYED = ("parameter", "message")
"""Instructions whose first word is a key: the parameter's name, or the role of the message."""
_KEPT = " \t\r\n"
"""Characters that stay in a text although they are not printable."""


@dataclass(frozen=True)
class Instruction:
    """An instruction, such as ``MESSAGE user How are you?``; ``key`` is empty unless it takes one."""

    name: str
    key: str
    value: str

    def __str__(self) -> str:
        head = " ".join(filter(None, (self.name.upper(), self.key)))
        return f"{head} {self.value if self.name in ('from', 'parameter') else f'{_QUOTE}{self.value}{_QUOTE}'}"


def parsed(text: str) -> list[Instruction]:
    """The instructions of a Modelfile. Raises ValueError if it is none."""
    text = "".join(character for character in text if character.isprintable() or character in _KEPT)
    found: list[Instruction] = []
    while text := text.lstrip(_KEPT):
        if text.startswith("#"):
            text = re.sub(r"\A[^\r\n]*", "", text)
            continue
        name, key, text = _head(text)
        value, text = _value(text)
        found.append(Instruction(name, key, value))
    return found


def _head(text: str) -> tuple[str, str, str]:
    """The name of the next instruction, its key, and the rest of the text."""
    head = re.match(r"([A-Za-z]+)[ \t]", text)
    if head is None:
        raise ValueError(f"no instruction at {text[:40]!r}")
    name, text = head[1].lower(), text[head.end() :]
    key = re.match(r"(\w+)[ \t]", text) if name in _KEYED else None
    return (name, key[1], text[key.end() :]) if key else (name, "", text)


def _value(text: str) -> tuple[str, str]:
    """The next value, which ends with the first line at whose end its quotes are closed, and the rest of the text."""
    for end in re.finditer(r"[\r\n]|\Z", text):
        value = _unquoted(text[: end.start()].strip())
        if value is not None:
            return value, text[end.end() :]
    raise ValueError(f"quotes that are not closed at {text[:40]!r}")


def _unquoted(text: str) -> str | None:
    """A value without its quotes; None if they are not closed yet."""
    for quote in (_QUOTE, '"'):
        if text.startswith(quote):
            closed = text.endswith(quote) and len(text) >= 2 * len(quote)
            return text[len(quote) : -len(quote)] if closed else None
    return text
