"""Benchmarks that take long or fail: each row is written to a JSON file once it is measured, and a time budget ends them."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Figures = dict[str, float | str | None]
_ERROR = 200
"""Characters of an error that are kept."""


class OutOfTime(Exception):
    """The budget ended while a row was being measured."""


@dataclass(frozen=True)
class Setting:
    """What all rows of a call have in common: the shape of the model, the device that ran it, and versions of packages."""

    shape: str
    device: str
    versions: str


@dataclass(frozen=True)
class Record:
    """A measured row: its table, title and peer, what was found, what went wrong (or nothing), and the seconds that it took."""

    table: str
    title: str
    peer: str
    shape: str
    device: str
    versions: str
    date: str
    figures: Figures = field(default_factory=dict)
    error: str = ""
    took: float = 0.0

    @property
    def key(self) -> tuple[str, str, str]:
        return self.table, self.title, self.peer

    @property
    def out_of_time(self) -> bool:
        """Whether the budget ended while the row was being measured."""
        return self.error.startswith(OutOfTime.__name__)

    def is_of(self, setting: Setting, row: "Row") -> bool:
        """Whether this row was measured on this device and this shape, with whatever versions."""
        return (self.shape, self.device, self.key) == (setting.shape, setting.device, row.key)


@dataclass(frozen=True)
class Row:
    """A row to measure. ``expected`` is how many seconds it may take, with some to spare; ``measure`` returns its figures.

    A figure named ``error`` says what part of the row could not be measured.
    """

    table: str
    title: str
    peer: str
    expected: float
    measure: Callable[[], Figures]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.table, self.title, self.peer


def read(file: Path) -> list[Record]:
    """The rows in a file; none if there is no file."""
    return [Record(**each) for each in json.loads(file.read_text())] if file.exists() else []


def write(file: Path, records: Sequence[Record]) -> None:
    """Replace a file by these rows: as a whole, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_text(json.dumps([asdict(record) for record in records], indent=1) + "\n")
    os.replace(part, file)


def measure(
    file: Path, setting: Setting, rows: Sequence[Row], deadline: float, again: bool, free: Callable[[], None]
) -> list[Row]:
    """Measure the rows that the file does not have, or all of them ``again``; returns those for which no time was left.

    ``deadline`` is a time of ``time.monotonic``; the first row that may not end before it ends the call, so rows come in the
    order of their importance. A row that fails is recorded with its error; one that ran out of time is tried once more in the
    next call, after the others. After each row, ``free`` releases memory.
    """
    found = {} if again else {row.key: each for each in read(file) for row in rows if each.is_of(setting, row)}
    waiting = [row for row in rows if row.key not in found or found[row.key].out_of_time]
    waiting.sort(key=lambda row: row.key in found)
    if len(waiting) < len(rows):
        print(f"{len(rows) - len(waiting)} of {len(rows)} rows are in {file} already.", flush=True)
    while waiting:
        remaining = deadline - time.monotonic()
        if waiting[0].expected > remaining:
            break
        row = waiting.pop(0)
        record = _record(setting, row, remaining)
        others = [each for each in read(file) if not each.is_of(setting, row)]
        write(file, [*others, record])
        print(f"{record.took:6.1f} s  {row.title}; {row.peer}{record.error and f': {record.error}'}", flush=True)
        free()
    return waiting


def _record(setting: Setting, row: Row, remaining: float) -> Record:
    start = time.monotonic()
    figures: Figures = {}
    try:
        with _at_most(remaining):
            figures = row.measure()
        error = str(figures.pop("error", ""))
    except Exception as raised:  # such as out of memory: the other rows may still be measured
        error = line(raised)
    date, took = f"{datetime.now(UTC):%Y-%m-%d}", round(time.monotonic() - start, 2)
    return Record(*row.key, **asdict(setting), date=date, figures=figures, error=error, took=took)


def line(error: Exception) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:_ERROR].rstrip(": ")


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in what takes longer. A timer that was running is stopped meanwhile, and started anew afterwards."""

    def stop(*_: Any) -> None:
        raise OutOfTime(f"not finished in the {seconds:.0f} s that were left")

    handler = signal.signal(signal.SIGALRM, stop)
    before, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, before, interval)
        signal.signal(signal.SIGALRM, handler)
