"""The public data sets, read from the files that their authors and others have published."""

import json
from pathlib import Path

import pytest

from selfamplify import load_task
from selfamplify.errors import DataError
from selfamplify.tasks.readers.columns import find_columns
from selfamplify.tasks.readers.reading import read_questions
from selfamplify.tasks.readers.rows import read_rows
from selfamplify.tasks.source import Reading
from selfamplify.tasks.task import content_key

ARC_TRAIN = "arc/selfamplify_ARC-Challenge-Train.csv"
ARC_TEST = "arc/selfamplify_ARC-Challenge-Test.csv"
SNARKS = "snarks/bbh_snarks.json"
CAUSAL = "causal_judgment/bbh_causal_judgement.json"


@pytest.fixture(scope="module")
def public() -> Path:
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the public data files are not in {folder}")
    return folder


def read(path: Path, names: tuple[str, ...] = ()) -> Reading:
    rows = read_rows(path)
    return read_questions(rows, find_columns(rows), names)


def test_arc_csv_splits_into_the_papers_350_test_questions(public: Path):
    task = load_task("arc_challenge", public / ARC_TRAIN)
    assert (len(task.train), len(task.test)) == (768, 350)  # 1119 rows, one of them a copy of another
    assert task.labels == ("A", "B", "C", "D", "E")
    assert task.skipped == ()


def test_arc_csv_files_of_train_and_test_questions_stay_the_two_sides(public: Path):
    task = load_task("arc_challenge", public / ARC_TRAIN, test_data=public / ARC_TEST)
    assert (len(task.train), len(task.test)) == (1118, 1172)
    assert {len(question.choices) for question in task.test} == {3, 4, 5}
    assert task.limited(350).test == load_task(
        "arc_challenge", public / ARC_TRAIN, test_data=public / ARC_TEST, test_size=350
    ).test  # fmt: skip


def test_numeric_labels_of_arc_become_letters_by_position(public: Path):
    questions = {question.id: question for question in read(public / ARC_TRAIN).train}
    question = next(question for name, question in questions.items() if name.startswith("NYSEDREGENTS"))
    assert question.labels == ("A", "B", "C", "D")
    assert question.answer in question.labels


@pytest.mark.parametrize(
    ("name", "shared"), [("arc/hf_arc_challenge_test.jsonl", 1172), ("arc/official_ARC-Challenge-Test.jsonl", 1150)]
)
def test_choices_in_the_text_of_arc_equal_those_of_the_structured_layouts(public: Path, name: str, shared: int):
    inline = {question.id: question for question in read(public / ARC_TEST).train}
    structured = read(public / name).train
    assert len(structured) == shared
    assert all(inline[question.id] == question for question in structured)


def test_bad_rows_of_snarks_are_refused_with_their_places(public: Path):
    with pytest.raises(DataError) as caught:
        load_task("snarks", public / SNARKS)
    message = str(caught.value)
    assert message.startswith("2 rows can't be used:")
    assert f"{public / SNARKS}: example 89: only one choice, 'The NB'" in message
    assert "example 87: the right answer \"It's easy to get into politics" in message
    assert "`skip_bad=True`" in message.splitlines()[-1]


def test_snarks_without_bad_rows_splits_into_the_papers_145_test_questions(public: Path):
    task = load_task("snarks", public / SNARKS, skip_bad=True)
    assert (len(task.train), len(task.test), len(task.skipped)) == (31, 145, 2)
    assert {question.text for question in task.train} == {"Which statement is sarcastic?"}
    assert task.label_map == {"A": "A", "B": "B"}


def test_swapped_copies_in_snarks_stay_on_one_side(public: Path):
    for seed in range(20):
        task = load_task("snarks", public / SNARKS, split_seed=seed, skip_bad=True)
        keys = [content_key(question) for question in (*task.train, *task.test)]
        assert len(keys) - len(set(keys)) == 1  # the pair about diamonds
        assert not {content_key(question) for question in task.train} & {content_key(question) for question in task.test}


def test_snarks_of_bigbench_agrees_with_bigbench_hard(public: Path):
    def answers(name: str) -> dict[tuple[str, ...], str]:
        return {
            tuple(choice.text.rstrip(".") for choice in question.choices): question.answer
            for question in read(public / name).train
        }

    hard, full = answers(SNARKS), answers("snarks/bigbench_snarks_task.json")
    assert (len(hard), len(full)) == (176, 180)
    assert all(full[key] == answer for key, answer in hard.items())


@pytest.mark.parametrize("name", [CAUSAL, "causal_judgment/bigbench_causal_judgement_task.json"])
def test_contradicting_rows_of_causal_judgment_are_all_refused(public: Path, name: str):
    with pytest.raises(DataError, match="4 rows can't be used") as caught:
        load_task("causal_judgment", public / name)
    lines = str(caught.value).splitlines()[1:-1]
    pairs = {(int(line.split(": example ")[1].split(":")[0]), int(line.rsplit(" ", 1)[1])) for line in lines}
    assert pairs == {(b, a) for a, b in pairs}
    examples = json.loads((public / name).read_text())["examples"]
    assert all(examples[a - 1]["input"] == examples[b - 1]["input"] for a, b in pairs)


def test_causal_judgment_maps_letters_to_yes_and_no(public: Path):
    task = load_task("causal_judgment", public / CAUSAL, skip_bad=True)
    assert (len(task.train), len(task.test)) == (92, 91)
    assert task.label_map == {"A": "Yes", "B": "No"}
    assert all([choice.text for choice in question.choices] == ["Yes", "No"] for question in task.train)
    assert not any("Options" in question.text for question in task.train)


def test_causal_judgment_of_bigbench_agrees_with_bigbench_hard(public: Path):
    def answers(reading: Reading) -> dict[str, str]:
        return {"".join(question.text.split()): question.answer for question in reading.train}

    hard = answers(read(public / CAUSAL, ("Yes", "No")))
    full = answers(read(public / "causal_judgment/bigbench_causal_judgement_task.json", ("Yes", "No")))
    assert (len(hard), len(full)) == (183, 186)
    shared = hard.keys() & full.keys()  # one story was edited between the two
    assert len(shared) == 182
    assert all(full[text] == hard[text] for text in shared)


def test_commonsenseqa_refuses_rows_whose_right_answer_is_offered_twice(public: Path):
    dev = read(public / "commonsenseqa/dev_rand_split.jsonl")
    assert (len(dev.train), len(dev.bad)) == (1215, 6)
    assert all("is offered twice" in line for line in dev.bad)
    texts = [[choice.text for choice in question.choices] for question in dev.train]
    assert sum(len(set(row)) < len(row) for row in texts) == 18  # a wrong choice may be offered twice


def test_commonsenseqa_loads_from_its_two_files(public: Path):
    folder = public / "commonsenseqa"
    task = load_task(
        "commonsenseqa", folder / "train_rand_split.jsonl", test_data=folder / "dev_rand_split.jsonl", skip_bad=True
    )
    assert (len(task.train), len(task.test), len(task.skipped)) == (9699, 1215, 48)


def test_public_files_can_be_loaded_as_own_files(public: Path):
    assert load_task("file", public / ARC_TRAIN, test_size=350).test == load_task("arc_challenge", public / ARC_TRAIN).test
    assert load_task("file", public / CAUSAL, skip_bad=True).label_map == {"A": "Yes", "B": "No"}


def test_a_folder_of_unrelated_files_is_refused(public: Path):
    with pytest.raises(DataError, match="needs the splits train and test, .*`test_data="):
        load_task("arc_challenge", public / "arc")
