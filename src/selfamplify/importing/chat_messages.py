"""Chat messages as the OpenAI API takes them: a list, ``{"messages": [...]}``, or a JSONL file with one such line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import DataError
from ..records import Message
from ..text.lines import shortened
from .format import AbstractPromptFormat, Conversation
from .slots import NAMES, around_slot, slots

_SYSTEM = ("system", "developer")
_ROLES = ("user", "assistant")
_UNSENT = ("role", "content", "weight")
"""What a message may hold besides its text; the weight is for training."""


@dataclass(frozen=True)
class ChatMessages(AbstractPromptFormat):
    """OpenAI chat messages."""

    name = "OpenAI chat messages"
    sought = 'chat messages (a JSON list of {"role", "content"}, or {"messages": […]})'

    def recognises(self, content: object) -> bool:
        return isinstance(content, list) or (isinstance(content, dict) and "messages" in content)

    def read(self, content: object) -> Conversation:
        listed = content["messages"] if isinstance(content, dict) else content
        if not isinstance(listed, list) or not listed:
            raise DataError('holds no list of messages; write [{"role": "user", "content": "…"}, …].')
        messages = [_message(number, each) for number, each in enumerate(listed, 1)]
        roles = [str(each["role"]) for each in listed]
        system = messages[0].content if roles[0] in _SYSTEM else ""
        return Conversation(system, *_divided(tuple(messages[roles[0] in _SYSTEM :])), notes=tuple(_notes(roles)))


def _notes(roles: list[str]) -> Iterator[str]:
    if roles[0] in _SYSTEM:
        yield f'The first message ("{roles[0]}") is the system turn.'
    if roles[0] == "developer":
        yield 'Its role is sent as "system", which is the same to the API.'


def _message(number: int, found: object) -> Message:
    """One message, with its text. Raises DataError for anything that would not be sent as it is."""
    if not isinstance(found, Mapping):
        raise DataError(f'has a message {number} that is not an object; write {{"role": "user", "content": "…"}}.')
    role, more = found.get("role"), [key for key in found if key not in _UNSENT and found[key] not in (None, [], {})]
    if role not in (*_SYSTEM, *_ROLES):
        raise DataError(f"has the role {shortened(repr(role))} in message {number}; use system, user and assistant only.")
    if more:
        raise DataError(f'has "{more[0]}" in message {number}, which a prompt can\'t hold; leave it out.')
    if role in _SYSTEM and number > 1:
        raise DataError(f"has a {role} turn as message {number}; only the first message may be one: put its text there.")
    return Message("system" if role in _SYSTEM else str(role), _text(number, found.get("content")))


def _text(number: int, content: Any) -> str:
    """The text of a message, also where it is the only part of a list."""
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict) and content[0].get("type") == "text":
        content = content[0].get("text")
    if not isinstance(content, str):
        raise DataError(f'has a message {number} whose content is not a text; write "content" as one text, without images.')
    return content


def _divided(turns: tuple[Message, ...]) -> tuple[tuple[Message, ...], tuple[str, ...], str]:
    """The shots, what stands around a question in the last turn, and the start of its reply."""
    for place, turn in enumerate(turns):
        if turn.role != _ROLES[place % 2]:
            raise DataError(
                f"has a turn of the {turn.role} where one of the {_ROLES[place % 2]} is expected "
                f"({shortened(turn.content)!r}); turns of user and assistant must alternate, beginning with the user: join "
                f"neighbours of one role into one."
            )
    if len(turns) % 2:
        return turns[:-1], around_slot(turns[-1].content)[0], ""
    if turns and set(slots(turns[-2].content)) & set(NAMES):  # a question that is asked, and the start of its reply
        return turns[:-2], around_slot(turns[-2].content)[0], turns[-1].content
    return turns, ("", ""), ""
