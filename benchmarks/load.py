"""A run of very many questions on a model that costs nothing: ``python -m benchmarks.load``.

It measures what the package itself takes: the time of a unit (an answer that is asked, read and kept) beside a plain loop that
inserts the same rows into SQLite, memory at the start, in the middle and at the end, how long a run takes to go on after a
kill -9, the page and ``show`` of the run, and eight processes at once, each with a folder of its own on one disk.
"""

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .page import measure
from .scripted_run import METHODS, write_questions

_COMMIT = 1024
_SHOW = "import sys; from selfamplify.cli import main; sys.argv[1:] = ['show', sys.argv[1]]; main()"
_REPORT = "import sys, selfamplify; selfamplify.write_report(sys.argv[1])"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--page", action=argparse.BooleanOptionalAction, default=True, help="open the page in Chromium")
    given = parser.parse_args()
    units = given.questions * (1 + len(METHODS))
    with TemporaryDirectory() as name:
        place = Path(name)
        write_questions(place, given.questions)
        print(
            f"{given.questions:,} questions x {1 + len(METHODS)} methods, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        print("\n| what | figure |\n|---|---|")
        whole = _run(place, place / "whole")
        floor = _inserted(place / "whole" / "run.sqlite", place / "plain.sqlite")
        taken = f"{1000 * whole['seconds'] / units:.3f} ms, {1000 * whole['cpu'] / units:.3f} ms of processor time"
        _say("a unit", f"{taken}; plain inserts of the same rows {1000 * floor / units:.3f} ms")
        memory = ", ".join(f"{whole['memory'][share]:.0f} MiB at {share} %" for share in ("10", "50", "100"))
        _say("memory", f"{memory}, {whole['peak']:.0f} MiB at most")
        again = _run(place, place / "whole")
        _say("a finished run again", f"{again['seconds']:.1f} s ({again['cpu']:.1f} s of processor time)")
        _check(again["answers"] == 0 and again["digest"] == whole["digest"], "a finished run was not only read")
        _killed(place, place / "half", units // 2)
        rest = _run(place, place / "half")
        _say(
            "after a kill -9 in the middle",
            f"{rest['first']:.1f} s to the next unit, beside {rest['read']:.1f} s to read the file",
        )
        _check(rest["digest"] == whole["digest"], "the results after a kill -9 are others")
        _check(units // 2 <= rest["answers"] <= units // 2 + 30_000, f"{rest['answers']} units were done after the kill")
        for what, code in (("show", _SHOW), ("report", _REPORT)):
            cost = _command(code, place / "whole")
            _say(f"`{what}`", f"{cost.seconds:.1f} s, {cost.peak:.0f} MiB")
        file = place / "whole" / "report.html"
        _say("the page", f"{file.stat().st_size / 1e6:.0f} MB")
        if given.processes > 1:
            _many(place, given.questions // given.processes, given.processes)
        if given.page:
            print()
            measure(file, given.questions)


def _run(questions: Path, out: Path) -> dict[str, Any]:
    """What a comparison in another process measured."""
    with _started(questions, out) as process:
        return _finished(process)


def _started(questions: Path, out: Path, *further: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "benchmarks.scripted_run", str(questions), str(out), *further]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _finished(process: "subprocess.Popen[str]") -> dict[str, Any]:
    printed, _ = process.communicate()
    _check(process.returncode == 0, f"a run ended with {process.returncode}")
    return json.loads(printed)


def _killed(questions: Path, out: Path, at: int) -> None:
    with _started(questions, out, str(at)) as process:
        _check(process.wait() == -signal.SIGKILL, "the run ended before it was killed")


def _inserted(source: Path, target: Path) -> float:
    """The seconds that a plain loop takes to insert the rows of a store into a new file."""
    with closing(sqlite3.connect(source)) as store, closing(sqlite3.connect(target)) as plain:
        rows = store.execute("SELECT key, stage, record, checksum FROM units").fetchall()
        plain.execute("PRAGMA journal_mode=WAL")
        plain.execute("CREATE TABLE units (key TEXT PRIMARY KEY, stage TEXT, record TEXT, checksum TEXT) WITHOUT ROWID")
        start = time.perf_counter()
        for place in range(0, len(rows), _COMMIT):
            with plain:
                for row in rows[place : place + _COMMIT]:
                    plain.execute("INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?)", row)
        return time.perf_counter() - start


@dataclass(frozen=True)
class _Cost:
    seconds: float
    peak: float


def _command(code: str, folder: Path) -> _Cost:
    """What a command takes in a new process: seconds, and its peak memory in MiB."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    _check(process.returncode == 0, f"a command ended with {process.returncode}")
    return _Cost(time.perf_counter() - start, used.ru_maxrss / 1024)


def _many(place: Path, count: int, processes: int) -> None:
    """As many processes at once on folders of one disk, compared with one alone."""
    questions = place / "fewer"
    questions.mkdir()
    write_questions(questions, count)
    alone = _run(questions, questions / "alone")
    start = time.perf_counter()
    running = [_started(questions, questions / str(number)) for number in range(processes)]
    found = [_finished(process) for process in running]
    wall = time.perf_counter() - start
    _check({each["digest"] for each in found} == {alone["digest"]}, "processes beside each other have other results")
    units = count * (1 + len(METHODS))
    together = sum(units / each["seconds"] for each in found)
    rates = f"{together:,.0f} units/s together, one alone {units / alone['seconds']:,.0f}"
    _say(f"{processes} processes x {units:,} units", f"{rates}; {wall:.0f} s with start and reading; equal results")


def _say(what: str, figure: str) -> None:
    print(f"| {what} | {figure} |", flush=True)


def _check(right: bool, fault: str) -> None:
    if not right:
        raise SystemExit(f"error: {fault}")


if __name__ == "__main__":
    main()
