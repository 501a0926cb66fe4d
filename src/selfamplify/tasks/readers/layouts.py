"""The layouts of choices and answers. Each is read by a function of the value alone.

A function raises ``BadRow`` to say why the row can't be used.
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
            raise BadRow(f"{len(self.texts)} choices, but there are only {len(LETTERS)} letters for them")
        if self.labels and not len(set(map(str.casefold, self.labels))) == len(self.labels) == len(self.texts):
            raise BadRow(f"the choice labels {', '.join(self.labels)} do not distinguish {len(self.texts)} choices")


def clean(name: str, value: Any) -> str:
    """``value`` as the text of ``name``, stripped. Raises BadRow if it is empty, not text, or not valid Unicode."""
    if value is None or isinstance(value, str) and not value.strip():
        raise BadRow(f"no {name}")
    if not isinstance(value, str | int | float):
        raise BadRow(f"the {name} is of type {type(value).__name__}, not text")
    text = value.strip() if isinstance(value, str) else json.dumps(value)
    odd = re.search("[\0\ud800-\udfff]", text)
    if odd:
        what = "a NUL character" if odd[0] == "\0" else f"{odd[0]!r} (not valid UTF-8)"
        raise BadRow(f"the {name} contains {what} at character {odd.start() + 1}")
    return text


def listed(value: Any) -> Offer:
    """Choices with a value of their own.

    The value is a nested ``[{"text", "label"}]``, the hub's flat ``{"text": [], "label": []}``, ``{"A": text}``, a list of
    texts, or any of these as JSON text, or texts separated by ``|``.
    """
    if isinstance(value, str):
        value = _decoded(value)
    if isinstance(value, dict):
        flat = isinstance(value.get("text"), list)
        texts, labels = (value["text"], value.get("label") or []) if flat else (value.values(), value)
    elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
        texts, labels = [item.get("text") for item in value], [item["label"] for item in value if "label" in item]
    elif isinstance(value, list):
        texts, labels = value, []
    else:
        raise BadRow(f"the choices are of type {type(value).__name__}, not a list")
    return Offer(
        tuple(clean(f"choice {number}", text) for number, text in enumerate(texts, 1)),
        tuple(clean("choice label", label).strip("()") for label in labels),
    )


def _decoded(text: str) -> Any:
    if text.lstrip().startswith(("[", "{")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadRow('the choices are malformed JSON; write ["x", "y"] or x|y') from error
    return text.split("|") if text.strip() else []


def winner(scores: Mapping[str, Any]) -> str:
    """The answer in BIG-bench's ``target_scores``, such as ``{"Yes": 1, "No": 0}``."""
    best = [name for name, score in scores.items() if isinstance(score, int | float) and score > 0]
    if len(best) != 1:
        raise BadRow(f"target_scores has {len(best)} positive scores; it must have exactly one")
    return best[0]


def answer_index(answer: str, offer: Offer) -> int:
    """The index of the choice that ``answer`` names by the row's own label, a letter, a number from 1 on, or its text."""
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
        raise BadRow(f"the answer {answer!r} is not one of the choices {', '.join(LETTERS[: len(offer.texts)])}")
    if len(found) > 1:
        raise BadRow(f"the answer {answer!r} matches more than one choice; write the letter or the number of the right one")
    return found.pop()


def _place(bare: str) -> int:
    """The index that a letter or number stands for; for anything else, one that no choice has."""
    if len(bare) == 1 and bare.upper() in LETTERS:
        return LETTERS.index(bare.upper())
    if bare.isascii() and bare.isdecimal() and len(bare) <= 2 and int(bare) >= 1:
        return int(bare) - 1
    return len(LETTERS)
