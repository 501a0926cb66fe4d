"""The file of a store, opened for reading by those who have neither the lock nor the right to write."""

import sqlite3
from pathlib import Path

FILE_NAME = "run.sqlite"


def opened(file: Path) -> sqlite3.Connection:
    """The store for reading. Raises sqlite3.OperationalError if it can't be opened.

    Without a write-ahead log beside it, nothing is newer than the file itself, which is then read as it stands: no file is left
    behind in the folder. So it is, too, where the folder can't be written.
    """
    log = file.with_name(f"{file.name}-wal")
    for mode in ("mode=ro", "mode=ro&immutable=1") if log.exists() else ("mode=ro&immutable=1",):
        store = sqlite3.connect(f"{file.resolve().as_uri()}?{mode}", uri=True)
        try:
            store.text_factory = lambda data: data.decode(errors="replace")  # damaged text is no reason to read nothing
            store.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            store.close()
        else:
            return store
    raise sqlite3.OperationalError("it can't be opened")
