"""The layouts of the hub, read with the real `datasets` library from local copies; and loading without library or network."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from selfamplify import load_task
from selfamplify.errors import DataError, SettingsError
from selfamplify.tasks.public import ARC_CHALLENGE, SNARKS
from selfamplify.tasks.readers.hub import HubData

datasets = pytest.importorskip("datasets", reason="the extra `hub` is not installed")

SPLITS = ("train", "test", "validation")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def arc_rows(count: int, split: str) -> list[dict[str, object]]:
    choices = {"text": ["air", "rock", "water"], "label": ["1", "2", "3"]}
    return [
        {"id": f"{split}{n}", "question": f"What is {split} {n}?", "choices": choices, "answerKey": "2"} for n in range(count)
    ]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small copy of ai2_arc: one parquet file per split, and the card that names them."""
    folder = tmp_path / "ai2_arc"
    files = [f"  - split: {split}\n    path: ARC-Challenge/{split}-*\n" for split in SPLITS]
    (folder / "ARC-Challenge").mkdir(parents=True)
    for split in SPLITS:
        table = datasets.Dataset.from_list(arc_rows(5, split))
        table.to_parquet(str(folder / "ARC-Challenge" / f"{split}-00000-of-00001.parquet"))
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: ARC-Challenge\n  data_files:\n{''.join(files)}---\n")
    return folder


def test_a_hub_data_set_has_both_sides(repository: Path):
    reading = replace(ARC_CHALLENGE, hub=HubData(str(repository), "ARC-Challenge")).load(None, None, seed=0)
    assert reading.test is not None
    assert [question.id for question in reading.train] == [f"train{n}" for n in range(5)]
    assert [question.id for question in reading.test] == [f"test{n}" for n in range(5)]
    assert reading.train[0].render() == "What is train 0? (A) air (B) rock (C) water"
    assert reading.train[0].answer == "B"


def test_a_hub_repository_reads_the_same_as_a_local_folder(repository: Path):
    task = load_task("arc_challenge", repository)
    reading = replace(ARC_CHALLENGE, hub=HubData(str(repository), "ARC-Challenge")).load(None, None, seed=0)
    assert sorted(task.train, key=lambda question: question.id) == list(reading.train)
    assert sorted(task.test, key=lambda question: question.id) == list(reading.test or ())


def test_the_validation_split_is_the_test_side_of_commonsenseqa(tmp_path: Path):
    (tmp_path / "data").mkdir()
    for split in SPLITS:
        rows = [row | ({"answerKey": ""} if split == "test" else {}) for row in arc_rows(3, split)]
        (tmp_path / "data" / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = load_task("commonsenseqa", tmp_path)
    assert {question.id for question in task.test} == {f"validation{n}" for n in range(3)}


def test_a_data_set_with_one_split_has_yet_to_be_split(tmp_path: Path):
    rows = [{"input": f"Which is sarcastic?\nOptions:\n(A) x{n}\n(B) y{n}", "target": "(B)"} for n in range(6)]
    (tmp_path / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    reading = replace(SNARKS, hub=HubData(str(tmp_path))).load(None, None, seed=0)
    assert reading.test is None
    folder = SNARKS.load(tmp_path, None, seed=0)
    assert [question.render() for question in reading.train] == [question.render() for question in folder.train]
    assert len(load_task("snarks", tmp_path).test) == 3


def test_bad_rows_of_parquet_files_have_places(repository: Path, tmp_path: Path):
    rows = arc_rows(3, "train") + [arc_rows(1, "other")[0] | {"answerKey": "7"}]
    file = tmp_path / "some.parquet"
    datasets.Dataset.from_list(rows).to_parquet(str(file))
    with pytest.raises(DataError) as caught:
        load_task("file", file)
    assert f"{file}: row 4: the answer '7' is not one of the choices A, B, C" in str(caught.value)


def test_a_damaged_or_empty_parquet_file_is_refused(tmp_path: Path):
    file = tmp_path / "some.parquet"
    file.write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="some.parquet can't be read .*`data="):
        load_task("file", file)
    datasets.Dataset.from_dict({"question": [], "answer": []}).to_parquet(str(tmp_path / "none.parquet"))
    with pytest.raises(DataError, match="none.parquet can't be read .*`data="):
        load_task("file", tmp_path / "none.parquet")


def test_without_a_network_the_error_says_what_to_do():
    with pytest.raises(DataError, match="(?s)SaylorTwift/bbh/snarks can't be read .*`data="):
        load_task("snarks")


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"pip install 'selfamplify\[hub\]'`.*`data="):
        load_task("arc_challenge")


def test_a_folder_that_is_empty_or_lacks_a_split_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="has none;"):
        load_task("arc_challenge", tmp_path)
    for name in ("train", "dev"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(arc_rows(1, name)[0]))
    with pytest.raises(DataError, match="the splits train and test, but has dev, train;"):
        load_task("arc_challenge", tmp_path)


def test_test_data_needs_a_train_file_of_its_own(tmp_path: Path):
    with pytest.raises(SettingsError, match="has its own test questions"):
        load_task("arc_challenge", tmp_path, test_data=tmp_path / "test.csv")
    with pytest.raises(SettingsError, match="only the test questions"):
        load_task("arc_challenge", test_data=tmp_path / "test.csv")
