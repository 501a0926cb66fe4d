"""The settings with which something was begun in a run folder: kept twice, with a checksum, since a run can't go on without.

What is finished does not depend on them: a unit is found under the hash of all that it depends on.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..text.lines import sha256

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (what TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spare_settings (
    what TEXT PRIMARY KEY, value TEXT NOT NULL, checksum TEXT NOT NULL
) WITHOUT ROWID;
"""


def keep(store: sqlite3.Connection, what: str, settings: Mapping[str, Any]) -> None:
    """Keep the settings of ``what`` in both tables."""
    value = json.dumps(settings)
    store.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (what, value))
    store.execute("INSERT OR REPLACE INTO spare_settings VALUES (?, ?, ?)", (what, value, sha256(value)))


def forget(store: sqlite3.Connection, what: str) -> None:
    """Forget the settings of ``what``."""
    store.execute("DELETE FROM settings WHERE what = ?", (what,))
    store.execute("DELETE FROM spare_settings WHERE what = ?", (what,))


def kept(store: sqlite3.Connection) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """The settings of each thing that was begun, and the things whose settings are damaged in both places."""
    first = _rows(store, "SELECT what, value FROM settings")
    spare = _rows(store, "SELECT what, value, checksum FROM spare_settings")
    found: dict[str, dict[str, Any]] = {}
    damaged: list[str] = []
    for what in sorted(first.keys() | spare.keys()):
        made = _sound(first.get(what), spare.get(what))
        if made is None:
            damaged.append(what)
        else:
            found[what] = made
    return found, tuple(damaged)


def _sound(first: Sequence[Any] | None, spare: Sequence[Any] | None) -> dict[str, Any] | None:
    """The copy that has the checksum; or what both copies say, or the only one, which an earlier version wrote."""
    texts = [copy[0] for copy in (first, spare) if copy is not None]
    sound = [text for text in texts if spare is not None and sha256(str(text)) == spare[1]]
    if not sound and (spare is None or len(set(texts)) < len(texts)):
        sound = texts
    try:
        made = json.loads(sound[0])
    except (LookupError, ValueError, TypeError, RecursionError):
        return None
    return made if isinstance(made, dict) else None


def _rows(store: sqlite3.Connection, query: str) -> dict[str, Sequence[Any]]:
    """The rows of a table by their first column; none if there is no such table, or it is damaged."""
    with suppress(sqlite3.DatabaseError):
        return {str(what): row for what, *row in store.execute(query)}
    return {}
