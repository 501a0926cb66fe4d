"""What a caller may give as a prompt: a text, or chat messages as dictionaries or records."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SettingsError
from ..records import Message

Messages = str | Sequence[Message | Mapping[str, Any]]
"""A text, which is one user's turn, or the turns of a chat."""

_ROLES = ("system", "user", "assistant")
_SHAPE = 'write {"role": "user", "content": "…"}'


def turns(messages: Messages) -> tuple[Message, ...]:
    """The turns of a chat. Raises SettingsError for what is none, with the place and what was found there."""
    if isinstance(messages, str):
        messages = [Message("user", messages)]
    if isinstance(messages, Mapping) or not isinstance(messages, Sequence):
        raise SettingsError(f"A prompt is a text or a list of messages, not {_short(messages)}; {_SHAPE} for each message.")
    made = tuple(_turn(message, place) for place, message in enumerate(messages, 1))
    if not any(turn.content.strip() for turn in made):
        raise SettingsError("The prompt is empty; give a text, or a list of messages with one in it.")
    return made


def text(value: object, what: str) -> str:
    """The value, if it is a text that can be encoded. Raises SettingsError where it is not."""
    if not isinstance(value, str):
        raise SettingsError(f"{what} is {_short(value)}, which is no text; {_SHAPE} with plain texts.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise SettingsError(f"{what} holds {value[error.start]!r}, which is half a character; save it as UTF-8.") from None
    return value


def _turn(message: Message | Mapping[str, Any], place: int) -> Message:
    if not isinstance(message, Message):
        if not isinstance(message, Mapping) or set(message) != {"role", "content"}:
            raise SettingsError(f"Message {place} is {_short(message)}; {_SHAPE}, with these two keys and no other.")
        message = Message(*(text(message[key], f"The {key} of message {place}") for key in ("role", "content")))
    if message.role not in _ROLES:
        raise SettingsError(f"Message {place} has the role {_short(message.role)}; use one of: {', '.join(_ROLES)}.")
    text(message.content, f"The content of message {place}")
    return message


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
