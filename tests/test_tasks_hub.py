"""The layouts of the hub, read with the real `datasets` library from local copies; and loading without library or network."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hub_repositories import REFUSED, SCHEMAS
from small import Run, shared

from selfamplify import Columns, load_task, overview
from selfamplify.errors import DataError, SettingsError
from selfamplify.records import Question
from selfamplify.tasks.hub import loading
from selfamplify.tasks.hub.sides import HubData
from selfamplify.tasks.public import ARC_CHALLENGE, SNARKS

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
    with pytest.raises(DataError, match="none.parquet contains no rows; use"):
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


# The task "file" with the address of any data set.


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("hub")
    return {name: schema.build(home / name) for name, schema in (SCHEMAS | REFUSED).items()}


def gold(question: Question) -> str:
    return next(choice.text for choice in question.choices if choice.label == question.answer)


@pytest.mark.long
@pytest.mark.parametrize("name", SCHEMAS)
def test_real_schemas_are_read_with_the_right_answers_and_sides(name: str, built: dict[str, Path]):
    schema = SCHEMAS[name]
    found = overview("file", f"hub:{built[name]}{schema.config}")
    train, test = schema.sides
    assert not found.reading.bad and not found.reading.repeated
    for split, questions in ((train, found.reading.train), (test, found.reading.test)):
        assert (questions is None) == (split is None)
        assert all(f"{split} " in question.render() for question in questions or ())
        assert len(questions or ()) == (schema.rows if split else 0)
    for question in found.questions:
        assert gold(question).startswith("right") or f"<{gold(question)}>" in question.text, question.render()
    note = next(note for note in found.warnings if note.startswith(f"{built[name]}/{schema.configs[-1]}: shots"))
    assert f"the split {train}" in note and (test is None or f"test questions from the split {test}" in note)
    assert ("no answers" in note) == (bool(schema.hidden) and name != "imdb")


@pytest.mark.parametrize("name", ["ai2_arc", "mmlu", "hellaswag", "boolq", "sst2", "ag_news", "sciq", "medmcqa", "medqa"])
def test_the_parquet_files_of_a_repository_hold_the_same_questions(name: str, built: dict[str, Path]):
    schema = SCHEMAS[name]
    files = [built[name] / schema.configs[-1] / f"{split}-00000-of-00001.parquet" for split in schema.sides]
    there, here = overview("file", f"hub:{built[name]}{schema.config}"), overview("file", files[0], test_data=files[1])
    shown = [[(question.render(), question.answer) for question in found.questions] for found in (there, here)]
    assert shown[0] == shown[1]
    assert there.reading.roles == here.reading.roles


def test_data_sets_with_many_labels_or_several_per_text_are_refused_with_the_reason(built: dict[str, Path]):
    with pytest.raises(DataError, match="77 distinct answers .* has 2 to 26 labels"):
        load_task("file", f"hub:{built['banking77']}")
    with pytest.raises(DataError, match=r"'labels' has lists of labels, such as \['anger', 'neutral'\]"):
        load_task("file", f"hub:{built['go_emotions']}:simplified")


def test_a_single_split_can_be_named_and_is_split_in_two(built: dict[str, Path]):
    for address in (f"hub:{built['commonsense_qa']}:validation", f"hub:{built['ai2_arc']}:ARC-Easy:validation"):
        task = load_task("file", address, test_size=2, split_seed=3)
        assert (len(task.train), len(task.test)) == (4, 2)
        assert all("validation" in question.text for question in (*task.train, *task.test))
        assert any("both come from the split validation; not used: train, test." in note for note in task.notes)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("mmlu", 'several configurations, abstract_algebra, all, anatomy; name one: `data="hub:{}:abstract_algebra"`'),
        ("mmlu:anatomi", "no configuration 'anatomi'; .* abstract_algebra, all, anatomy; use `data=\"hub:{}:anatomy\"`"),
        ("mmlu:anatomi:test", "no configuration 'anatomi'; .* use `data=\"hub:{}:anatomy\"`"),
        ("mmlu:anatomy:train", "no split 'train'; its splits are test, validation, dev; use `data=\"hub:{}:anatomy:"),
        ("sst2:valid", "no configuration or split 'valid'; its splits are train, validation, test; use `data=\"hub:{}:val"),
        ("sst2:test", "There are no answers in the split test of"),
        ("nothing", "nothing can't be read .*; use another file"),
    ],
)
def test_wrong_names_raise_one_line_that_lists_what_there_is(address: str, message: str, built: dict[str, Path]):
    path = built["sst2"].parent / address.partition(":")[0]
    with pytest.raises(DataError, match=message.format(path)) as caught:
        load_task("file", f"hub:{built['sst2'].parent}/{address}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["", "sst2:", "sst2:default:test:x", ":test"])
def test_an_address_has_a_path_and_at_most_two_names(address: str):
    with pytest.raises(SettingsError, match=f"'hub:{address}' is not the address of a data set; use `data="):
        load_task("file", f"hub:{address}")


def test_a_default_configuration_is_used_and_named(built: dict[str, Path], tmp_path: Path):
    SCHEMAS["tweet_eval"].build(folder := tmp_path / "tweets")
    card = folder / "README.md"
    card.write_text(card.read_text().replace("- config_name: emotion", "- config_name: emotion\n  default: true"))
    assert f"{folder}: the configuration is emotion, the default; the others are emoji, irony." in (
        load_task("file", f"hub:{folder}").notes
    )


def test_folders_of_the_same_name_and_changed_files_are_told_apart(tmp_path: Path):
    schema = SCHEMAS["boolq"]
    first = schema.build(tmp_path / "one" / "boolq")
    second = replace(schema, row=lambda split, n: schema.row("other " + split, n)).build(tmp_path / "two" / "boolq")
    for folder, count in ((first, 0), (second, 12)):
        found = overview("file", f"hub:{folder}").questions
        assert sum("other" in question.text for question in found) == count
    for file in (second / "default").iterdir():
        (first / "default" / file.name).write_bytes(file.read_bytes())
    assert all("other" in question.text for question in overview("file", f"hub:{first}").questions)


def test_columns_that_are_not_recognised_can_be_named(tmp_path: Path):
    rows = [{"What": f"this {n}?", "Coarse": ("x", "y")[n % 2]} for n in range(6)]
    datasets.Dataset.from_list(rows).to_parquet(str(tmp_path / "train.parquet"))
    with pytest.raises(DataError, match="No column for the question and the answer was recognised among 'What' .*, 'Coarse' "):
        load_task("file", f"hub:{tmp_path}")
    assert len(load_task("file", f"hub:{tmp_path}", columns=Columns("What", "Coarse")).test) == 3


def test_unknown_labels_of_a_training_split_are_bad_rows(tmp_path: Path):
    schema = SCHEMAS["snli"]
    replace(schema, row=lambda split, n: {**schema.row(split, n)} | ({"label": -1} if n == 4 else {})).build(tmp_path / "snli")
    with pytest.raises(DataError, match="(?s)plain_text/train: row 5: no answer .*`skip_bad=True`"):
        load_task("file", f"hub:{tmp_path / 'snli'}")
    assert len(load_task("file", f"hub:{tmp_path / 'snli'}", skip_bad=True).train) == 5


def test_the_hub_without_a_network_is_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loading, "hub_answers", lambda: False)
    with pytest.raises(
        DataError, match="can't be read .the Hugging Face hub can't be reached, and there is no folder"
    ) as caught:
        load_task("file", "hub:allenai/ai2_arc:ARC-Challenge")
    assert "\n" not in str(caught.value)


def test_the_configurations_that_were_downloaded_are_read_without_a_network(
    monkeypatch: pytest.MonkeyPatch, built: dict[str, Path], tmp_path: Path
):
    monkeypatch.setattr(loading, "hub_answers", lambda: False)
    load_task("file", f"hub:{built['ai2_arc']}:ARC-Easy")
    config = next((tmp_path / "cache").rglob("ARC-Easy"))
    (tmp_path / "cache" / "allenai___ai2_arc").mkdir()
    config.rename(tmp_path / "cache" / "allenai___ai2_arc" / "ARC-Easy")
    assert len(load_task("file", "hub:allenai/ai2_arc:ARC-Easy").test) == 6
    notes = load_task("file", "hub:allenai/ai2_arc").notes
    assert "allenai/ai2_arc: the hub can't be reached; the downloaded configuration ARC-Easy is read." in notes
    with pytest.raises(DataError, match="'ARC-Challenge'; .*only these configurations were downloaded before: ARC-Easy;"):
        load_task("file", "hub:allenai/ai2_arc:ARC-Challenge")


def test_data_that_a_script_makes_is_read_from_its_converted_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    import huggingface_hub

    for config in ("easy", "hard"):
        (tmp_path / config / "train").mkdir(parents=True)
        rows = datasets.Dataset.from_list(arc_rows(4, config))
        rows.to_parquet(str(tmp_path / config / "train" / "0000.parquet"))
    folders = [huggingface_hub.hf_api.RepoFolder(path=config, oid="0") for config in ("easy", "hard")]

    def script(*_: object) -> None:
        raise RuntimeError("Dataset scripts are no longer supported, but found social_i_qa.py")

    def converted(path: str, *, data_dir: str, revision: str) -> object:
        assert (path, revision) == ("owner/name", "refs/convert/parquet")
        return load_dataset(str(tmp_path), data_dir=data_dir)

    load_dataset = datasets.load_dataset
    monkeypatch.setattr(loading, "hub_answers", lambda: True)
    monkeypatch.setattr(huggingface_hub.HfApi, "list_repo_tree", lambda *_, **__: folders)
    monkeypatch.setattr(datasets, "get_dataset_config_names", script)
    monkeypatch.setattr(datasets, "load_dataset", converted)
    with pytest.raises(DataError, match="several configurations, easy, hard; name one"):
        load_task("file", "hub:owner/name")
    task = load_task("file", "hub:owner/name:hard")
    assert len(task.train) == len(task.test) == 2 and task.test[0].text.startswith("What is hard")


def test_without_the_library_the_hub_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"owner/name needs the datasets library: run `pip install 'selfamplify\[hub\]'`"):
        load_task("file", "hub:owner/name")


def test_only_the_task_file_reads_an_address_and_only_as_its_data(built: dict[str, Path]):
    address = f"hub:{built['sst2']}"
    for name in ("arc_challenge", "planted_arc", address):
        with pytest.raises(SettingsError, match='use `task="file"` with `data="hub:|read it with `task="file"`'):
            load_task(name, None if name == address else address)
    with pytest.raises(SettingsError, match="has its own test questions"):
        load_task("file", address, test_data="test.csv")
    with pytest.raises(SettingsError, match="only together with the others"):
        load_task("file", "train.csv", test_data=address)
    with pytest.raises(SettingsError, match="Encoding, separator and header"):
        load_task("file", address, encoding="cp1252")


def test_the_command_line_reads_a_data_set_of_the_hub(built: dict[str, Path], run: Run, tmp_path: Path):
    code, out, _ = run("data", f"hub:{built['mmlu']}:anatomy", "--json")
    assert code == 0 and json.loads(out)["questions"] == 12
    given = [
        "--task",
        "file",
        "--data",
        f"hub:{built['truthful_qa']}:multiple_choice",
        "--model",
        shared("models", "stories260K"),
    ]
    short = ["--method", "random", "--selection", "random", "--shots", "1", "--max-new-tokens", "12"]
    code, _, err = run("build", *given, *short, "--data", f"hub:{built['mmlu']}", "--out", tmp_path / "none")
    assert code == 2 and f"name one: --data hub:{built['mmlu']}:abstract_algebra.\n" in err
    code, _, err = run("build", *given, *short, "--test-size", "2", "--split-seed", "4", "--out", tmp_path / "run")
    assert code == 0 and ": 4 training questions and 2 test questions" in err, err
    assert "both come from the split validation." in " ".join(err.split())
