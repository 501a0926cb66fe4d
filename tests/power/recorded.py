"""The work whose changes are recorded: every command that writes, with a scripted model, first as it is, then without care.

Without care, nothing is synchronised: neither files that are written whole, nor the store. What a trial says of that must be
bad. Run as a program, with the folder to work in. Each line of its file "told" says what was told to the user by then.
"""

import json
import os
import sqlite3
import sys
from functools import partial
from pathlib import Path
from typing import Any

from small import scripted, talker, task

from selfamplify import Plan, Prompt, RandomWords, Store, build, compare, evaluate

TASK = task(30, 5)


def work(folder: Path) -> None:
    """Build, evaluate, compare and export in folders below ``folder``."""
    build(scripted(talker), TASK, folder / "run", method=RandomWords(), shots=2)
    tell(folder, finished=["run/prompt.json"])
    evaluate(scripted(talker), TASK, folder / "run", out=folder / "run")
    tell(folder, finished=["run/results.json", "run/responses.jsonl"])
    compare(scripted(talker), TASK, Plan(("auto_cot", "random"), ("random",), shots=2), folder / "compared")
    tell(folder, finished=["compared/results.json", "compared/responses.jsonl"])
    written = Prompt.load(folder / "run").export("openai", folder / "exported")
    tell(folder, finished=[str(file.relative_to(folder)) for file in written])


def tell(folder: Path, **what: Any) -> None:
    with (folder.parent / "told").open("a", encoding="utf-8") as told:
        told.write(json.dumps({"folder": folder.name, **what}) + "\n")


class Careless(sqlite3.Connection):
    """A connection that leaves it to the system when anything reaches the disk."""

    def execute(self, statement: str, *given: Any) -> sqlite3.Cursor:
        return super().execute("PRAGMA synchronous=OFF" if "synchronous" in statement else statement, *given)


def main() -> None:
    root = Path(sys.argv[1])
    keep = Store.keep

    def kept(self: Store, stage: Any, records: Any) -> None:
        keep(self, stage, records)
        tell(root / self._folder.relative_to(root).parts[0], store=self._folder.name, units=list(records))

    Store.keep = kept
    for name in ("careful", "careless"):
        if name == "careless":
            os.fsync = lambda opened: None
            sqlite3.connect = partial(sqlite3.connect, factory=Careless)
        work(root / name)


if __name__ == "__main__":
    main()
