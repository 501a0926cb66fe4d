"""A model that says what a script tells it to: for tests, documentation and trying a pipeline without weights."""

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence

from ..records import Chat, Decoding, Generation, NextToken
from .model import AbstractLanguageModel

Script = Callable[[Chat], str]


class ScriptedModel(AbstractLanguageModel):
    """Answers every chat with ``script(chat)``; the next token is the first character of that answer.

    ``answered`` counts the chats answered so far. A token is a whitespace word, so that lengths and contexts can be tried.

    >>> from selfamplify.records import Chat, Message
    >>> model = ScriptedModel(lambda chat: "B")
    >>> model.next_token([Chat((Message("user", "Which? (A) x (B) y"),), "The answer is (")], [("A", "B")])[0].label
    'B'
    """

    def __init__(self, script: Script, name: str = "scripted", context: int = 1 << 20):
        self.name = name
        self.context = context
        self.answered = 0
        self._script = script

    @property
    def fingerprint(self) -> str:
        """The name stands for the script: give two scripts two names."""
        return f"scripted:{hashlib.sha256(self.name.encode()).hexdigest()}"

    def tokens(self, chat: Chat) -> tuple[int, ...]:
        words = " ".join([message.content for message in chat.messages] + [chat.prefill]).split()
        return tuple(zlib.crc32(word.encode()) for word in words)

    def next_token(self, chats: Sequence[Chat], labels: Sequence[Sequence[str]]) -> list[NextToken]:
        return [self._next_token(chat, names) for chat, names in zip(chats, labels, strict=True)]

    def _next_token(self, chat: Chat, labels: Sequence[str]) -> NextToken:
        text = self._say(chat)[:1]
        certain = [0.0 if label == text else -100.0 for label in labels]
        return NextToken(text, text if text in labels else None, tuple(certain))

    def generated(self, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> Iterator[tuple[int, Generation]]:
        for place, chat in enumerate(chats):
            text = self._say(chat)
            yield place, Generation(text, len(text.split()), True)

    def _say(self, chat: Chat) -> str:
        self.answered += 1
        return self._script(chat)
