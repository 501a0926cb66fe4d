"""What is there after a loss of power: all that was told to be finished, and no file in part.

A recorder that is preloaded into a real process notes every write, rename and fsync in order; from these, the states are made
that a loss of power may leave, where anything that was not synchronised may be missing.
"""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from power.disk import Change, Disk, changes
from power.recorded import TASK
from small import left_behind, scripted, talker

from selfamplify import Plan, RandomWords, Store, build, compare

HERE = Path(__file__).parent
COMPILER = shutil.which("cc") or shutil.which("gcc")
STATES = [150, pytest.param(3000, marks=pytest.mark.slow)]
OF_THE_STORE = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".sqlite-journal")
OTHER = (".lock", ".holder", "told")
"""Files that may be anything."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Change]]:
    """The folder that the work was done in, and its changes."""
    if COMPILER is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler on Linux, to record what a process writes")
    folder = tmp_path_factory.mktemp("power")
    recorder, root, log = folder / "recorder.so", folder / "root", folder / "log"
    source = HERE / "power" / "recorder.c"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", recorder, source, "-ldl", "-lpthread"], check=True)
    root.mkdir()
    traced = {"LD_PRELOAD": str(recorder), "RECORD_ROOT": str(root), "RECORD_LOG": str(log)}
    paths = os.pathsep.join([str(HERE), *sys.path])
    environment = os.environ | traced | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, HERE / "power" / "recorded.py", root], check=True, env=environment)
    return root, list(changes(log))


@pytest.mark.long
def test_nothing_that_was_written_is_missing_from_the_record(recorded: tuple[Path, list[Change]]):
    root, done = recorded
    disk = Disk(root)
    for each in done:
        disk.change(each)
    there = {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}
    assert disk.now() == there
    assert sum(each.what == "S" for each in done) > 50 and any(name.endswith("run.sqlite") for name in there)


@pytest.mark.long
@pytest.mark.parametrize("count", STATES)
def test_a_loss_of_power_takes_nothing_that_was_told_to_be_finished(
    count: int, recorded: tuple[Path, list[Change]], tmp_path: Path
):
    tried = 0
    for number, (moment, told, disk) in enumerate(moments(*recorded, count, "careful")):
        found = list(faults(disk, told, tmp_path / str(number), "careful", random.Random(moment)))
        assert not found, f"after {moment} changes: {found}"
        tried += 1
    assert tried == count


@pytest.mark.long
def test_the_trial_finds_what_is_not_synchronised(recorded: tuple[Path, list[Change]], tmp_path: Path):
    found = {
        fault.split(":")[0]
        for number, (moment, told, disk) in enumerate(moments(*recorded, 100, "careless"))
        for fault in faults(disk, told, tmp_path / str(number), "careless", random.Random(moment))
    }
    assert {"in part", "missing", "lost units"} <= found


@pytest.mark.parametrize("seed", range(4))
def test_work_goes_on_after_a_loss_of_power(seed: int, recorded: tuple[Path, list[Change]], tmp_path: Path):
    root, done = recorded
    draw = random.Random(seed)
    disk = Disk(root)
    for each in done[: draw.randint(1, len(done) // 2)]:
        disk.change(each)
    laid_out(disk.left(draw), tmp_path)
    build(scripted(talker), TASK, tmp_path / "careful" / "run", method=RandomWords(), shots=2)
    compare(scripted(talker), TASK, Plan(("auto_cot", "random"), ("random",), shots=2), tmp_path / "careful" / "compared")
    assert left_behind(tmp_path / "careful" / "compared") == left_behind(root / "careful" / "compared")
    made = (tmp_path / "careful" / "run" / "prompt.json").read_bytes()
    assert made == (root / "careful" / "run" / "prompt.json").read_bytes()


def moments(root: Path, done: list[Change], count: int, which: str) -> Iterator[tuple[int, list[dict], Disk]]:
    """The disk at ``count`` moments of one half of the work, with the number of changes and what was told by then."""
    draw, disk, told, files = random.Random(count), Disk(root), list[dict](), set[int]()
    own = [place for place, each in enumerate(done) if str(root / which) in f"{each.first!r}"]
    wanted = sorted(draw.choice(range(own[0], own[-1] + 2)) for _ in range(count))
    for place, each in enumerate([*done, None]):
        while wanted and wanted[0] == place:
            wanted.pop(0)
            yield place, told, disk
        if each is None:
            return
        disk.change(each)
        if each.what == "O":
            (files.add if each.first.endswith(b"/told") else files.discard)(each.number)
        if each.what == "W" and each.number in files:
            told += map(json.loads, each.first.splitlines())


def faults(disk: Disk, told: list[dict], place: Path, which: str, draw: random.Random) -> Iterator[str]:
    """What is wrong with a state that a loss of power may leave."""
    left = {name: content for name, content in disk.left(draw).items() if name.startswith(f"{which}/")}
    for name, content in left.items():
        if not name.endswith((*OF_THE_STORE, *OTHER, ".part")) and content not in disk.versions.get(name, []):
            yield f"in part: {name}"
    own = [each for each in told if each["folder"] == which]
    for name in {name for each in own for name in each.get("finished", ())}:
        if f"{which}/{name}" not in left:
            yield f"missing: {name}"
    laid_out({name: content for name, content in left.items() if name.endswith(OF_THE_STORE)}, place)
    for store in ("run", "compared"):
        units = {key for each in own if each.get("store") == store for key in each["units"]}
        yield from (f"{fault} in {store}" for fault in of_store(place / which / store, units))
    shutil.rmtree(place, ignore_errors=True)


def of_store(folder: Path, units: set[str]) -> Iterator[str]:
    """What is wrong with a store that should have these units."""
    try:
        with Store(folder):  # which brings in what the write-ahead log has
            pass
        with closing(sqlite3.connect(folder / "run.sqlite")) as store:
            sound = store.execute("PRAGMA integrity_check").fetchall()
            there = {key for (key,) in store.execute("SELECT key FROM units")}
    except Exception as error:
        yield f"damaged store: {error}"
        return
    if sound != [("ok",)]:
        yield f"damaged store: {sound}"
    if units - there:
        yield f"lost units: {len(units - there)} of {len(units)}"


def laid_out(files: dict[str, bytes], place: Path) -> None:
    """Write files into a folder."""
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
