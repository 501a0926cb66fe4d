"""Runs in trackers of experiments: read back from MLflow's own database, and by the clients that are installed."""

import json
import shutil
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import pytest
from small import scripted, talker, task

from selfamplify import AbstractTracker, DataError, Plan, Prompt, RunError, SettingsError, Table, TrackedRun, compare, log_run
from selfamplify.names import NAMES
from selfamplify.tracking.log import as_tracker, tracked


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "mine"
    compare(scripted(talker), task(), Plan(("random", "auto_cot"), ("success", "random"), seeds=(0, 1), shots=2), folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@dataclass(frozen=True)
class Kept(AbstractTracker):
    """Keeps the runs in a list."""

    package: ClassVar[str] = "json"
    runs: list[TrackedRun] = field(default_factory=list)

    def log(self, run: TrackedRun) -> str:
        self.runs.append(run)
        return "kept"


def test_a_tracker_gets_settings_figures_and_files(run: Path):
    tracker, table = Kept(), Table.load(run)
    assert log_run(run, tracker) == "kept"
    (found,) = tracker.runs
    assert found.name == "mine" and found.settings == table.settings
    for mean in table.means:
        place = f"{mean.selection}/{mean.method}"
        own = [found.metrics[f"{place}/{name}"] for name in ("accuracy", "accuracy_low", "accuracy_high")]
        assert own == [mean.mean, mean.low, mean.high]
        if mean.method != "io":
            (io,) = (each.mean for each in table.means if (each.method, each.selection) == ("io", mean.selection))
            assert found.metrics[f"{place}/minus_io"] == pytest.approx(mean.mean - io)
    assert {"results.json", "responses.jsonl"} < {file.name for file in found.files}
    assert {file.name for file in found.files} > {file.name for file in (run / "prompts").iterdir()}


def test_what_else_is_among_the_prompts_is_not_handed_over(run: Path, tmp_path: Path):
    shutil.copytree(run, tmp_path, dirs_exist_ok=True)
    shutil.copy(tmp_path / "results.json", tmp_path / "prompts" / "results.json")  # as evaluate wrote it there in 0.1.0
    assert [file.name for file in tracked(tmp_path).files] == [file.name for file in tracked(run).files]


def test_figures_of_several_numbers_of_keywords_have_different_names(tmp_path: Path):
    compare(scripted(talker), task(), Plan(("random",), ("random",), keywords=(1, 2), shots=2), tmp_path / "k")
    names = tracked(tmp_path / "k").metrics
    assert {"random/random-k1/accuracy", "random/random-k2/accuracy", "random/io/accuracy"} < set(names)


@pytest.mark.parametrize("row", ["io", "auto_cot", "mine"])
def test_differences_are_those_from_the_row_that_the_run_is_tested_against(row: str, run: Path, tmp_path: Path):
    mine = Prompt.load(min((run / "prompts").glob("io-*.json")))
    compare(scripted(talker), task(), Plan(("random", "auto_cot"), ("random",), shots=2), tmp_path, prompts={"mine": mine})
    (tmp_path / "run.toml").write_text(f'[compare]\nagainst = "{row}"\n')  # as the command line writes it
    found = {name: value for name, value in tracked(tmp_path).metrics.items() if "minus" in name}
    rates = {mean.method: mean.mean for mean in Table.load(tmp_path).means}
    others = {f"random/{name}/minus_{row}": rate - rates[row] for name, rate in rates.items() if name != row}
    assert found == pytest.approx(others) and len(found) == 3


@pytest.mark.long
@pytest.mark.skipif(find_spec("mlflow") is None, reason="MLflow is not installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:sqlalchemy", "ignore::DeprecationWarning:mlflow")
def test_mlflow_keeps_the_run(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mlflow = import_module("mlflow")
    place = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.chdir(tmp_path)  # where it puts files
    monkeypatch.setenv("MLFLOW_TRACKING_URI", place)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", place)
    before = contents(run)
    line = log_run(run, "mlflow")
    (kept,) = mlflow.search_runs(experiment_names=["selfamplify"], output_format="list")
    assert kept.info.run_id in line and kept.info.status == "FINISHED"
    expected = tracked(run)
    assert kept.data.metrics == pytest.approx(dict(expected.metrics))
    assert kept.data.params == {name: str(value) for name, value in expected.settings.items()}
    files = mlflow.artifacts.download_artifacts(run_id=kept.info.run_id, dst_path=str(tmp_path / "back"))
    assert {name: Path(files, name).read_bytes() for name in ("results.json", "responses.jsonl")} == {
        name: before[name] for name in ("results.json", "responses.jsonl")
    }
    assert contents(run) == before


@pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not installed")
def test_wandb_keeps_the_run_offline(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    log_run(run, "wandb")
    import_module("wandb").teardown()  # so that it has written all
    (kept,) = tmp_path.rglob("*.wandb")
    assert b"success/random/accuracy" in kept.read_bytes()


@pytest.mark.skipif(find_spec("trackio") is None, reason="Trackio is not installed")
def test_trackio_keeps_the_run(run: Path):
    trackio = import_module("trackio")
    log_run(run, "trackio")
    kept = trackio.Api().runs("selfamplify")
    assert "mine" in [each.name for each in kept]


def test_a_client_that_is_missing_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("selfamplify.tracking.tracker.find_spec", lambda name: None)
    for name in NAMES["tracker"]:
        with pytest.raises(SettingsError, match=f"pip install {name}$"):
            as_tracker(name)


def test_unknown_trackers_and_other_objects_are_refused():
    with pytest.raises(SettingsError, match="did you mean 'mlflow'"):
        as_tracker("ml-flow")


@dataclass(frozen=True)
class Failing(Kept):
    def log(self, run: TrackedRun) -> str:
        raise OSError("no route to host")


def test_a_client_that_fails_harms_no_run(run: Path):
    before = contents(run)
    with pytest.raises(RunError, match=r"json could not log the run \(no route to host\)\. The results are in .*log_run"):
        log_run(run, Failing())
    assert contents(run) == before


def test_changed_results_are_not_logged(run: Path, tmp_path: Path):
    forged = json.loads((run / "results.json").read_text())
    (tmp_path / "results.json").write_text(json.dumps(forged | {"rows": forged["rows"][:-1]}))
    with pytest.raises((DataError, RunError)):
        log_run(tmp_path, Kept())
