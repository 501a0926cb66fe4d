"""Choices that are written in the question's text: ``(A) x (B) y``, lines such as ``A. x``, or a list of options."""

import re
from typing import Any

from ...text.offered import LETTERS
from ...text.scripts import UNSPACED, half_width
from ...text.segments import MARKS
from .faults import BadRow
from .layouts import Offer, clean

_ALPHABETS = (LETTERS, LETTERS.lower(), tuple(map(str, range(1, len(LETTERS) + 1))))
_BRACKETED = re.compile(rf"(?:(?:(?<=[\s{MARKS}{UNSPACED}])|^)\(|（)([A-Za-zＡ-Ｚａ-ｚ]|\d{{1,2}})[)）]")
_AT_LINE_START = re.compile(r"(?:^|\n)[ \t]*([A-Za-zＡ-Ｚａ-ｚ]|\d{1,2})(?:[).:](?=[ \t])|[．：、）])[ \t]*")
_IN_LINE = re.compile(r"(?:(?<=\s)|^)([A-Za-z])[).](?=\s)[ \t]*")
_HEADING = re.compile(r"(?:answer )?(?:options|choices)\s*:\Z", re.IGNORECASE)
_BULLETS = re.compile(r"\n(?:answer )?(?:options|choices):[ \t]*\r?\n((?:[ \t]*- [^\n]*(?:\n|\Z))+)\s*\Z", re.IGNORECASE)
_CUE = re.compile(r"(?:the )?(?:correct )?answer(?: is)?\s*:?", re.IGNORECASE)


def written(text: str, answer: Any = None) -> tuple[str, Offer] | None:
    """The stem and the choices that are written at the end of ``text``, or None if there are no such choices.

    Marks in brackets, such as (A), come first; without two of them, marks at the beginnings of lines, such as "A. x"; without
    two of these, three or more marks inside a line. The stem and the choices may contain marks too. The longest sequence of
    marks from an alphabet's first label on counts, and the later of two. If there are sequences in several alphabets (A, a or
    1), the one with the answer is preferred.
    """
    text = _without_cue(text)
    bullets = _BULLETS.search(text)
    if bullets:
        items = [line.strip().removeprefix("- ") for line in bullets[1].strip().splitlines()]
        return text[: bullets.start()], Offer(tuple(clean("choice", item) for item in items))
    alone = None
    for style, least in ((_BRACKETED, 2), (_AT_LINE_START, 2), (_IN_LINE, 3)):
        marks = list(style.finditer(text))
        chain = _best(marks, answer)
        if len(chain) >= least:
            return _cut(text, marks, chain)
        alone = alone or (marks, chain) if style is _BRACKETED and chain else alone
    return _cut(text, *alone) if alone else None


# The patterns of these two begin with no white space: searched over many blank lines, such a pattern takes quadratic time.
def _without_cue(text: str) -> str:
    """The text without a last line such as "Answer:"."""
    head, line_end, last = text.rstrip().rpartition("\n")
    return head.rstrip() if line_end and _CUE.fullmatch(last.strip()) else text


def _without_heading(stem: str) -> str:
    """The stem without "Options:" at its end, if that is a sentence or a line of its own."""
    heading = _HEADING.search(stem.rstrip())
    before = stem[: heading.start()] if heading else ""
    bare = before.rstrip()
    return bare if bare.endswith((".", "?", "!")) or "\n" in before[len(bare) :] else stem


def _best(marks: list[re.Match[str]], answer: Any) -> list[re.Match[str]]:
    """The sequence of marks that are the choices'; empty if there is none."""
    bare = half_width(str(answer)).strip("() ")
    chains = [chain for alphabet in _ALPHABETS if (chain := _longest(marks, alphabet))]

    def preferred(chain: list[re.Match[str]]) -> tuple[bool, bool, int]:
        return len(chain) > 1, bare in map(_label, chain), chain[-1].start()

    return max(chains, key=preferred, default=[])


def _cut(text: str, marks: list[re.Match[str]], chain: list[re.Match[str]]) -> tuple[str, Offer]:
    """The text before the first of the marks, and the texts after each. Raises BadRow if a label occurs twice."""
    labels = tuple(map(_label, chain))
    later = [mark for mark in marks if mark.start() > chain[0].start() and mark not in chain]
    repeated = [label for label in map(_label, later) if label in labels]
    if repeated:
        raise BadRow(f"the choice label ({repeated[0]}) occurs twice")
    ends = [*(mark.start() for mark in chain[1:]), len(text)]
    texts = [clean(f"choice ({_label(mark)})", text[mark.end() : end]) for mark, end in zip(chain, ends, strict=True)]
    return _without_heading(text[: chain[0].start()]), Offer(tuple(texts), labels)


def _label(mark: re.Match[str]) -> str:
    return half_width(mark[1])


def _longest(marks: list[re.Match[str]], alphabet: str | tuple[str, ...]) -> list[re.Match[str]]:
    """The longest sequence of marks that begins with the alphabet's first label; the latest, if there are several."""
    length = 0
    for mark in marks:
        if length < len(alphabet) and _label(mark) == alphabet[length]:
            length += 1
    chain: list[re.Match[str]] = []
    for mark in reversed(marks):
        if len(chain) < length and _label(mark) == alphabet[length - 1 - len(chain)]:
            chain.insert(0, mark)
    return chain
