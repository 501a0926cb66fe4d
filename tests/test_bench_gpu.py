"""``make bench-gpu`` without a GPU: a dry run of every row on a CPU, and how rows are kept, resumed, ended and failed."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import gpu
from benchmarks.answering import Bench, Load, jobs
from benchmarks.attention import Case, attention
from benchmarks.gpu_table import tables
from benchmarks.recorded import Figures, OutOfTime, Record, Row, Setting, measure, read, write
from benchmarks.shapes import build

DRY = ["--device", "cpu", "--shape", "tiny", "--runs", "1"]
SETTING = Setting("tiny", "a device", "torch 0")
FIGURES: Figures = {"seconds": 2.0, "peer_seconds": 6.0}


def found(title: str, figures: Figures = FIGURES) -> Record:
    return Record("work", title, "a peer", "tiny", "a device", "torch 0", "2026-01-01", dict(figures))


class Rows:
    """Rows that note when they are measured."""

    def __init__(self, file: Path):
        self.file = file
        self.measured: list[str] = []

    def row(self, title: str, expected: float = 0, work: Callable[[], object] = lambda: None) -> Row:
        def run() -> Figures:
            self.measured.append(title)
            work()
            return dict(FIGURES)

        return Row("work", title, "a peer", expected, run)

    def measure(self, *rows: Row, budget: float = 60, again: bool = False, setting: Setting = SETTING) -> list[str]:
        """The titles of the rows that are left."""
        self.measured.clear()
        left = measure(self.file, setting, rows, time.monotonic() + budget, again, lambda: None)
        return [row.title for row in left]


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "folder" / "gpu.json")


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::UserWarning")  # Captum's, about hooks
def test_dry_run_measures_every_row_and_a_second_call_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "gpu.json"
    gpu.main([*DRY, "--out", str(file)])
    first = capsys.readouterr().out
    records = read(file)
    assert {record.table for record in records} == {"work", "attention"}
    for record in records:
        assert not record.error, record
        assert float(str(record.figures["seconds"])) > 0 and float(str(record.figures["peer_seconds"])) > 0
        assert record.figures["memory"] is None  # no GPU
        assert f"| {record.title} |" in first
    shares = [record for record in records if "coalitions" in record.title]
    assert len(shares) == 2 and all(record.figures["rate"] and record.figures["chip"] for record in shares)

    before = file.read_bytes()
    gpu.main([*DRY, "--out", str(file)])
    second = capsys.readouterr().out
    assert f"{len(records)} of {len(records)} rows" in second
    assert file.read_bytes() == before
    gpu.main(["--table", "--out", str(file)])
    assert capsys.readouterr().out.strip() == tables(records) == second.partition("\n\n")[2].strip()

    write(file, [record for record in records if record is not shares[0]])
    gpu.main([*DRY, "--out", str(file), "--budget", "0.001s"])
    assert f"- {shares[0].title}; {shares[0].peer}" in capsys.readouterr().out
    assert len(read(file)) == len(records) - 1


def test_rows_are_written_one_by_one_and_resumed(rows: Rows):
    seen: list[int] = []

    def count() -> None:
        seen.append(len(read(rows.file)))

    titles = ("one", "two", "three")
    assert rows.measure(*(rows.row(title, work=count) for title in titles)) == []
    assert seen == [0, 1, 2]
    assert list(rows.file.parent.iterdir()) == [rows.file]
    write(rows.file, [record for record in read(rows.file) if record.title != "two"])
    rows.measure(*map(rows.row, titles))
    assert rows.measured == ["two"]
    rows.measure(*map(rows.row, titles), again=True)
    assert rows.measured == list(titles)
    assert len(read(rows.file)) == 3


def test_interruption_keeps_what_was_measured(rows: Rows):
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rows.measure(rows.row("one"), rows.row("two", work=interrupted))
    assert [record.title for record in read(rows.file)] == ["one"]


def test_another_device_or_shape_is_measured_anew(rows: Rows):
    rows.measure(rows.row("one"))
    rows.measure(rows.row("one"), setting=Setting("tiny", "another device", "torch 0"))
    rows.measure(rows.row("one"), setting=Setting("7b", "a device", "torch 0"))
    assert rows.measured == ["one"]
    assert [(record.shape, record.device) for record in read(rows.file)] == [
        ("tiny", "a device"),
        ("tiny", "another device"),
        ("7b", "a device"),
    ]


def test_budget_ends_before_a_row_that_would_not_fit(rows: Rows):
    left = rows.measure(rows.row("one", 5), rows.row("two", 1000), rows.row("three", 5), budget=100)
    assert left == ["two", "three"]
    assert rows.measured == ["one"]
    assert rows.measure(rows.row("one", 5), rows.row("two", 1000), rows.row("three", 5), budget=2000) == []
    assert rows.measured == ["two", "three"]


def test_failed_row_is_recorded_in_one_line_and_stops_no_other(rows: Rows):
    def fails() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 20 GiB | of 10")

    assert rows.measure(rows.row("one", work=fails), rows.row("two")) == []
    failed, other = read(rows.file)
    assert failed.error == "OutOfMemoryError: CUDA out of memory. Tried to allocate 20 GiB | of 10"
    assert not failed.figures and not other.error
    printed = tables([failed, other])
    assert len({line.count("|") for line in printed.splitlines() if line.startswith("|")}) == 1
    rows.measure(rows.row("one"), rows.row("two"))
    assert rows.measured == []
    rows.measure(rows.row("one"), rows.row("two"), again=True)
    assert not any(record.error for record in read(rows.file))


def test_row_that_outlasts_the_budget_is_stopped_and_tried_last(rows: Rows):
    def endless() -> None:
        while True:
            time.sleep(0.01)

    assert rows.measure(rows.row("one", work=endless), budget=1.0) == []
    assert read(rows.file)[0].error.startswith(OutOfTime.__name__)
    rows.measure(rows.row("one"), rows.row("two"))
    assert rows.measured == ["two", "one"]
    assert [record.error for record in read(rows.file)] == ["", ""]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_failing_peer_leaves_our_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("benchmarks.answering.Bench.copied", fails)
    from benchmarks.gpu_rows import Rows as AllRows

    made = AllRows("tiny", "cpu", 1)
    copied = [row for row in made.rows if "copied" in row.peer]
    file = tmp_path / "gpu.json"
    measure(file, made.setting, copied, time.monotonic() + 600, False, made.free)
    for record in read(file):
        assert record.error == "the peer: OutOfMemoryError: CUDA out of memory"
        assert set(record.figures) == {"seconds", "memory"}
    assert len(read(file)) == 2


def test_peers_write_what_is_written_here():
    bench = Bench(build("tiny", "cpu").float(), Load(questions=3, prefix=20, alone=3, written=6))
    for job in jobs(bench.load):
        ours = bench.here(job.decoding)
        assert job.work(bench, job.decoding) == ours
        assert [len(tokens) for tokens in ours] == [6] * 3


def test_tables_show_ratio_memory_and_share():
    figures: Figures = {**FIGURES, "memory": 3 * 2**20, "peer_memory": 2**30, "rate": 3e14, "chip": 6e14}
    row = tables([found("one", figures)]).splitlines()[-1]
    assert row == "| one | a peer | 6 s | 2 s | 3.0 | 1,024 MiB | 3 MiB | 300 | 50% |  |"


def test_table_alone_needs_no_torch(tmp_path: Path):
    file = tmp_path / "gpu.json"
    write(file, [found("one")])
    code = (
        f"import sys; from benchmarks import gpu; gpu.main(['--table', '--out', {str(file)!r}]); print('torch' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    assert "| one | a peer |" in out.stdout
    assert out.stdout.split()[-1] == "False"


def test_file_is_json_that_people_can_read(rows: Rows):
    rows.measure(rows.row("one"))
    (entry,) = json.loads(rows.file.read_text())
    assert entry["figures"] == FIGURES
    assert entry["device"] == "a device" and entry["versions"] == "torch 0" and entry["date"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    "case",
    [
        {"queries": 17},
        {"queries": 40, "keys": 30, "causal": False},
        {"queries": 9, "prefix": 33, "kv_heads": 2},
        {"queries": 1, "prefix": 1},
    ],
    ids=str,
)
def test_attention_is_as_close_to_float32_as_rounding_allows(case: dict[str, Any], dtype: torch.dtype):
    figures = attention(Case(rows=3, heads=4, dim=16, dtype=dtype, **case), "cpu", 1)
    rounding = torch.finfo(dtype).eps
    assert all(float(str(figures[name])) < 8 * rounding for name in ("output", "output_here", "output_plain"))
    assert float(str(figures["lse_here"])) < 1e-3  # scores are float32 here, whatever the states are
    assert float(str(figures["lse_plain"])) < 8 * rounding


@pytest.mark.parametrize(("text", "seconds"), [("520", 520), ("520s", 520), ("9m", 540), ("1.5m", 90)])
def test_budget_is_read_in_seconds_or_minutes(text: str, seconds: float):
    assert gpu._duration(text) == seconds


@pytest.mark.parametrize("wrong", ["", "9 minutes", "-3", "9h"])
def test_wrong_budget_is_refused(wrong: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        gpu.main(["--table", f"--budget={wrong}"])
    assert "is not a duration; write 520, 520s or 9m" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_dry_run_is_named(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        gpu.main([])
    assert "--device cpu --shape tiny" in capsys.readouterr().err
