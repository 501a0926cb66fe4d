"""What is wrong with an explanation that a model wrote, so that it must not become a rationale."""

import re
from collections import Counter
from collections.abc import Iterable

from ..text.lines import counted
from ..text.stop_words import STOP_WORDS
from .wording import copies_placeholders, without_conclusion

_SENTENCE_END = re.compile(r"(?<=[^\W\d_][.!?])\s+|(?<=[^\W\d_][.!?][\"'”’)])\s+|(?<=[。！？])")
"""Where a sentence ends; a number with a full stop, as in a list, is no end."""

EMPTY, COPIED, REPEATED, CUT = "said nothing", "copied the example", "said a sentence twice", "ended at the token limit"

_STEP = re.compile(r"\bstep\s?\d+\s?[:.)]")
_POINTING = STOP_WORDS | frozenset(
    """
    text texts sentence statement passage review question answer label author writer reviewer
    say says said show shows shown showed tell tells told state states indicate indicates suggest suggests
    mean means imply implies
    """.split()
)
"""Words that give no reason: "The text shows it." is the start that a reply is given, with an end that says nothing."""


def sentences(text: str) -> list[str]:
    """The sentences of a text on one line."""
    return [part for part in _SENTENCE_END.split(" ".join(text.split())) if part]


def fault(text: str, finished: bool, count: int) -> str | None:
    """What is wrong with an explanation of ``count`` sentences, in words that follow the count; None if nothing is.

    It must say more before its conclusion than that the text says so, hold no placeholder of an output example, not say a
    sentence twice, and, if it was cut at the token limit, be complete up to its ``count``-th sentence.
    """
    said = without_conclusion(text)
    if _POINTING.issuperset(re.findall(r"[^\W_]+", _STEP.sub("", said.casefold()))):
        return EMPTY
    if copies_placeholders(said):
        return COPIED
    parts = sentences(said)
    plain = [re.sub(r"^(?:step\s?)?\d+\s?[:.)]\s*|\W+$", "", part.casefold()) for part in parts[:count]]
    if len(set(plain)) < len(plain) or _loops(said):
        return REPEATED
    return None if finished or len(parts) > count else CUT


def _loops(text: str) -> bool:
    """Whether eight words follow each other twice in a row."""
    return re.search(r"\b((?:\S+\s+){8,60})\1", f"{text.casefold()} ") is not None


def counts_of(faults: Iterable[str], asked: int) -> str:
    """How many of the explanations have which fault, such as ``3 of 8 explanations copied the example``."""
    counts = Counter(faults)
    return "; ".join(f"{count} of {counted(asked, 'explanation')} {fault}" for fault, count in counts.items())
