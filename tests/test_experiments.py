"""That every script of the experiments can be started, and the table that they print."""

import sys
from pathlib import Path
from types import ModuleType

import pytest
from small import scripted, talker, task

from experiments import ablation, following, grid
from experiments.summary import print_table
from selfamplify import Plan, compare


@pytest.mark.parametrize("script", [grid, ablation, following])
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
