"""The public data sets, read from the files that their authors and others have published."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from selfamplify import load_task
from selfamplify.errors import DataError
from selfamplify.tasks.copies import content_key
from selfamplify.tasks.public import COMMONSENSEQA, PublicData
from selfamplify.tasks.public import SNARKS as SNARKS_TASK
from selfamplify.tasks.questions.columns import find_columns
from selfamplify.tasks.questions.drafts import Layout
from selfamplify.tasks.questions.reading import read_questions
from selfamplify.tasks.rows.rows import read_rows
from selfamplify.tasks.source import Reading

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
    rows = read_rows(path).rows
    return read_questions(rows, Layout(find_columns(rows), names))


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


FILES = {
    "snarks": (("snarks/bbh_snarks.json",), 31, 145, 2),
    "snarks of BIG-bench": (("snarks/bigbench_snarks_task.json",), 35, 145, 1),
    "causal_judgment": (("causal_judgment/bbh_causal_judgement.json",), 92, 91, 4),
    "causal_judgment of BIG-bench": (("causal_judgment/bigbench_causal_judgement_task.json",), 93, 93, 4),
    "commonsenseqa": (("commonsenseqa/train_rand_split.jsonl", "commonsenseqa/dev_rand_split.jsonl"), 9699, 1215, 48),
    "commonsenseqa of one file": (("commonsenseqa/dev_rand_split.jsonl",), 608, 607, 6),
    "arc_challenge": ((ARC_TRAIN, ARC_TEST), 1118, 1172, 0),
    "arc_challenge of AI2": (("arc/official_ARC-Challenge-Dev.jsonl", "arc/official_ARC-Challenge-Test.jsonl"), 294, 1150, 0),
    "arc_challenge in the hub's layout": (("arc/hf_arc_challenge_test.jsonl",), 822, 350, 0),
}
"""The published files of each task; how many questions are on each side, and how many rows are left out."""


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_public_files_load_without_their_known_bad_rows(public: Path, name: str):
    files, train, test, left_out = FILES[name]
    data, *test_data = (public / file for file in files)
    task = load_task(name.split()[0], data, test_data=test_data[0] if test_data else None)
    assert (len(task.train), len(task.test), len(task.skipped)) == (train, test, left_out)
    assert all(any(line.startswith(str(public / file)) for file in files) for line in task.skipped)
    strict = load_task(name.split()[0], data, test_data=test_data[0] if test_data else None, skip_bad=True)
    assert task == strict


@pytest.mark.parametrize(("name", "source"), {"snarks": SNARKS_TASK, "commonsenseqa": COMMONSENSEQA}.items())
def test_without_a_list_of_known_rows_each_bad_row_is_an_error(public: Path, name: str, source: PublicData):
    data = public / FILES[name][0][-1]
    known = source.load(data, None, 0)
    assert not known.bad
    assert replace(source, known=()).load(data, None, 0) == replace(known, bad=known.known, known=())


def test_left_out_rows_of_snarks_are_named_with_their_places(public: Path):
    twice, truncated = load_task("snarks", public / SNARKS).skipped
    assert twice.startswith(f"{public / SNARKS}: example 87: the right answer \"It's easy to get into politics")
    assert truncated == f"{public / SNARKS}: example 89: only one choice, 'The NB'"


def with_changes(path: Path, folder: Path, **changes: dict[str, object]) -> Path:
    """A copy of a BIG-bench file, some of whose examples (``example_87``) have other values, and are moved to the end."""
    document = json.loads(path.read_text())
    for name, values in changes.items():
        document["examples"].append(document["examples"][int(name.removeprefix("example_")) - 1] | values)
    kept = {int(name.removeprefix("example_")) - 1 for name in changes}
    document["examples"] = [each for place, each in enumerate(document["examples"]) if place not in kept]
    copy = folder / path.name
    copy.write_text(json.dumps(document))
    return copy


def test_another_bad_row_is_still_an_error_and_the_only_one_listed(public: Path, tmp_path: Path):
    data = with_changes(public / SNARKS, tmp_path, example_5={"target": "(C)"})
    with pytest.raises(DataError) as caught:
        load_task("snarks", data)
    first, listed, remedy = str(caught.value).splitlines()
    assert first.startswith("1 row can't be used") and "example 178: the answer '(C)'" in listed and "`skip_bad=True`" in remedy
    assert len(load_task("snarks", data, skip_bad=True).skipped) == 3


def test_a_known_row_is_left_out_wherever_it_is_in_the_file(public: Path, tmp_path: Path):
    data = with_changes(public / SNARKS, tmp_path, example_87={}, example_89={})
    assert [line.split(": ")[1] for line in load_task("snarks", data).skipped] == ["example 177", "example 178"]


def test_a_known_row_that_is_bad_for_another_reason_is_an_error(public: Path, tmp_path: Path):
    data = with_changes(public / SNARKS, tmp_path, example_87={"target": "(D)"})
    with pytest.raises(DataError, match="1 row can't be used"):
        load_task("snarks", data)


def test_a_known_row_that_was_repaired_is_a_question(public: Path, tmp_path: Path):
    data = with_changes(public / CAUSAL, tmp_path, example_33={"target": "Yes"}, example_105={"target": "No"})
    task = load_task("causal_judgment", data)
    assert not task.skipped and len(task.train) + len(task.test) == 183 + 2


def test_snarks_splits_into_the_papers_145_test_questions(public: Path):
    task = load_task("snarks", public / SNARKS)
    assert {question.text for question in task.train} == {"Which statement is sarcastic?"}
    assert task.label_map == {"A": "A", "B": "B"}


def test_swapped_copies_in_snarks_stay_on_one_side(public: Path):
    for seed in range(20):
        task = load_task("snarks", public / SNARKS, split_seed=seed)
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
def test_contradicting_rows_of_causal_judgment_are_all_left_out(public: Path, name: str):
    lines = load_task("causal_judgment", public / name).skipped
    pairs = {(int(line.split(": example ")[1].split(":")[0]), int(line.rsplit(" ", 1)[1])) for line in lines}
    assert len(pairs) == 4 and pairs == {(b, a) for a, b in pairs}
    examples = json.loads((public / name).read_text())["examples"]
    assert all(examples[a - 1]["input"] == examples[b - 1]["input"] for a, b in pairs)


def test_causal_judgment_maps_letters_to_yes_and_no(public: Path):
    task = load_task("causal_judgment", public / CAUSAL)
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


def test_rows_of_commonsenseqa_are_bad_whose_right_answer_is_offered_twice(public: Path):
    dev = read(public / "commonsenseqa/dev_rand_split.jsonl")
    assert (len(dev.train), len(dev.bad)) == (1215, 6)
    assert all("is offered twice" in line.reason for line in dev.bad)
    texts = [[choice.text for choice in question.choices] for question in dev.train]
    assert sum(len(set(row)) < len(row) for row in texts) == 18  # a wrong choice may be offered twice


def test_public_files_can_be_loaded_as_own_files(public: Path):
    assert load_task("file", public / ARC_TRAIN, test_size=350).test == load_task("arc_challenge", public / ARC_TRAIN).test
    assert load_task("file", public / CAUSAL, skip_bad=True).label_map == {"A": "Yes", "B": "No"}


def test_a_folder_of_unrelated_files_is_refused(public: Path):
    with pytest.raises(DataError, match="needs the splits train and test, .*`test_data="):
        load_task("arc_challenge", public / "arc")
