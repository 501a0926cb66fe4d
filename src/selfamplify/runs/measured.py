"""Measured seconds: they differ from run to run, so they are in the store, and all files of the same work have the same bytes.

Those of a table are its rows', those of a prompt its shots' explanations'. They are found under the name of the file that they
belong to and the digest of what it holds, so that they never stand beside other results.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ..prompting.prompt import Prompt
from ..prompting.prompt_file import FILE_NAME as PROMPT
from ..records import Shot
from .store_file import FILE_NAME, opened

SCHEMA = """
CREATE TABLE IF NOT EXISTS measured (file TEXT PRIMARY KEY, digest TEXT NOT NULL, seconds TEXT NOT NULL) WITHOUT ROWID;
"""


def keep(store: sqlite3.Connection, file: str, digest: str, seconds: Sequence[float]) -> None:
    """Keep the seconds of a file of the run folder, in place of those of what it held before."""
    store.execute("INSERT OR REPLACE INTO measured VALUES (?, ?, ?)", (file, digest, json.dumps(list(seconds))))


def seconds_of(folder: Path, file: str, digest: str, count: int) -> tuple[float, ...] | None:
    """The ``count`` measurements of a file with that digest; None if the folder's store does not have them, or is damaged."""
    try:
        with closing(opened(folder / FILE_NAME)) as store:
            query = "SELECT seconds FROM measured WHERE file = ? AND digest = ?"
            row = store.execute(query, (file, digest)).fetchone()
        found = tuple(float(each) for each in json.loads(row[0])) if row else ()
    except (sqlite3.Error, ValueError, TypeError, RecursionError):
        return None
    return found if len(found) == count else None


def explaining(prompt: Prompt) -> list[float]:
    """The seconds that the explanation of each shot took; 0 for a shot without one."""
    return [shot.explanation.cost.seconds if shot.explanation else 0.0 for shot in prompt.shots]


def timed(prompt: Prompt, path: Path) -> Prompt:
    """The prompt of a run folder, or of its prompt.json, with the seconds of its explanations, if its store has them."""
    folder = path if path.is_dir() else path.parent
    seconds = seconds_of(folder, PROMPT, prompt.digest(), len(prompt.shots))
    if seconds is None:
        return prompt
    return replace(prompt, shots=tuple(map(_timed, prompt.shots, seconds)))


def _timed(shot: Shot, seconds: float) -> Shot:
    made = shot.explanation
    return shot if made is None else replace(shot, explanation=replace(made, cost=replace(made.cost, seconds=seconds)))
