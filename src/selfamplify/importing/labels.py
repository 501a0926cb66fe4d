"""Which labels the replies of shots give, where no task says what there is to choose from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..answering.recovery import recover
from ..prompting.prompt import Prompt
from ..records import AnswerStyle, Choice, Question
from ..text.offered import LETTERS

_STATED = re.compile(
    r"(?:answer|label|class|category|sentiment|topic|output|result|prediction|a)\b[^:\n]{0,20}?(?: is|:)\s*(.+)$", re.IGNORECASE
)
_WORDS = 4
"""The most words of a label's name."""
_FEW = 3
"""So many different answers are labels however few shots there are; with more, each must occur twice on average."""
_LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Labels:
    """The labels of some replies: their style, their names by letter, and the letter of each reply ("" if it gives none)."""

    style: AnswerStyle
    names: dict[str, str]
    given: tuple[str, ...]


def guessed(replies: Sequence[str]) -> Labels:
    """The labels that most replies give: letters such as (B), or else names that several of them end in."""
    lettered = Question("", "", tuple(Choice(letter, "—") for letter in _LETTERS), "")
    letters = tuple(given(reply, lettered) for reply in replies)
    named = [_named(reply) for reply in replies]
    names = list(dict.fromkeys(name for name in named if name))
    distinct = list({name.casefold(): name for name in reversed(names)}.values())[::-1]
    labels = len(distinct) <= max(_FEW, sum(map(bool, named)) / 2)
    if labels and sum(map(bool, named)) > sum(map(bool, letters)):
        known = dict(zip(LETTERS, distinct, strict=False))
        by_name = {name.casefold(): letter for letter, name in known.items()}
        return Labels("label", known, tuple(by_name.get(name.casefold(), "") if name else "" for name in named))
    if any(letters):
        return Labels("letter", {each: each for each in _LETTERS[: _LETTERS.index(max(letters)) + 1]}, letters)
    return Labels("label", {}, ("",) * len(replies))


def given(reply: str, question: Question) -> str:
    """The label that a reply gives by the rules that also read a model's replies; empty if it gives none."""
    found = recover(reply, question)
    return found[0] if found else ""


def contradictions(prompt: Prompt) -> list[str]:
    """A sentence for each shot whose reply gives no label, or another one than is on record as its answer."""
    found: list[str] = []
    for number, shot in enumerate(prompt.shots, 1):
        asked = replace(shot.question, answer_style=prompt.answer_style)
        read = given(shot.reply, asked)
        if shot.label and read != shot.label:
            gives = f"gives the answer {asked.written(read)}" if read else "gives no answer that is a choice"
            found.append(f"The reply of shot {number} {gives}, and the answer on record is {asked.written(shot.label)}.")
    return found


def _named(reply: str) -> str:
    """What a reply ends in after "the answer is" and the like, or the whole reply, if that is short."""
    lines = [line for line in reply.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    stated = _STATED.search(last)
    name = (stated[1] if stated else last if len(lines) == 1 else "").strip(" \t\"'“”‘’*_`.!")
    return name if name and len(name.split()) <= _WORDS else ""
