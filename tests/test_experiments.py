"""That every script of the experiments can be started, and the tables and files that they write."""

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from small import scripted, talker, task

from experiments import ablation, following, grid, plain_data, shots, tuning
from experiments.summary import print_table
from selfamplify import Choice, Plan, Question, compare, load_task


@pytest.mark.parametrize("script", [grid, ablation, following, shots, tuning])
def test_scripts_explain_themselves(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [script.__name__, "--help"])
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert ended.value.code == 0 and "model" in capsys.readouterr().out


def test_the_table_has_a_line_per_method_and_ends_with_conclusions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = compare(scripted(talker), task(), Plan(("random",), ("error",), seeds=(0, 1), shots=2), tmp_path)
    print_table(table)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| error | io |") and lines[3].startswith("| error | random |") and lines[3].count("|") == 8
    assert lines[-1] == table.conclusions()[-1]


def test_plain_data_is_read_back_as_the_same_questions(tmp_path: Path) -> None:
    labels = Choice("A", "negative"), Choice("B", "positive")
    questions = [
        Question(f"q{n}", text, labels, "AB"[n % 2]) for n, text in enumerate(("so, so", 'a "quoted" line\nand more', "=1+1"))
    ]
    plain_data.write(tmp_path / "train.csv", questions)
    plain_data.write(tmp_path / "test.csv", [Question("q9", "another one", labels, "A")])
    read = load_task("file", tmp_path / "train.csv", test_data=tmp_path / "test.csv")
    found = {each.text: replace(each, answer_style="label").written(each.answer) for each in read.train}
    assert found == {each.text: ("negative", "positive")[n % 2] for n, each in enumerate(questions)}
