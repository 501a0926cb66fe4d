"""Commands that are killed at seeded moments and run again: the same bytes, and no unit run twice but those in flight.

Twenty seeds always, and 180 more with ``-m slow``. Moments are numbers of forward passes, SQL statements or file operations, or
a time; whichever the moment is, the same must hold, so that nothing depends on the speed of the machine.
"""

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx2
import pytest

from selfamplify import Prompt, load_task

MODEL = "--model embedded --task file --data DATA/train.jsonl --test-data DATA/test.jsonl --max-new-tokens 16".split()
COMMANDS = {
    "build": ["build", *MODEL, *"--method kernel_shap --set samples=60 --shots 2 --check 10 --out OUT".split()],
    "compare": [
        "compare", *MODEL, *"--methods io,self_topk,deep_lift --selections random --shots 2 --limit 4 --out OUT".split()
    ],
    "tune": [
        "tune", *MODEL, *"--budget calls=90 --methods random --selections random --seeds 0 --shots 2".split(),
        *"--validation 20 --limit 4 --out OUT".split(),
    ],
    "export": "export DATA/built --to dspy --out OUT".split(),
}  # fmt: skip
KINDS = ("forward", "statement", "file", "time")
SEEDS = [*range(20), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(20, 200))]
OWN = re.compile(r"run\.sqlite(-\w+)?|\.lock")
"""The store itself, which holds dates and seconds, and the lock."""


