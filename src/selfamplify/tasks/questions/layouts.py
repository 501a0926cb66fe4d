"""The layouts of choices. Each is read by a function of the value alone, which raises ``BadRow`` if it can't be used."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...text.lines import shortened
from ...text.offered import LETTERS
from ...text.scripts import half_width
from . import languages
from .faults import BadRow
from .listing import decoded

_TEXT_KEYS = (
    "text",
    "answerText",
    "answer_text",
    "answer",
    "option",
    "choice",
    "content",
    "value",
    "label",
    "title",
    "body",
    "caption",
    *languages.TEXT_KEYS,
)
_LABEL_KEYS = ("label", "key", "letter", "option_letter", "id", "option_id", "choice_id", "answer_id", "a_id")
_FLAG_KEYS = (
    "correct",
    "is_correct",
    "isCorrect",
    "right",
    "isRight",
    "is_right",
    "is_answer",
    "isAnswer",
    "score",
    *languages.FLAG_KEYS,
)
_MARK = re.compile(
    r"\s*(?:[(（\[]\s*([A-Za-zＡ-Ｚａ-ｚ]|\d{1,2})\s*[)）\]]|([A-Za-zＡ-Ｚａ-ｚ])\s*[.):．：、）]|(\d{1,2})(?:[)：、）]|[.:．](?=\s)))\s*(?=\S)"
)
"""(A) x, [A] x, A) x, A. x, A: x, 1) x or "1. x"; a number before a point needs a space after it."""

_BARE = re.compile(r"[(（\[]?[A-Z][)）\].:．、]")
"""A mark without a choice."""


_ODD = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Offer:
    """The choices of one row.

    Parameters
    ----------
    texts : tuple of str
        Their texts, in order.
    labels : tuple of str, default ()
        The row's own labels for them, if it has any.
    right : int or None, default None
        The index of the right choice, if the choices themselves say which it is.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...] = ()
    right: int | None = None

    def __post_init__(self) -> None:
        if len(self.texts) < 2:
            raise BadRow(f"only one choice, {shortened(self.texts[0])!r}" if self.texts else "no choices")
        if len(self.texts) > len(LETTERS):
            raise BadRow(f"{len(self.texts)} choices, but there are only {len(LETTERS)} letters for them")
        if self.labels and not len(set(map(str.casefold, self.labels))) == len(self.labels) == len(self.texts):
            raise BadRow(f"the choice labels {', '.join(self.labels)} do not distinguish {len(self.texts)} choices")


def clean(name: str, value: Any) -> str:
    """``value`` as the text of ``name``, stripped. Raises BadRow if it is empty, not text, or not valid Unicode."""
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, int | float):
        text = str(value) if type(value) is int else json.dumps(value)
    elif value is not None:
        raise BadRow(f"the {name} is of type {type(value).__name__}, not text")
    else:
        text = ""
    if not text:
        raise BadRow(f"no {name}")
    if odd := _ODD.search(text):
        what = "a NUL character" if odd[0] == "\0" else f"{odd[0]!r} (not valid UTF-8)"
        raise BadRow(f"the {name} contains {what} at character {odd.start() + 1}")
    return text


def listed(value: Any, separator: str | None = None) -> Offer:
    """Choices with a value of their own.

    Parameters
    ----------
    value : list, mapping or str
        A list of texts, a nested ``[{"text", "label"}]``, whose items may also say whether they are correct, the hub's flat
        ``{"text": [], "label": []}``, ``{"A": text}``, any of these as JSON text or as Python prints it, or texts with a
        separator.
    separator : str or None, default None
        What separates choices in a text.
    """
    return unmarked(_offer(decoded(value, separator) if isinstance(value, str) else value))


