"""Reading JSON files that somebody may have damaged."""

import json
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .lines import first_line, one_line

_DEEPEST = 100
"""Levels of a document: files of this package have a tenth of that, and later steps go through them recursively."""
_LONE = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape that may be half a surrogate pair."""


def read_json(file: Path) -> Any:
    """The JSON document in a file.

    Raises OSError if the file can't be read, ValueError if it is not JSON in UTF-8, is nested more than 100 levels deep, or
    holds half a surrogate pair.
    """
    return parsed(file.read_text(encoding="utf-8"))


def parsed(written: str) -> Any:
    """The JSON document in a text. Raises ValueError as ``read_json`` does."""
    deep = f"it is nested more than {_DEEPEST} levels deep"
    try:
        data = json.loads(written)
    except RecursionError:
        raise ValueError(deep) from None
    if not _within(data, _DEEPEST):
        raise ValueError(deep)
    if _LONE.search(written):
        try:
            json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("it holds half a surrogate pair") from None
    return data


def reason(error: Exception) -> str:
    """Why a document could not be used, in a few words: the place and the fault of the first value that is not as expected."""
    if not isinstance(error, ValidationError):
        return f"it has no {error}" if isinstance(error, KeyError) else first_line(error)
    first = error.errors()[0]
    return one_line(f"{'.'.join(map(str, first['loc']))}: {first['msg']}").removeprefix(": ")


def version_remedy(version: object, latest: int, otherwise: str) -> str:
    """What to do about a file of a version that can't be read: one of a later release needs that release."""
    return "update selfamplify" if isinstance(version, int) and version > latest else otherwise


def _within(data: Any, levels: int) -> bool:
    """Whether a document has at most so many levels."""
    level = [data]
    for _ in range(levels):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return True
    return not any(isinstance(each, dict | list) for each in level)
