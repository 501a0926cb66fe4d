"""The store of a run folder: one SQLite file that is cache, ledger and log at once, and one process that writes it.

A unit of work is found under the hash of its stage and of all that its record depends on. A batch of units is committed in one
transaction before it is counted, so that after a kill -9 the same command recalls what was finished and goes on behind it, in
the same batches. Every record carries a checksum; a damaged one is computed again.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from ..errors import ContextError, DataError, ExplanationError, RunError, SelectionError, SettingsError
from ..memory import AbstractMemory, Item, Progress, Record, Stage, batches, silent

FILE_NAME = "run.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS units (
    key TEXT PRIMARY KEY, stage TEXT NOT NULL, record TEXT NOT NULL, checksum TEXT NOT NULL,
    finished TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (command TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Store(AbstractMemory):
    """The memory of a run folder, open in a ``with`` statement; it holds the folder's lock meanwhile."""

    def __init__(self, folder: str | Path, progress: Progress = silent):
        self._folder = Path(folder)
        self._progress = progress

    def __enter__(self) -> "Store":
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self._folder / ".lock")
            self._lock.acquire(timeout=0)
        except Timeout:
            holder = _read(self._folder / ".holder") or "another process"
            raise RunError(f"{self._folder} is in use by {holder}; wait for it, or use another --out.") from None
        except OSError as error:
            raise RunError(f"The run folder {self._folder} can't be written ({error.strerror}); use another --out.") from error
        (self._folder / ".holder").write_text(f"process {os.getpid()}", encoding="utf-8")
        try:
            self._file = sqlite3.connect(self._folder / FILE_NAME)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self._lock.release()
            raise RunError(f"{self._folder / FILE_NAME} is no store of this package ({error}); use another --out.") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        (self._folder / ".holder").unlink(missing_ok=True)
        self._lock.release()

    @contextmanager
    def claimed(self, command: str, settings: Mapping[str, Any]) -> Iterator[None]:
        """Do a command's work under its settings, or refuse to go on with others than it began with, with the difference.

        An error whose remedy is to change the settings leaves them free to change.
        """
        wanted = json.loads(json.dumps(settings))
        row = self._file.execute("SELECT value FROM settings WHERE command = ?", (command,)).fetchone()
        made = json.loads(row[0]) if row else wanted
        changes = [
            f"{key}: {_short(made.get(key))} -> {_short(wanted.get(key))}"
            for key in sorted(made.keys() | wanted.keys())
            if made.get(key) != wanted.get(key)
        ]
        if changes:
            raise RunError(
                f"{self._folder} was made by `{command}` with other settings ({'; '.join(changes)}); "
                f"use those settings again, or another --out."
            )
        with self._file:
            self._file.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (command, json.dumps(wanted)))
        try:
            yield
        except (SettingsError, SelectionError, ContextError, DataError, ExplanationError):
            with self._file:
                self._file.execute("DELETE FROM settings WHERE command = ?", (command,))
            raise

    def stream(self, stage: Stage[Item, Record], items: Sequence[Item]) -> Iterator[Record]:
        adapter: TypeAdapter[Record] = TypeAdapter(stage.record)
        done = 0
        for batch in batches(items, stage.batch):
            keys = [_key(stage, item) for item in batch]
            records = {key: record for key in keys if (record := self._find(key, adapter)) is not None}
            missing = {key: item for key, item in zip(keys, batch, strict=True) if key not in records}
            done += len(batch)
            if missing:
                records |= zip(missing, stage.compute(list(missing.values())), strict=True)
                self._commit([(key, stage.name, adapter.dump_json(records[key]).decode()) for key in missing])
                self._progress(stage.name, done, len(items))
            yield from (records[key] for key in keys)

    def _find(self, key: str, adapter: TypeAdapter[Record]) -> Record | None:
        row = self._file.execute("SELECT record, checksum FROM units WHERE key = ?", (key,)).fetchone()
        if row is None or _checksum(row[0]) != row[1]:
            return None
        return adapter.validate_json(row[0])

    def _commit(self, rows: list[tuple[str, str, str]]) -> None:
        checked = [(key, stage, text, _checksum(text)) for key, stage, text in rows]
        try:
            with self._file:
                self._file.executemany(
                    "INSERT OR REPLACE INTO units (key, stage, record, checksum) VALUES (?, ?, ?, ?)", checked
                )
        except sqlite3.OperationalError as error:
            raise RunError(
                f"{self._folder / FILE_NAME} can't be written ({error}); make room or mend the permissions, then run the same "
                f"command again: what is finished is kept."
            ) from error


def _key(stage: Stage[Item, Record], item: Item) -> str:
    return _checksum(json.dumps([stage.name, stage.identity(item)], ensure_ascii=True))


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
