"""A reply of any text gives a label of the question or none, and is read in time that is linear in its length."""

from selfamplify import Choice, Question
from selfamplify.answering.recovery import recover
from selfamplify.answering.rules import RULES

from .broken import Broken

LABELS = ("ABCD", "ABCDEFGHIJ", "12", "ab", ("AA", "AB", "B"), ("Y", "N"), ("A", "I"), ("positive", "negative"))
TEXTS = ("wet palms", "dry palms", "palms covered with oil", "palms", "", "...", "not wet", "B", "all of the above", "一")


def check(data: bytes) -> str:
    """The first byte chooses the labels, the second the texts of choices; what follows is the reply in UTF-8."""
    labels, start = LABELS[data[0] % len(LABELS)], data[1]
    choices = tuple(Choice(label, TEXTS[(start + place) % len(TEXTS)]) for place, label in enumerate(labels))
    reply = data[2:].decode(errors="surrogateescape" if data[0] & 128 else "replace")
    found = recover(reply, Question("q", "Which?", choices, choices[0].label))
    if found is None:
        return "none"
    label, rule = found
    if label not in {choice.label for choice in choices} or rule not in RULES:
        raise Broken(f"{found!r} is no label of the question, or no rule")
    return rule
