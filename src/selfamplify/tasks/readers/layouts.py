"""The layouts that choices and answers come in, each read by a function of the value alone.

``BadRow`` says why a row can't be used; whoever collects rows catches it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..task import LETTERS


class BadRow(ValueError):
    """Why one row can't be used."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The choices of one row: their texts in order, and the row's own labels for them, if it has any."""

    texts: tuple[str, ...]
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.texts) < 2:
            raise BadRow(f"only one choice, {self.texts[0]!r}" if self.texts else "no choices")
        if len(self.texts) > len(LETTERS):
            raise BadRow(f"{len(self.texts)} choices; at most {len(LETTERS)} can be lettered")
        if self.labels and not len(set(map(str.casefold, self.labels))) == len(self.labels) == len(self.texts):
            raise BadRow(f"the choice labels {', '.join(self.labels)} do not tell {len(self.texts)} choices apart")


def clean(name: str, value: Any) -> str:
    """``value`` as the text of ``name``, stripped; refused where it is empty, no text, or no valid Unicode."""
    if value is None or isinstance(value, str) and not value.strip():
        raise BadRow(f"no {name}")
    if not isinstance(value, str | int | float):
        raise BadRow(f"the {name} is a {type(value).__name__}, text was expected")
    text = value.strip() if isinstance(value, str) else json.dumps(value)
    odd = re.search("[\0\ud800-\udfff]", text)
    if odd:
        what = "a NUL character" if odd[0] == "\0" else f"{odd[0]!r}, which is no valid UTF-8"
        raise BadRow(f"the {name} holds {what} at character {odd.start() + 1}")
    return text


_ALPHABETS = (LETTERS, LETTERS.lower(), tuple(map(str, range(1, len(LETTERS) + 1))))
_MARK = re.compile(r"(?:(?<=\s)|^)\(([A-Za-z]|\d{1,2})\)")
_HEADING = re.compile(r"(?<=[.?!\n])\s*(?:answer )?(?:options|choices)\s*:\s*$", re.IGNORECASE)
_BULLETS = re.compile(r"\n(?:answer )?(?:options|choices):[ \t]*\r?\n((?:[ \t]*- [^\n]*(?:\n|\Z))+)\s*\Z", re.IGNORECASE)


def written(text: str, answer: Any = None) -> tuple[str, Offer] | None:
    """The stem and the choices that are written at the end of ``text``, as ``(A) x (B) y`` or as a list of options.

    The text may use such marks in its stem or inside a choice too: the longest sequence from the first label on counts, the
    later one of two, and in the alphabet (A, a or 1) of the answer, if that decides. None where there is no first label.
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
    """The latest of the longest runs of labels that begin with the alphabet's first."""
    length = 0
    for mark in marks:
        if length < len(alphabet) and mark[1] == alphabet[length]:
            length += 1
    chain: list[re.Match[str]] = []
    for mark in reversed(marks):
        if len(chain) < length and mark[1] == alphabet[length - 1 - len(chain)]:
            chain.insert(0, mark)
    return chain


def listed(value: Any) -> Offer:
    """Choices that stand in a value of their own.

    Nested ``[{"text", "label"}]``, the hub's flat ``{"text": [], "label": []}``, ``{"A": text}``, a list of texts, or the
    same written as JSON or separated by ``|``.
    """
    if isinstance(value, str):
        value = _unwritten(value)
    if isinstance(value, dict):
        flat = isinstance(value.get("text"), list)
        texts, labels = (value["text"], value.get("label") or []) if flat else (value.values(), value)
    elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
        texts, labels = [item.get("text") for item in value], [item["label"] for item in value if "label" in item]
    elif isinstance(value, list):
        texts, labels = value, []
    else:
        raise BadRow(f"the choices are a {type(value).__name__}, a list was expected")
    return Offer(
        tuple(clean(f"choice {number}", text) for number, text in enumerate(texts, 1)),
        tuple(clean("choice label", label).strip("()") for label in labels),
    )


def _unwritten(text: str) -> Any:
    if text.lstrip().startswith(("[", "{")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadRow('the choices are malformed JSON; write ["x", "y"] or x|y') from error
    return text.split("|") if text.strip() else []


def winner(scores: Mapping[str, Any]) -> str:
    """The answer of BIG-bench's ``target_scores``, ``{"Yes": 1, "No": 0}``."""
    best = [name for name, score in scores.items() if isinstance(score, int | float) and score > 0]
    if len(best) != 1:
        raise BadRow(f"{len(best)} of the target_scores are positive, one was expected")
    return best[0]


def answer_index(answer: str, offer: Offer) -> int:
    """Which choice ``answer`` names: by the row's own label, a letter, a number from 1 on, or the choice's text."""
    bare = answer[1:-1].strip() if answer.startswith("(") and answer.endswith(")") else answer
    labels = [label.casefold() for label in offer.labels]
    if bare.casefold() in labels:
        return labels.index(bare.casefold())
    place = _place(bare)
    by_place = {place} if place < len(offer.texts) else set[int]()
    by_text = {index for index, text in enumerate(offer.texts) if text == answer} or {
        index for index, text in enumerate(offer.texts) if text.casefold() == answer.casefold()
    }
    found = by_place | by_text
    if not found:
        raise BadRow(f"the answer {answer!r} is none of the choices {', '.join(LETTERS[: len(offer.texts)])}")
    if len(found) > 1:
        raise BadRow(f"the answer {answer!r} names more than one choice; write its letter")
    return found.pop()


def _place(bare: str) -> int:
    if len(bare) == 1 and bare.upper() in LETTERS:
        return LETTERS.index(bare.upper())
    if bare.isascii() and bare.isdecimal() and len(bare) <= 2 and int(bare) >= 1:
        return int(bare) - 1
    return len(LETTERS)
