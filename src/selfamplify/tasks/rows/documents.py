"""Reading JSON: documents with a list of examples, and one object per line, whichever name the file has."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import DataError
from .found import Found
from .orientations import examples_of, is_wrapper, not_an_object

_SAMPLE = 100


class _Repeated(dict[str, Any]):
    """An object in which a key occurs twice; Python would keep the last value only."""


def is_json(text: str) -> bool:
    """Whether text is JSON, whose commas would be taken for separators under the name of a table."""
    start = text[:4096].lstrip()[:1]
    if start not in ("[", "{"):
        return False
    line = text.strip().partition("\n")[0].strip()
    try:
        return line in ("[", "{") or isinstance(json.loads(line), dict | list)
    except (json.JSONDecodeError, RecursionError):
        return False


def read_json(path: Path, text: str, kind: str) -> Found:
    """The rows of a JSON document, or of JSON lines. ``kind`` is the file's suffix, which decides if the text does not."""
    if not text.strip():
        return Found((), ":")
    first, *more = islice(_json_lines(text), _SAMPLE)
    if kind == ".json" or not isinstance(first[1], Mapping) or (not more and is_wrapper(first[1])):
        try:
            document = _parsed(text)
        except ValueError as error:
            good = sum(isinstance(found, Mapping) for _, found in (first, *more))
            if kind == ".json" and 2 * good <= 1 + len(more):
                raise DataError(f"{path} is malformed JSON ({error}); fix it, or write one object per line.") from error
        else:
            if kind == ".json" or not isinstance(document, str | int | float | None):
                examples, notes = examples_of(path, document)
                numbered = (example if isinstance(example, str) else _mapping(example) for example in examples)
                return Found(enumerate(numbered, 1), ": example ", notes)
    return Found(_json_lines(text), ":")


def _json_lines(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    start, number = 0, 0
    while start < len(text):
        number += 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        if line and not line.isspace():
            try:
                yield number, _mapping(_parsed(line, number))
            except ValueError as error:
                yield number, f"malformed JSON ({error})"
        start = end + 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    for key in values:
        if not key.isascii() and any("\ud800" <= character <= "\udfff" for character in key):
            raise ValueError("half a surrogate pair in a name")
    return values if len(values) == len(pairs) else _Repeated(values)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=lambda name: None)
"""Reads NaN, which pandas writes for missing values, as None."""


def _parsed(text: str, first_line: int = 1) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise ValueError(f"{error.msg.removesuffix(' at')} at line {line}, column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _mapping(value: Any) -> dict[str, Any] | str:
    if not isinstance(value, dict):
        return not_an_object(value)
    for part in (value, *value.values()):
        if type(part) is _Repeated:
            return "an object has the same key twice; remove one of the two"
    return value