def _offer(value: Any) -> Offer:
    if isinstance(value, dict):
        flat = next((value[key] for key in ("text", "choices") if isinstance(value.get(key), list)), None)
        if flat is None:
            return _labelled(*_without_missing(value))
        flags = value.get("labels")  # TruthfulQA's targets: 1 for a right choice
        right = None if flags is None else _right(_listed("labels", flags))
        return replace(_labelled(flat, _listed("label", value.get("label") or [])), right=right)
    if isinstance(value, list | tuple) and value and all(isinstance(item, dict) for item in value):
        labels = [own for item in value if (own := _first(item, _LABEL_KEYS)) is not None]
        texts = [_first(item, _TEXT_KEYS) for item in value]
        flags = [_first(item, _FLAG_KEYS) for item in value]
        named = labels if len(labels) == len(texts) and labels != texts else []
        return replace(_labelled(texts, named), right=_right(flags) if has_flags(value) else None)
    if isinstance(value, list | tuple):
        return _labelled(value, [])
    raise BadRow(f"the choices are of type {type(value).__name__}, not a list")


def _listed(name: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise BadRow(f"the {name!r} of the choices is of type {type(value).__name__}, not a list")
    return value


def _without_missing(value: Mapping[str, Any]) -> tuple[list[Any], list[str]]:
    """The choices of an object and their keys, without None at the end: parquet files give all rows the same keys."""
    texts, labels = list(value.values()), list(value)
    while texts and texts[-1] is None:
        texts.pop()
    return texts, labels[: len(texts)]


def _labelled(texts: Sequence[Any], labels: Sequence[Any]) -> Offer:
    return Offer(
        tuple(clean(f"choice {number}", text) for number, text in enumerate(texts, 1)),
        tuple(clean("choice label", label).strip("()") for label in labels),
    )


def has_flags(value: Any) -> bool:
    """Whether a list of choices says which of them are right."""
    items = value if isinstance(value, list) else []
    return bool(items) and all(isinstance(item, dict) and any(key in item for key in _FLAG_KEYS) for item in items)


def _first(item: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((item[key] for key in keys if key in item), None)


def _right(flags: Sequence[Any]) -> int:
    """The place of the only true flag. Raises BadRow if there is not exactly one."""
    true = [place for place, flag in enumerate(flags) if _positive(flag)]
    if len(true) != 1:
        raise BadRow(f"{len(true)} choices are marked as right; exactly one must be")
    return true[0]


def _positive(value: Any) -> bool:
    return value > 0 if isinstance(value, int | float) else value in ("true", "True", "1", "yes")


def unmarked(offer: Offer) -> Offer:
    """The offer without marks such as "(A)" or "A." before its choices, which become its labels, if each one has its own.

    Raises BadRow if a single mark is out of order.
    """
    if not _MARK.match(offer.texts[0]) and not _BARE.fullmatch(offer.texts[0]):
        return offer
    found = [_MARK.match(text) for text in offer.texts]
    marks = [half_width(next(filter(None, mark.groups()))).upper() for mark in found if mark]
    bare = [text for text, mark in zip(offer.texts, found, strict=True) if not mark and _BARE.fullmatch(text)]
    if len(marks) == len(found) - 1 > 1 and bare:
        raise BadRow(f"the choice {bare[0]!r} has no text")
    if marks not in ([*LETTERS[: len(found)]], [str(number + 1) for number in range(len(found))]):
        if len(marks) == len(found) > 2 and sum(map(str.__ne__, marks, LETTERS)) == 1:
            raise BadRow(f"the choices are marked {', '.join(marks)}; number them in order")
        return offer
    if offer.labels and [label.upper() for label in offer.labels] != marks:
        return offer
    return replace(
        offer,
        texts=tuple(text[mark.end() :].strip() for text, mark in zip(offer.texts, found, strict=True) if mark),
        labels=tuple(marks),
    )


def are_truths(value: Any) -> bool:
    """Whether an object says of each choice whether it is right."""
    return (
        isinstance(value, Mapping)
        and len(value) > 1
        and all(str(flag).casefold() in ("true", "false") for flag in value.values())
    )


def winner(scores: Mapping[str, Any]) -> str:
    """The answer in BIG-bench's ``target_scores``, such as ``{"Yes": 1}``, or in ``{"answer_a_correct": "true"}``."""
    best = [name for name, score in scores.items() if _positive(score)]
    if len(best) != 1:
        raise BadRow(f"the answers have {len(best)} positive scores; exactly one must be positive")
    return best[0].removesuffix("_correct")