class Warm:
    """The process that forks a child for each command; see ``warm.py``."""

    def __init__(self, data: Path):
        self.data = data
        self._printed = data / "printed"
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "warm.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=os.open(self._printed, os.O_WRONLY | os.O_CREAT),
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "100"},
        )

    def first(self, lines: Sequence[Sequence[str]]) -> None:
        """Run these commands in the process itself, so that all that they import is there."""
        assert self._asked(lines) == "ready", self._printed.read_text()

    def start(self, line: Sequence[str], place: Path, kill: Sequence[Any] | None = None, after: float | None = None) -> int:
        """Start a command whose ``OUT`` is place/run; gives the number of its process."""
        filled = [word.replace("OUT", str(place / "run")).replace("DATA", str(self.data)) for word in line]
        return int(self._asked({"line": filled, "log": str(place / "log"), "kill": kill, "after": after}))

    def wait(self, process: int) -> int:
        """The exit code of a command, or minus the signal that ended it."""
        return int(self._asked({"wait": process}))

    def run(self, line: Sequence[str], place: Path, kill: Sequence[Any] | None = None, after: float | None = None) -> int:
        return self.wait(self.start(line, place, kill, after))

    def _asked(self, request: object) -> str:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def end(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        assert self._process.wait() == 0
        self._process.stdout.close()


@dataclass(frozen=True)
class Whole:
    """An uninterrupted run: its files, how often each unit was begun, how often each kind of thing happened, and its time."""

    files: dict[str, bytes]
    units: Counter[str]
    counts: dict[str, int]
    seconds: float


@dataclass(frozen=True)
class Tried:
    """The warm process, and the uninterrupted run of each command."""

    warm: Warm
    folder: Path

    @cache  # noqa: B019  (one per module)
    def whole(self, name: str) -> Whole:
        place = Path(mkdtemp(prefix=f"{name}-", dir=self.folder))  # another one if it failed before
        began = time.monotonic()
        assert self.warm.run(COMMANDS[name], place) == 0, (place / "log.printed").read_text()
        took = time.monotonic() - began
        units, _ = begun(place)
        assert max(units.values(), default=1) == 1
        return Whole(files(place), units, json.loads((place / "log.counts").read_text()), took)


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    data = tmp_path_factory.mktemp("data")
    task = load_task("planted_arc")
    for name, questions in (("train", task.train[:60]), ("test", task.test[:8])):
        rows = [
            {"question": asked.text, "choices": [choice.text for choice in asked.choices], "answer": asked.answer}
            for asked in questions
        ]
        (data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    warm = Warm(data)
    lines = [[*COMMANDS["compare"][:-1], str(data / "compared")], [*COMMANDS["build"][:-1], str(data / "built")]]
    warm.first([[word.replace("DATA", str(data)) for word in line] for line in lines])
    yield Tried(warm, tmp_path_factory.mktemp("whole"))
    warm.end()


def files(place: Path) -> dict[str, bytes]:
    """Every file of the run folder but the store and the lock, byte by byte; its own path is written OUT."""
    folder = place / "run"
    found = [each for each in folder.rglob("*") if each.is_file() and not OWN.fullmatch(each.name)]
    return {str(file.relative_to(folder)): file.read_bytes().replace(str(folder).encode(), b"OUT") for file in found}


def begun(place: Path) -> tuple[Counter[str], list[str]]:
    """How often each unit was begun by all commands so far, and the units of the batch that was begun last."""
    log = place / "log"
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    batches = [line["begun"] for line in lines if "begun" in line]
    return Counter(key for batch in batches for key in batch), batches[-1] if batches else []


def committed(place: Path) -> set[str]:
    """The units in the store."""
    if not (place / "run" / "run.sqlite").exists():
        return set()
    with closing(sqlite3.connect(place / "run" / "run.sqlite")) as store:
        if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'units'").fetchone():
            return set()
        return {key for (key,) in store.execute("SELECT key FROM units")}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_command_that_is_killed_anywhere_and_run_again_leaves_the_same_bytes(
    seed: int, tried: Tried, tmp_path: Path, record_property: Callable[[str, object], None]
):
    draw = random.Random(seed)
    name = list(COMMANDS)[seed % len(COMMANDS)]
    whole = tried.whole(name)
    lost, finished, before = Counter[str](), set[str](), Counter[str]()
    for attempt in range(draw.choice((1, 1, 2))):
        kind = draw.choice([kind for kind in KINDS if kind == "time" or whole.counts.get(kind)])
        if kind == "time":
            ended = tried.warm.run(COMMANDS[name], tmp_path, after=draw.uniform(0.001, whole.seconds))
            assert ended in (-14, 0), (tmp_path / "log.printed").read_text()
        else:
            ended = tried.warm.run(COMMANDS[name], tmp_path, kill=(kind, draw.randint(1, whole.counts[kind])))
            assert ended == -9 or (ended == 0 and attempt), (tmp_path / "log.printed").read_text()
        now, last = begun(tmp_path)
        assert not (now - before).keys() & finished, "a finished unit was run again"
        finished, before = committed(tmp_path), now
        in_flight = now.keys() - finished
        assert in_flight <= set(last) | lost.keys(), "more was lost than the batch in hand"
        lost += Counter(in_flight & set(last) if ended else ())
        record_property(f"{name} {kind}", ended)
    assert tried.warm.run(COMMANDS[name], tmp_path) == 0, (tmp_path / "log.printed").read_text()
    now, _ = begun(tmp_path)
    assert not (now - before).keys() & finished, "a finished unit was run again"
    twice = now - whole.units
    assert twice <= lost, "more was run twice than what was in flight"
    record_property("units", (whole.units.total(), twice.total()))
    assert files(tmp_path) == whole.files


SERVED = "serve DATA/built --model embedded --port 0 --max-new-tokens 16".split()


@pytest.mark.long
def test_a_server_that_is_killed_answers_as_before_and_leaves_the_run_folder_as_it_was(tried: Tried, tmp_path: Path):
    built = tried.warm.data / "built"
    before = {file: file.read_bytes() for file in built.rglob("*") if file.is_file()}
    texts = [question.render() for question in load_task("planted_arc").test[:4]]
    (tmp_path / "whole").mkdir()
    expected, unanswered = answers(tried.warm, tmp_path / "whole", texts, None)
    assert Prompt.load(built).shots and len(set(expected)) > 1 and unanswered == 0
    for number in (1, 7, 20):
        place = tmp_path / str(number)
        place.mkdir()
        found, unanswered = answers(tried.warm, place, texts, ("forward", number))
        assert found == expected and unanswered == 1, "only the request in hand was answered by no one"
    assert before == {file: file.read_bytes() for file in built.rglob("*") if file.is_file()}


def answers(warm: Warm, place: Path, texts: Sequence[str], kill: Sequence[Any] | None) -> tuple[list[str], int]:
    """The reply to each text, asked again by a new server if the first is killed; and how many requests got no reply."""
    found, unanswered = list[str](), 0
    process = warm.start(SERVED, place, kill)
    try:
        for text in texts:
            try:
                found.append(reply(place, text))
            except (httpx2.ReadError, httpx2.RemoteProtocolError):
                unanswered += 1
                assert warm.wait(process) == -9
                (place / "log.printed").unlink()
                process = warm.start(SERVED, place)
                found.append(reply(place, text))
    finally:
        os.kill(process, signal.SIGTERM)
        assert warm.wait(process) == 0
    return found, unanswered


def reply(place: Path, text: str) -> str:
    """What the server replies to a question."""
    body = {"model": "embedded", "messages": [{"role": "user", "content": text}]}
    got = httpx2.post(f"{address(place)}/v1/chat/completions", json=body, timeout=300)
    assert got.status_code == 200, got.text
    return got.json()["choices"][0]["message"]["content"]


def address(place: Path) -> str:
    """Where the server listens, once it says so."""
    printed = place / "log.printed"
    while True:
        said = re.search(r"http://[\d.]+:\d+", printed.read_text() if printed.exists() else "")
        if said:
            return said[0]
        time.sleep(0.02)
