"""What a caller may pass as a prompt: a text, or chat messages as dictionaries or records."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SettingsError
from ..records import Message
from ..text.lines import shortened

Messages = str | Sequence[Message | Mapping[str, Any]]
"""A text, which counts as one user turn, or the turns of a chat."""

_ROLES = ("system", "user", "assistant")
_SHAPE = 'write each message as `{"role": "user", "content": "…"}`'


def turns(messages: Messages) -> tuple[Message, ...]:
    """The turns of a chat. Raises SettingsError for anything else, with its position and what was found there."""
    if isinstance(messages, str):
        messages = [Message("user", messages)]
    if isinstance(messages, Mapping) or not isinstance(messages, Sequence):
        raise SettingsError(f"A prompt is a text or a list of messages, not {_shown(messages)}; {_SHAPE}.")
    made = tuple(_turn(message, position) for position, message in enumerate(messages, 1))
    if not any(turn.content.strip() for turn in made):
        raise SettingsError("The prompt is empty; pass a text, or a list of messages of which at least one has text.")
    return made


def checked_text(value: object, what: str) -> str:
    """The value, if it is a text that can be encoded. Raises SettingsError otherwise; ``what`` names it in the message."""
    if not isinstance(value, str):
        raise SettingsError(f"{what} is {_shown(value)}, not a text; pass a string.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise SettingsError(
            f"{what} contains {value[error.start]!r}, which is half of a character; decode the text as UTF-8."
        ) from None
    return value


def _turn(message: Message | Mapping[str, Any], position: int) -> Message:
    if not isinstance(message, Message):
        if not isinstance(message, Mapping) or set(message) != {"role", "content"}:
            raise SettingsError(f"Message {position} is {_shown(message)}; {_SHAPE}, with these two keys and no others.")
        role = checked_text(message["role"], f"The role of message {position}")
        message = Message(role, checked_text(message["content"], f"The content of message {position}"))
    if message.role not in _ROLES:
        raise SettingsError(f"Message {position} has the role {_shown(message.role)}; use one of: {', '.join(_ROLES)}.")
    checked_text(message.content, f"The content of message {position}")
    return message


def _shown(value: object) -> str:
    return shortened(repr(value), 60)
