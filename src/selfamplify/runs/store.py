"""The store of a run folder: one SQLite file that is cache, ledger and log at once, and one process that writes it.

A unit of work is found under the hash of its stage and of all that its record depends on. A batch of units is committed in one
transaction before it is counted, so that after a kill -9 the same command recalls what was finished and goes on behind it, in
the same batches. Every record carries a checksum; a damaged one is computed again.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from ..errors import (
    ContextError,
    DataError,
    ExplanationError,
    RunError,
    SelectionError,
    SettingsError,
)
from ..work.memory import (
    AbstractMemory,
    Item,
    Progress,
    Record,
    Stage,
    silent,
)

FILE_NAME = "run.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS units (
    key TEXT PRIMARY KEY, stage TEXT NOT NULL, record TEXT NOT NULL, checksum TEXT NOT NULL,
    finished TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (what TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Store(AbstractMemory):
    """The memory of a run folder, open in a ``with`` statement; it holds the folder's lock meanwhile."""

    def __init__(self, folder: str | Path, progress: Progress = silent):
        self._folder = Path(folder)
        self.progress = progress

    def __enter__(self) -> "Store":
        with ExitStack() as opened:
            self._hold()
            opened.callback(self._release)
            with self._told():
                self._file = sqlite3.connect(self._folder / FILE_NAME)
                opened.callback(self._file.close)
                self._file.text_factory = lambda data: data.decode(errors="replace")
                self._file.execute("PRAGMA journal_mode=WAL")
                self._file.executescript(_SCHEMA)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()

    def _hold(self) -> None:
        """Take the folder's lock and leave this process's number there, for whoever finds the folder locked."""
        self._lock = FileLock(self._folder / ".lock")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            (self._folder / ".holder").write_text(f"process {os.getpid()}", encoding="utf-8")
        except Timeout:
            holder = _read(self._folder / ".holder") or "another process"
            raise RunError(f"{self._folder} is in use by {holder}; wait for it, or use another --out.") from None
        except OSError as error:
            self._lock.release()
            raise RunError(f"The run folder {self._folder} can't be written ({error.strerror}); use another --out.") from error

    def _release(self) -> None:
        (self._folder / ".holder").unlink(missing_ok=True)
        self._lock.release()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell an error of the database as one of ours."""
        file = self._folder / FILE_NAME
        try:
            yield
        except sqlite3.OperationalError as error:
            raise RunError(
                f"{file} can't be written ({error}); make room or mend the permissions, then run the same command again: what "
                f"is finished is kept; or use another --out."
            ) from error
        except sqlite3.DatabaseError as error:
            raise RunError(f"{file} is damaged, or no store of this package ({error}); use another --out.") from error

    @contextmanager
    def claimed(self, what: str, settings: Mapping[str, Any]) -> Iterator[None]:
        """Make ``what`` ("prompt" or "results") under settings, or refuse others than it was begun with, with the difference.

        An error whose remedy is to change the settings leaves them free to change.
        """
        wanted = json.loads(json.dumps(settings))
        made = self._settings(what) or wanted
        changes = [
            _difference(key, made.get(key), wanted.get(key))
            for key in sorted(made.keys() | wanted.keys())
            if made.get(key) != wanted.get(key)
        ]
        if changes:
            raise RunError(
                f"What {self._folder} holds ({what}) was begun with other settings ({'; '.join(changes)}); "
                f"use those again, or another --out."
            )
        with self._told(), self._file:
            self._file.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (what, json.dumps(wanted)))
        try:
            yield
        except (SettingsError, SelectionError, ContextError, DataError, ExplanationError):
            with self._told(), self._file:
                self._file.execute("DELETE FROM settings WHERE what = ?", (what,))
            raise

    def _settings(self, what: str) -> dict[str, Any] | None:
        """The settings under which something was begun."""
        with self._told():
            row = self._file.execute("SELECT value FROM settings WHERE what = ?", (what,)).fetchone()
        try:
            return json.loads(row[0]) if row else None
        except (ValueError, TypeError) as error:
            raise RunError(f"{self._folder / FILE_NAME} is damaged (its settings); use another --out.") from error

    def keys(self, stage: Stage[Item, Record], items: Sequence[Item], start: int) -> list[Hashable]:
        return [_checksum(json.dumps([stage.name, stage.identity(item)], ensure_ascii=True)) for item in items]

    def keep(self, stage: Stage[Item, Record], records: Mapping[Hashable, Record]) -> None:
        adapter = TypeAdapter(stage.record)
        texts = [(key, adapter.dump_json(record).decode()) for key, record in records.items()]
        rows = [(key, stage.name, text, _checksum(text)) for key, text in texts]
        with self._told(), self._file:
            self._file.executemany("INSERT OR REPLACE INTO units (key, stage, record, checksum) VALUES (?, ?, ?, ?)", rows)

    def find(self, stage: Stage[Item, Record], keys: Sequence[Hashable]) -> dict[Hashable, Record]:
        """The records that are there, undamaged and of their kind, by key."""
        adapter = TypeAdapter(stage.record)
        found: dict[Hashable, Record] = {}
        for key in keys:
            with self._told():
                row = self._file.execute("SELECT record, checksum FROM units WHERE key = ?", (key,)).fetchone()
            if row is not None and _checksum(str(row[0])) == row[1]:
                with suppress(ValidationError):
                    found[key] = adapter.validate_json(str(row[0]))
        return found


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _difference(key: str, made: Any, wanted: Any) -> str:
    """What a person can read of a changed setting; two hashes say no more than that they differ."""
    if isinstance(made, dict) and isinstance(wanted, dict):
        return "; ".join(_difference(part, made.get(part), wanted.get(part)) for part in made if made[part] != wanted.get(part))
    hashed = key.endswith(("_sha256", "_fingerprint"))
    return f"different {key.rsplit('_', 1)[0].replace('_', ' ')}" if hashed else f"{key}: {_short(made)} -> {_short(wanted)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
