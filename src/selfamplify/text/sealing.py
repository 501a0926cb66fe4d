"""Seals: a file of results records the digest of what it holds, so that a change by hand is found.

A seal is no signature: whoever changes a file on purpose can compute its digest anew.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DataError
from .lines import sha256

_KEY = "digest"


def seal(data: object) -> str:
    """The SHA-256 of everything that JSON data holds but its seconds, which are measurements and differ from run to run."""
    return sha256(json.dumps(_lasting(json.loads(json.dumps(data))), sort_keys=True))


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with its digest."""
    return {**data, _KEY: seal(data)}


def unsealed(data: Any, file: Path, command: str) -> dict[str, Any]:
    """The data without its digest.

    Raises KeyError or TypeError if it has none, and DataError if the digest is not that of the data, which ``command`` makes
    again.
    """
    recorded = data[_KEY]
    own = {key: value for key, value in data.items() if key != _KEY}
    if recorded != seal(own):
        raise changed(file, command)
    return own


def changed(file: Path, command: str) -> DataError:
    """The error for a file that is not as it was written."""
    return DataError(
        f"{file} does not match its digest, so it was edited, or an earlier version made it; run {command} again to restore "
        f"it: finished work is not repeated."
    )


def _lasting(data: object) -> object:
    """The data without its seconds; a count of answers may have that name, too, but is a whole number."""
    if isinstance(data, dict):
        kept = {key: value for key, value in data.items() if not (key == "seconds" and isinstance(value, float))}
        return {key: _lasting(value) for key, value in kept.items()}
    return [_lasting(each) for each in data] if isinstance(data, list) else data
