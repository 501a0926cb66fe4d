"""A few-shot prompt as plain text: questions and answers behind the names of speakers, between blank lines."""

import re
from dataclasses import dataclass

from ..errors import DataError
from ..records import Message
from ..text.lines import counted, shortened
from .format import AbstractPromptFormat, Conversation
from .slots import NAMES, around_slot, slots

MARKERS = (("Q:", "A:"), ("Question:", "Answer:"), ("Input:", "Output:"), ("User:", "Assistant:"))
_SPEAKERS = ("User:", "Assistant:")
"""These name the roles of a chat, which take their place."""


@dataclass(frozen=True)
class FewShotText(AbstractPromptFormat):
    """A few-shot prompt as plain text."""

    name = "few-shot text"
    sought = "a text with lines that begin with Q: and A:, Question: and Answer:, Input: and Output:, or User: and Assistant:"

    def recognises(self, content: object) -> bool:
        return isinstance(content, str) and _markers(content) is not None

    def read(self, content: object) -> Conversation:
        assert isinstance(content, str)
        markers = _markers(content)
        assert markers is not None
        asks, answers = markers
        head, *blocks = re.split(rf"^(?={re.escape(asks)})", content, flags=re.MULTILINE)
        pairs = [_pair(number, block, answers) for number, block in enumerate(blocks, 1)]
        speakers = markers == _SPEAKERS
        if speakers:
            pairs = [(_said(asks, question), reply and _said(answers, reply)) for question, reply in pairs]
        turns, around, prefill = _divided(pairs, markers, speakers)
        how = f'"{asks}" and "{answers}" begin the turns'
        notes = (
            f"{how} of user and assistant, and are left out." if speakers else f"{how}, and stay in them.",
            "Blank lines between the turns are left out.",
        )
        return Conversation("", tuple(turns), around, prefill, head.strip(), notes)


def _markers(text: str) -> tuple[str, str] | None:
    """The markers of a text: those with the first line of a question that has an answer, or a place for one."""
    found = [
        (match.start(), pair)
        for pair in MARKERS
        for match in [re.search(rf"^{re.escape(pair[0])}", text, re.MULTILINE)]
        if match and (re.search(rf"^{re.escape(pair[1])}", text[match.start() :], re.MULTILINE) or slots(text))
    ]
    return min(found)[1] if found else None


def _pair(number: int, block: str, answers: str) -> tuple[str, str | None]:
    """A question and its reply, with their markers; no reply if the block has none."""
    parts = re.split(rf"^(?={re.escape(answers)})", block, flags=re.MULTILINE)
    if len(parts) > 2:
        raise DataError(
            f'has {counted(len(parts) - 1, "line")} that begin with "{answers}" after question {number} '
            f"({shortened(' '.join(parts[0].split()))!r}); write one answer for each."
        )
    return parts[0].strip(), parts[1].strip() if len(parts) == 2 else None


def _said(marker: str, turn: str) -> str:
    return turn.removeprefix(marker).strip()


def _divided(
    pairs: list[tuple[str, str | None]], markers: tuple[str, str], speakers: bool
) -> tuple[list[Message], tuple[str, ...], str]:
    """The turns of the shots, what stands around a new question, and the start of its reply."""
    asks, answers = ("", "") if speakers else markers
    around, prefill = (f"{asks} " if asks else "", ""), ""
    question, reply = pairs[-1]
    if reply in (None, answers) or set(slots(question)) & set(NAMES):
        pairs = pairs[:-1]
        prefill = reply or ""
        around = around if question == asks else around_slot(question)[0]
    turns: list[Message] = []
    for number, (question, reply) in enumerate(pairs, 1):
        if reply is None:
            raise DataError(f'has no "{markers[1]}" after question {number} ({shortened(question)!r}); write its answer.')
        turns += [Message("user", question), Message("assistant", reply)]
    return turns, around, prefill
