"""Choices that are written in the question's text, as ``(A) x (B) y`` or as a list of options."""

import re
from typing import Any

from ..task import LETTERS
from .layouts import BadRow, Offer, clean

_ALPHABETS = (LETTERS, LETTERS.lower(), tuple(map(str, range(1, len(LETTERS) + 1))))
_MARK = re.compile(r"(?:(?<=\s)|^)\(([A-Za-z]|\d{1,2})\)")
_HEADING = re.compile(r"(?<=[.?!\n])\s*(?:answer )?(?:options|choices)\s*:\s*$", re.IGNORECASE)
_BULLETS = re.compile(r"\n(?:answer )?(?:options|choices):[ \t]*\r?\n((?:[ \t]*- [^\n]*(?:\n|\Z))+)\s*\Z", re.IGNORECASE)


def written(text: str, answer: Any = None) -> tuple[str, Offer] | None:
    """The stem and the choices that are written at the end of ``text``, or None if there are no such choices.

    The stem and the choices may contain marks such as (A) too. The longest sequence of marks from an alphabet's first label on
    counts, and the later of two. If there are sequences in several alphabets (A, a or 1), the one with the answer is preferred.
    """
    bullets = _BULLETS.search(text)
    if bullets:
        items = [line.strip().removeprefix("- ") for line in bullets[1].strip().splitlines()]
        return text[: bullets.start()], Offer(tuple(clean("choice", item) for item in items))
    marks = list(_MARK.finditer(text))
    chains = [chain for alphabet in _ALPHABETS if (chain := _longest(marks, alphabet))]
    if not chains:
        return None
    bare = str(answer).strip("() ")
    best = max(chains, key=lambda chain: (len(chain) > 1, bare in [mark[1] for mark in chain], chain[-1].start()))
    labels = tuple(mark[1] for mark in best)
    repeated = [mark[1] for mark in marks if mark.start() > best[0].start() and mark not in best and mark[1] in labels]
    if repeated:
        raise BadRow(f"the choice label ({repeated[0]}) occurs twice")
    ends = [*(mark.start() for mark in best[1:]), len(text)]
    texts = [clean(f"choice ({mark[1]})", text[mark.end() : end]) for mark, end in zip(best, ends, strict=True)]
    return _HEADING.sub("", text[: best[0].start()]), Offer(tuple(texts), labels)


def _longest(marks: list[re.Match[str]], alphabet: str | tuple[str, ...]) -> list[re.Match[str]]:
    """The longest sequence of marks that begins with the alphabet's first label; the latest, if there are several."""
    length = 0
    for mark in marks:
        if length < len(alphabet) and mark[1] == alphabet[length]:
            length += 1
    chain: list[re.Match[str]] = []
    for mark in reversed(marks):
        if len(chain) < length and mark[1] == alphabet[length - 1 - len(chain)]:
            chain.insert(0, mark)
    return chain
