"""How fast a file of 100,000 questions with four choices is read, and in how much memory: ``python -m benchmarks.reading``.

The peer is pandas, which only splits the file into cells: ``read_csv``, or ``read_json(lines=True)``. Here, ``load_task`` also
checks each row, finds the right choices, and splits the questions into two sides without copies. In the last row, no answer can
be used, and the time is that of the error. Each measurement has a process of its own. Times are those of the processor, so that
other work of the machine hardly changes them; the peak memory is what the process uses beyond what it holds before reading, and
includes the file's own size.
"""

import argparse
import csv
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pandas as pd

from selfamplify import load_task
from selfamplify.errors import DataError

from .machine import heading

_WORDS = "river stone light force plant metal water planet window table chair energy mountain number animal cell".split()
_FILES = ("good.csv", "good.jsonl", "bad.csv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(*_measured(arguments.measure[0], Path(arguments.measure[1])))
        return
    print(f"{heading(arguments.runs)} runs, pandas {pd.__version__}\n")
    print("| file of questions | size | pandas | here | ratio | pandas' peak memory | peak memory here | lines of the error |")
    print("|---|---|---|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        for name in _FILES:
            path = _written(Path(folder) / name, arguments.rows)
            found = [(_in_a_process("pandas", path), _in_a_process("here", path)) for _ in range(arguments.runs)]
            (theirs, their_peak, _), (ours, our_peak, lines) = (
                tuple(map(median, zip(*each, strict=True))) for each in zip(*found, strict=True)
            )
            print(
                f"| {arguments.rows:,}, {name} | {_mib(path.stat().st_size)} | {theirs:.2f} s | {ours:.2f} s "
                f"| {theirs / ours:.2f} | {_mib(their_peak)} | {_mib(our_peak)} | {lines:.0f} |",
                flush=True,
            )


def _mib(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"


def _written(path: Path, rows: int) -> Path:
    """A file of questions; without a good answer if it is called bad."""
    draw = random.Random(0)
    letters = "ABCD" if path.stem != "bad" else ("Z", "", "E", "99", "?")
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        if path.suffix == ".csv":
            table.writerow(["id", "question", "A", "B", "C", "D", "answer"])
        for number in range(rows):
            text = f"Which of these is the {' '.join(draw.choices(_WORDS, k=12))} number {number}?"
            choices = [f"{' '.join(draw.choices(_WORDS, k=3))} {place}" for place in range(4)]
            if path.suffix == ".csv":
                table.writerow([f"q{number}", text, *choices, draw.choice(letters)])
            else:
                row = {"id": f"q{number}", "question": text, "choices": choices, "answer": draw.randrange(4)}
                file.write(json.dumps(row) + "\n")
    return path


def _in_a_process(reader: str, path: Path) -> tuple[float, float, float]:
    """Seconds of the processor, bytes, and lines of the error, measured in a new process."""
    command = [sys.executable, "-m", "benchmarks.reading", "--measure", reader, str(path)]
    taken, peak, lines = map(float, subprocess.check_output(command, text=True).split())
    return taken, peak, lines


def _measured(reader: str, path: Path) -> tuple[float, int, int]:
    _read(reader, _written(path.parent / f"first{path.suffix}", 10))  # imports what is imported late
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of importing
    before, start = _resident("VmRSS"), time.process_time()
    lines = _read(reader, path)
    return time.process_time() - start, _resident("VmHWM") - before, lines


def _read(reader: str, path: Path) -> int:
    """Read the file, and return how many lines the error has, if there is one."""
    if reader == "pandas":
        found = pd.read_csv(path) if path.suffix == ".csv" else pd.read_json(path, lines=True)
        return 0 * len(found)
    try:
        load_task("file", path)
    except DataError as error:
        return len(str(error).splitlines())
    return 0


def _resident(what: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{what}:")[1].split()[0]) * 1024


if __name__ == "__main__":
    main()
