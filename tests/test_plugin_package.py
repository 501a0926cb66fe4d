"""The package in examples/plugin: installed as it is, its explainer, its task and its exporter are found by their names."""

import csv
import itertools
import subprocess
import sys
from importlib import invalidate_caches
from pathlib import Path

import numpy as np
import pytest
from small import Run

from selfamplify import DEFAULT, Prompt, ScoredWords, load_model, load_task, make_explainer

PLUGIN = Path(__file__).parents[1] / "examples" / "plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which pip installed the package from its own source, without what it depends on."""
    pytest.importorskip("hatchling", reason="needs hatchling: pip install hatchling")
    folder = tmp_path_factory.mktemp("installed")
    install = ("install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation")
    done = subprocess.run(
        [sys.executable, "-m", "pip", *install, "--target", str(folder), str(PLUGIN)],
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return folder


@pytest.fixture(autouse=True)
def found(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(installed))
    invalidate_caches()


@pytest.mark.long
def test_its_names_are_used_like_any_others(run: Run):
    code, listed, _ = run("list")
    assert code == 0 and listed.count("from selfamplify-example") == 3
    build = (
        "--model",
        "embedded",
        "--task",
        "weekdays",
        "--method",
        "occlusion",
        "--set",
        "width=3",
        "--shots",
        2,
        "--check",
        0,
    )
    code, _, problem = run("build", *build, "--out", "runs/weekdays")
    assert code == 0, problem
    code, said, problem = run("export", "runs/weekdays", "--to", "spreadsheet", "--check")
    assert code == 0 and "would send the same turns" in said, problem
    prompt = Prompt.load("runs/weekdays")
    with Path("runs/weekdays/exported/spreadsheet/turns.csv").open(encoding="utf-8", newline="") as file:
        assert [dict(row) for row in csv.DictReader(file)] == prompt.messages("{question}")


def test_a_setting_that_makes_no_sense_is_named(run: Run):
    code, _, problem = run("build", "--task", "weekdays", "--method", "occlusion", "--set", "width=0", "--out", "runs/none")
    assert (code, problem) == (2, "error: width=0 hides no word; use 1 or more.\n")


def test_every_question_offers_its_right_day_once():
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    task = load_task("weekdays")
    for each in itertools.chain(task.train, task.test):
        day, _, later = each.id.partition("+")
        texts = [choice.text for choice in each.choices]
        assert len(set(texts)) == 4
        right = next(choice.text for choice in each.choices if choice.label == each.answer)
        assert days.index(right) == (days.index(day) + int(later)) % 7


def test_occlusion_of_one_word_is_feature_ablation():
    model, question = load_model("embedded"), load_task("weekdays").test[0]
    explainers = make_explainer("occlusion", {"width": 1}), make_explainer("feature_ablation")
    one, other = (each.explain(model, question, DEFAULT.wording, 0) for each in explainers)
    assert isinstance(one, ScoredWords) and isinstance(other, ScoredWords)
    assert one.words == other.words
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
