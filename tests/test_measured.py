"""Measured seconds: in the store and nowhere else, and still where people see them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from small import Run as Called
from small import left_behind, scripted, talker, task

from selfamplify import Plan, Prompt, Run, Table, build, compare, comparison_table, evaluate, write_report
from selfamplify.answering import answer
from selfamplify.explain import self_topk, writing
from selfamplify.methods import auto_cot
from selfamplify.prompting.prompt_file import record_seal
from selfamplify.records import Cost, ScoredWords
from selfamplify.runs.measured import explaining
from selfamplify.text.sealing import sealed

PLAN = Plan(("auto_cot", "self_topk"), ("random",), shots=2)
TASK = task(30, 5)


@contextmanager
def ticking(step: float) -> Iterator[None]:
    """A clock that is ``step`` seconds later each time it is read."""
    with pytest.MonkeyPatch.context() as patched:
        for module in (answer, auto_cot, self_topk, writing):
            patched.setattr(module, "perf_counter", map(float, count(0, step)).__next__)
        yield


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    folder = tmp_path_factory.mktemp("compared")
    with ticking(1):
        return folder, compare(scripted(talker), TASK, PLAN, folder)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Prompt]:
    folder = tmp_path_factory.mktemp("built")
    with ticking(1):
        return folder, build(scripted(talker), TASK, folder, method="self_topk", shots=2)


def test_two_runs_of_the_same_work_leave_the_same_bytes(compared: tuple[Path, Table], tmp_path: Path):
    with ticking(7):
        again = compare(scripted(talker), TASK, PLAN, tmp_path)
    assert left_behind(tmp_path) == left_behind(compared[0])
    for row, other in zip(again.rows, compared[1].rows, strict=True):
        assert row.seconds and other.seconds and row.seconds > other.seconds
    assert b'"seconds"' not in b"".join(left_behind(tmp_path).values())


def test_a_table_is_read_with_the_seconds_that_were_measured(compared: tuple[Path, Table], tmp_path: Path):
    folder, table = compared
    assert Table.load(folder).rows == table.rows and all(row.seconds for row in table.rows)
    before = sorted(file.name for file in folder.iterdir())
    Run(folder).table()
    assert sorted(file.name for file in folder.iterdir()) == before, "reading leaves nothing behind"
    shutil.copy(folder / "results.json", tmp_path)
    shutil.copy(folder / "responses.jsonl", tmp_path)
    alone = Table.load(tmp_path)
    assert [row.seconds for row in alone.rows] == [None] * len(table.rows)
    assert alone.digest() == table.digest()
    assert comparison_table(alone).row_count == len(table.rows)
    write_report(tmp_path, tmp_path / "page.html")
    shutil.copy(folder / "run.sqlite", tmp_path)
    assert Table.load(tmp_path).rows == table.rows
    (tmp_path / "run.sqlite").write_bytes(b"no database" * 500)
    assert Table.load(tmp_path) == alone


def test_seconds_never_stand_beside_other_results(compared: tuple[Path, Table], tmp_path: Path):
    folder, table = compared
    shutil.copy(folder / "run.sqlite", tmp_path)
    replace(table, failed={"auto_cot": "no reason"}).save(tmp_path)
    assert {row.seconds for row in Table.load(tmp_path).rows} == {None}


def test_results_of_an_earlier_version_are_read_with_their_own_seconds(compared: tuple[Path, Table], tmp_path: Path):
    data = json.loads((compared[0] / "results.json").read_text())
    digest = data.pop("digest")
    for number, row in enumerate(data["rows"]):
        row["seconds"] = 1.5 + number
    earlier = sealed(data)
    assert earlier["digest"] == digest, "the seconds are no part of it"
    (tmp_path / "results.json").write_text(json.dumps(earlier))
    table = Table.load(tmp_path)
    assert [row.seconds for row in table.rows] == [1.5 + number for number in range(len(table.rows))]
    assert table.digest() == compared[1].digest()


def test_a_prompt_of_version_5_is_read_with_its_own_seconds(built: tuple[Path, Prompt], tmp_path: Path):
    data = json.loads((built[0] / "prompt.json").read_text()) | {"version": 5}
    hashes = data.pop("hashes")
    for shot in data["shots"]:
        assert "seconds" not in shot["explanation"]["cost"]
        shot["explanation"]["cost"]["seconds"] = 2.5
    hashes["record_sha256"] = record_seal(data, hashes["prompt_sha256"])
    (tmp_path / "prompt.json").write_text(json.dumps(data | {"hashes": hashes}))
    read = Prompt.load(tmp_path)
    assert read == built[1] and explaining(read) == [2.5, 2.5]
    read.save(tmp_path)
    assert (tmp_path / "prompt.json").read_bytes() == (built[0] / "prompt.json").read_bytes()
    assert explaining(Prompt.load(tmp_path)) == [0.0, 0.0]


def test_the_seconds_of_explanations_count_where_their_prompt_is_evaluated(built: tuple[Path, Prompt], tmp_path: Path):
    folder, prompt = built
    assert explaining(Run(folder).prompt()) == explaining(prompt) and all(explaining(prompt))
    assert explaining(Prompt.load(folder)) == [0.0, 0.0] and Prompt.load(folder) == prompt
    with ticking(1):
        result = evaluate(scripted(talker), TASK, folder, out=tmp_path)
    (row,) = Table.load(tmp_path).rows
    assert row.seconds == round(result.seconds + sum(explaining(prompt)), 3) > round(result.seconds, 3)


def test_a_notebook_shows_no_seconds_that_are_not_known():
    known = ScoredWords("q", "deep_lift", ("dry",), (1.0,), "logit", cost=Cost(5, 1.25))
    unknown = replace(known, cost=Cost(5))
    assert known == unknown, "a measurement is no difference"
    assert "5 forward passes, 1.25 s" in known._repr_html_()
    assert "5 forward passes" in unknown._repr_html_() and " s<" not in unknown._repr_html_()
    assert "0.00 s" not in unknown._repr_html_()


def test_the_table_on_the_screen_has_a_column_of_seconds(run: Called, compared: tuple[Path, Table]):
    code, printed, _ = run("show", compared[0])
    assert code == 0 and "seconds" in printed
