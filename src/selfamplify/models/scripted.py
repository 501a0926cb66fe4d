"""A model that says what a script tells it to say: for tests, documentation, and trying a pipeline without weights."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from ..records import Chat, Decoding, Encoded, Generation, NextToken
from ..text.lines import sha256
from .model import AbstractLanguageModel

Script = Callable[[Chat], str]


class ScriptedModel(AbstractLanguageModel):
    """A deterministic test double: it answers every chat with ``script(chat)``.

    The next token is the answer with which that begins, or its first character. A token is a whitespace-separated word, so that
    lengths and contexts can be tried. ``answered`` counts the chats answered so far.

    Parameters
    ----------
    script : callable
        Takes a ``Chat``, returns the reply.
    name : str
        Stands for the script in keys: give two scripts two names.
    context : int
        Tokens (words) that a prompt and its reply may have together; by default 2**20.

    Examples
    --------
    >>> from selfamplify import Chat, Message
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
        return f"scripted:{sha256(self.name)}"

    def encode(self, chat: Chat) -> Encoded:
        turns = [_turn(message.role, message.content) for message in chat.messages]
        words = sum(count for count, _ in turns) + len(chat.prefill.split())
        lines = [text for _, text in turns] + [json.dumps(chat.prefill), json.dumps(chat.question)]
        return Encoded(chat, words, sha256("\n".join(lines)))

    def next_token(self, chats: Sequence[Chat], answers: Sequence[Sequence[str]]) -> list[NextToken]:
        return [self._next_token(chat, names) for chat, names in zip(chats, answers, strict=True)]

    def _next_token(self, chat: Chat, answers: Sequence[str]) -> NextToken:
        text = self._say(chat)
        label = max((answer for answer in answers if text.startswith(answer)), key=len, default=None)
        certain = [0.0 if answer == label else -100.0 for answer in answers]
        return NextToken(label or text[:1], label, tuple(certain))

    def generated(
        self, encoded: Sequence[Encoded], decoding: Decoding, seeds: Sequence[int]
    ) -> Iterator[tuple[int, Generation]]:
        for place, each in enumerate(encoded):
            text = self._say(each.chat)
            yield place, Generation(text, len(text.split()), True)

    def _say(self, chat: Chat) -> str:
        self.answered += 1
        return self._script(chat)


@lru_cache(1024)
def _turn(role: str, content: str) -> tuple[int, str]:
    """The words of a turn, and the turn as one line; those of shots are asked for with every question."""
    return len(content.split()), json.dumps([role, content])
