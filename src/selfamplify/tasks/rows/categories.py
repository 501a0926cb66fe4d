"""Questions that a JSON document holds by category: lists of objects that ask, under several keys or in objects of keys."""

from collections.abc import Mapping
from typing import Any

SIDES = frozenset(("train", "test", "validation", "valid", "dev"))
"""What the sides of a split are called."""

_ASKED = {"question", "question_text", "questiontext", "stem", "choices", "options"}
_DEPTH = 3


def categories_of(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The lists of questions in a document by the keys that lead to them, or nothing if it may hold anything else.

    The sides of a split are no categories, and neither is a single list.
    """
    found = _lists(document, "", _DEPTH) or {}
    is_split = SIDES.issuperset(key.rpartition(".")[2] for key in found)
    return {} if is_split or len(found) < 2 and not any("." in key for key in found) else found


def _lists(value: Mapping[str, Any], before: str, depth: int) -> dict[str, list[dict[str, Any]]] | None:
    """All lists in a value; None if one of them does not ask. Single values beside them count on the first level only."""
    found: dict[str, list[dict[str, Any]]] = {}
    for key, inner in value.items():
        if isinstance(inner, list) and inner and all(map(_asks, inner)):
            found[before + key] = inner
        elif isinstance(inner, Mapping) and inner and depth:
            deeper = _lists(inner, f"{before}{key}.", depth - 1)
            if deeper is None:
                return None
            found |= deeper
        elif isinstance(inner, list | Mapping) or before:
            return None
    return found


def _asks(item: Any) -> bool:
    return isinstance(item, dict) and not _ASKED.isdisjoint(map(str.casefold, item))
