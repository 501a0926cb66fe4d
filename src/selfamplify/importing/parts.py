"""What a first user turn is made of, an instruction and a question; and what the questions of shots have in common."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..records import Choice, Layout
from ..text.offered import LETTERS, lettered

_MARKER = re.compile(r"[^\W\d_][\w ]{0,30}:")
"""What a line begins with that introduces a question, such as ``Review:``."""
_CHOICES = ((" (", ") "), ("\n(", ") "), ("\n", ". "), ("\n", ") "), ("\n", ": "), (" ", ") "), (" ", ". "))
"""What may stand before and after the letter of a choice; that of our own prompts is the first."""


@dataclass(frozen=True)
class Opening:
    """A first user turn: ``instruction``, a line feed, ``question``; and ``how`` it was divided, in words."""

    instruction: str
    question: str
    how: str


def opening(first: str, others: Sequence[str], around: tuple[str, ...]) -> Opening:
    """Where the instruction of a first user turn ends.

    Parameters
    ----------
    first, others : str, sequence of str
        The first user turn, and those of the other shots.
    around : tuple of str
        What stands around a new question.
    """
    heads = {found[0] if (found := _MARKER.match(turn)) else "" for turn in others}
    common = around[0].rstrip() or (heads.pop() if len(heads) == 1 else "")
    if common:
        place = first.rfind(f"\n{common}")
        if place >= 0:
            return _at(first, place, f'The instruction is the first user turn up to "{common}"')
        return Opening("", first, "The first user turn has no instruction before its question")
    blank = first.rfind("\n\n")
    if blank >= 0 and not any("\n\n" in turn for turn in others):
        return _at(first, blank + 1, "The instruction is the first user turn up to its last blank line")
    line = first.rfind("\n")
    if line >= 0 and others and not any("\n" in turn for turn in others):
        return _at(first, line, "The instruction is the first user turn but for its last line")
    return Opening("", first, "The first user turn is taken as a question without an instruction")


def _at(first: str, place: int, how: str) -> Opening:
    if not first[:place]:  # an instruction without text would lose the line feed after it
        return Opening("", first, "The first user turn is taken as a question without an instruction")
    return Opening(first[:place], first[place + 1 :], how)


def frame(questions: Sequence[str]) -> tuple[str, str]:
    r"""What all questions begin with, such as ``"Review: "``, and end with, as ``"\nSentiment:"``; "" if they differ."""
    if len(questions) < 2:
        return "", ""
    heads = {f"{found[0]} " if (found := _MARKER.match(question)) else "" for question in questions}
    ends = {question[question.rfind("\n") :] if question.endswith(":") and "\n" in question else "" for question in questions}
    return heads.pop() if len(heads) == 1 else "", ends.pop() if len(ends) == 1 else ""


def within(turns: Sequence[str], around: tuple[str, ...]) -> list[str] | None:
    """The questions within turns; None if not all turns have what stands around a question."""
    asked = map(Layout(around).asked, turns)
    found = [each for each in asked if each is not None]
    return found if len(found) == len(turns) else None


def choices_of(questions: Sequence[str]) -> tuple[tuple[str, str], list[tuple[str, tuple[Choice, ...]]]] | None:
    """How the questions show their choices, and each question without and with them; None if they show none.

    All must show them in the same way, so that every question is its text and its choices again.
    """
    for marks in _CHOICES:
        found = [lettered(question, LETTERS, *marks) for question in questions]
        if found and all(choices for _, choices in found):
            return marks, [(text, tuple(Choice(*each) for each in choices)) for text, choices in found]
    return None
