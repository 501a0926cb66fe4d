"""What was begun in a run folder, read without the lock and without a model: settings, commands, and how much is finished."""

import shlex
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DataError
from .kept_settings import kept
from .lock import in_use
from .store import FILE_NAME


@dataclass(frozen=True)
class Begun:
    """What a store says about its folder.

    Parameters
    ----------
    settings : dict
        For each thing that was begun ("prompt", "results" or "tuning"), the settings.
    commands : dict
        For the same things, the command line that was used last; none for what was begun from Python.
    units : dict
        How many units of work are finished, by stage.
    running : bool
        Whether a process works in the folder at this moment.
    """

    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    running: bool = False


def begun(folder: Path) -> Begun:
    """Read the store of a run folder; an empty record if it has none. Raises DataError if the store is damaged."""
    file = folder / FILE_NAME
    if not file.is_file():
        return Begun()
    with _translated(file), closing(_opened(file)) as store:
        tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        settings, _ = kept(store)
        commands = dict(store.execute("SELECT what, line FROM commands")) if "commands" in tables else {}
        units = dict(store.execute("SELECT stage, COUNT(*) FROM units GROUP BY stage ORDER BY MIN(finished), stage"))
    return Begun(settings, commands, units, in_use(folder))


def command_line(arguments: Sequence[str]) -> str | None:
    """The arguments of a process as one would write them, if the process is a command of this package; else None."""
    if not arguments or Path(arguments[0]).name != "selfamplify":
        return None
    return shlex.join(["selfamplify", *arguments[1:]])


def _opened(file: Path) -> sqlite3.Connection:
    """The store for reading; where its folder can't be written, as it stands in the file."""
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        store = sqlite3.connect(f"{file.resolve().as_uri()}?{mode}", uri=True)
        try:
            store.text_factory = lambda data: data.decode(errors="replace")  # damaged text is no reason to read nothing
            store.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            store.close()
        else:
            return store
    raise sqlite3.OperationalError("it can't be opened")


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise DataError(
            f"{file} is damaged, or not a store of this package ({error}); run the command that made it again with another "
            f"`out`."
        ) from error
