"""A process that has imported everything, and runs each command of the command line in a child, which may be killed.

A child is forked in a moment, where a new interpreter would need seconds. It reads a request per line, as JSON, and answers
with a line: {"line": [...], "log": FILE, "kill": [KIND, NUMBER] or null, "after": SECONDS or null} starts a child and gives its
process number; {"wait": NUMBER} gives its exit code, or minus the signal that ended it.

What happens in a child is counted by kind: "forward" passes of the model, SQL "statement"s, and "file"s that are opened for
writing, renamed, removed or made. It kills itself right before the one that it is told, or is killed after so many seconds, at
whatever instruction. FILE gets a line for each batch that the model begins and one for each commit; at the end, FILE.counts
gets the counts.
"""

import json
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import torch
from transformers import PreTrainedModel

from selfamplify.cli import app
from selfamplify.cli import main as run_command
from selfamplify.runs.store import Store
from selfamplify.work import loop

_FILE_EVENTS = ("os.rename", "os.remove", "os.mkdir")
_WRITING = os.O_WRONLY | os.O_RDWR


class Events:
    """Counts what happens, and kills this process right before one of these things."""

    def __init__(self, kill: Sequence[Any] | None):
        self.counts = Counter[str]()
        self._kill = tuple(kill or ())

    def happens(self, kind: str) -> None:
        self.counts[kind] += 1
        if (kind, self.counts[kind]) == self._kill:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, root: str) -> None:
        """Watch the model, the store, and the files below ``root``."""
        sys.addaudithook(lambda event, given: self.happens("file") if _writes(event, given, root) else None)
        connect = sqlite3.connect

        def watched(*given: Any, **named: Any) -> sqlite3.Connection:
            connection = connect(*given, **named)
            connection.set_trace_callback(lambda statement: self.happens("statement"))
            return connection

        sqlite3.connect = watched
        torch.nn.modules.module.register_module_forward_pre_hook(
            lambda module, given: self.happens("forward") if isinstance(module, PreTrainedModel) else None
        )


def _writes(event: str, given: Sequence[Any], root: str) -> bool:
    if event not in (*_FILE_EVENTS, "open") or not str(given[0]).startswith(root):
        return False
    return event != "open" or bool(given[2] & _WRITING)


def watch_units(log: TextIO) -> None:
    """Write a line as the model begins a batch, with the keys of its units, and one when units were committed."""
    lacking, keep = loop._Batches.lacking, Store.keep

    def begun(self: Any) -> Iterator[Any]:
        for items in lacking(self):
            log.write(json.dumps({"begun": [key for key, _ in self[self._handed[-1]].asked]}) + "\n")
            yield items

    def kept(self: Any, stage: Any, records: Any) -> None:
        keep(self, stage, records)
        log.write(json.dumps({"kept": list(records)}) + "\n")

    loop._Batches.lacking = begun
    Store.keep = kept


def child(request: dict[str, Any]) -> None:
    """Run the command of a request as the process of that name would, and end this process."""
    torch.set_num_threads(
        1
    )  # anew after a fork, before the threads that read weights do so at once, and find torch's pool half made
    log = request["log"]
    printed = os.open(f"{log}.printed", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    events = Events(request["kill"])
    with open(log, "a", buffering=1, encoding="utf-8") as lines:
        watch_units(lines)
        events.watch(str(Path(log).parent / "run"))
        sys.argv = ["selfamplify", *request["line"]]
        if request["after"] is not None:
            signal.setitimer(signal.ITIMER_REAL, request["after"])
        code = _code(run_command)
        signal.setitimer(signal.ITIMER_REAL, 0)
    Path(f"{log}.counts").write_text(json.dumps(events.counts))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _code(command: Callable[[], None]) -> int:
    try:
        command()
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        return 70
    return 0


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    torch.set_num_threads(1)
    for line in json.loads(sys.stdin.readline()):  # commands that import whatever they need
        app._run(line, debug=True)
    answers.write("ready\n")
    for asked in sys.stdin:
        request = json.loads(asked)
        if "wait" in request:
            answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(request['wait'], 0)[1])}\n")
            continue
        process = os.fork()
        if process == 0:
            child(request)
        answers.write(f"{process}\n")


if __name__ == "__main__":
    main()
