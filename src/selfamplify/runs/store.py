"""The store of a run folder: one SQLite file that is cache, ledger and log at once, written by one process.

A unit of work is found under the hash of its stage and of all that its record depends on. Finished units are committed in one
transaction before they are counted, so that after a kill -9 the same command finds what was finished and continues after it, in
the same batches. Every record carries a checksum; a damaged one is computed again. Settings are kept twice.

A commit is on the disk when it returns, so that a loss of power takes no more than a crash does: with ``synchronous=FULL``
SQLite synchronises its write-ahead log at every commit. (``NORMAL`` would leave the store sound, and lose what was committed
since the last checkpoint.) There is a commit at most every second, so the price is small.
"""

import json
import sqlite3
import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..collecting import uncollected
from ..errors import (
    ContextError,
    DataError,
    ExplanationError,
    RunError,
    SelectionError,
    SelfAmplifyError,
    SelfAmplifyWarning,
    SettingsError,
)
from ..text.lines import sha256
from ..work.stage import Item, Record, Stage
from ..work.store import AbstractStore
from . import kept_settings, measured
from .lock import held
from .store_file import FILE_NAME
from .unchanged import refuse_beside, refuse_changes

_SCHEMA = f"""
BEGIN;
CREATE TABLE IF NOT EXISTS units (
    key TEXT PRIMARY KEY, stage TEXT NOT NULL, record TEXT NOT NULL, checksum TEXT NOT NULL,
    finished TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;
{kept_settings.SCHEMA}
{measured.SCHEMA}
CREATE TABLE IF NOT EXISTS commands (what TEXT PRIMARY KEY, line TEXT NOT NULL) WITHOUT ROWID;
COMMIT;
"""
_REMEDIED_BY_SETTINGS = (SettingsError, SelectionError, ContextError, DataError, ExplanationError)
_adapter = lru_cache(TypeAdapter)  # building one takes as long as reading a thousand records
_FIND = "SELECT key, record, checksum FROM units WHERE key IN (SELECT value FROM json_each(?))"


class Store(AbstractStore):
    """The records of a run folder, open in a ``with`` statement, which also holds the folder's lock.

    Parameters
    ----------
    folder : str or Path
        The run folder; it is made if it does not exist.

    Raises
    ------
    RunError
        If the folder is in use or can't be written, or its file is damaged.
    """

    def __init__(self, folder: str | Path):
        self._folder = Path(folder)

    def __repr__(self) -> str:
        return f"Store({str(self._folder)!r})"

    def __enter__(self) -> "Store":
        with ExitStack() as opened:
            opened.enter_context(held(self._folder))
            with self._translated():
                self._file = sqlite3.connect(self._folder / FILE_NAME)
                opened.callback(self._file.close)
                self._file.text_factory = lambda data: data.decode(errors="replace")
                self._file.execute("PRAGMA journal_mode=WAL")
                self._file.execute("PRAGMA synchronous=FULL")
                self._file.executescript(_SCHEMA)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn an error of the database into one of ours."""
        file = self._folder / FILE_NAME
        try:
            yield
        except sqlite3.OperationalError as error:
            raise RunError(
                f"{file} can't be written ({error}); free some space or correct the permissions, then run the same command "
                f"again: what is finished is kept; or use another `out`."
            ) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter from a message that quotes a damaged schema
            raise RunError(f"{file} is damaged, or not a store of this package ({error}); use another `out`.") from error

    @contextmanager
    def claimed(self, what: str, settings: Mapping[str, Any], command: str | None = None) -> Iterator[None]:
        """Make ``what`` ("prompt" or "results") under these settings, by this command line.

        If it was begun with other settings before, RunError is raised, with the difference. An error whose remedy is to change
        the settings leaves them free to change, and so does any error before the first unit is finished.
        """
        wanted = json.loads(json.dumps(settings))
        held = self._settings(what)
        refuse_beside(self._folder, what, held, wanted)
        refuse_changes(self._folder, what, held.get(what) or wanted, wanted)
        with self._translated(), self._file:
            kept_settings.keep(self._file, what, wanted)
            if command:
                self._file.execute("INSERT OR REPLACE INTO commands VALUES (?, ?)", (what, command))
        try:
            yield
        except SelfAmplifyError as error:
            with self._translated(), self._file:
                if isinstance(error, _REMEDIED_BY_SETTINGS) or not self._file.execute("SELECT 1 FROM units").fetchone():
                    kept_settings.forget(self._file, what)
            raise

    def _settings(self, what: str) -> dict[str, dict[str, Any]]:
        """The settings with which each thing was begun; a warning says if those of ``what`` are damaged in both places."""
        with self._translated():
            found, damaged = kept_settings.kept(self._file)
        if what in damaged:
            warnings.warn(
                f"The settings of the {what} in {self._folder / FILE_NAME} are damaged, so those of this command are taken, "
                f"and finished work is used where it fits; use another `out` if the command is another one than before.",
                SelfAmplifyWarning,
                stacklevel=4,
            )
        return found

    def measure(self, file: str, digest: str, seconds: Sequence[float]) -> None:
        """Keep the seconds that belong to a file of the folder, which itself holds none; see ``measured.py``."""
        with self._translated(), self._file:
            measured.keep(self._file, file, digest, seconds)

    def keys(self, stage: Stage[Item, Record], items: Sequence[Item], start: int) -> list[Hashable]:
        return [stage.key(item) for item in items]

    def keep(self, stage: Stage[Item, Record], records: Mapping[Hashable, Record]) -> None:
        adapter = _adapter(stage.record)
        texts = [(key, adapter.dump_json(record).decode()) for key, record in records.items()]
        rows = [(key, stage.name, text, sha256(text)) for key, text in texts]
        with self._translated(), self._file:
            self._file.executemany("INSERT OR REPLACE INTO units (key, stage, record, checksum) VALUES (?, ?, ?, ?)", rows)

    def find(self, stage: Stage[Item, Record], keys: Sequence[Hashable]) -> dict[Hashable, Record]:
        """The records that are there, undamaged and of the stage's type, by key."""
        adapter = _adapter(stage.record)
        found: dict[Hashable, Record] = {}
        with self._translated(), uncollected():
            for key, text, checksum in self._file.execute(_FIND, (json.dumps(keys),)):
                if sha256(str(text)) == checksum:
                    with suppress(ValidationError):
                        found[key] = adapter.validate_json(str(text))
        return found
