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
from .store_file import FILE_NAME, opened


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
    with _translated(file), closing(opened(file)) as store:
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


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise DataError(
            f"{file} is damaged, or not a store of this package ({error}); run the original command again with another `out`."
        ) from error
