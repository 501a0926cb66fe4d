"""Labels that are numbers, their names, and columns that two files do not share."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfamplify import Columns, load_task, overview
from selfamplify.errors import DataError, SettingsError

NAMES = {"0": "negative", "1": "positive"}


def saved(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def read(path: Path, **options: Any) -> dict[str, Any]:
    return overview("file", path, **options).as_json(3)


def reviews(path: Path, *labels: str) -> Path:
    return saved(path, "sentence,label", *(f"film number {place},{label}" for place, label in enumerate(labels)))


def test_labels_that_are_numbers_are_noted_with_the_way_to_name_them(tmp_path: Path):
    path = reviews(tmp_path / "q.csv", "0", "1", "1", "0")
    [note] = read(path)["warnings"]
    assert "'label' are the numbers 0, 1;" in note and "`label_names={'0': 'NAME', '1': 'NAME'}`" in note
    assert read(path, labels=("0", "1"))["warnings"] == []
    assert read(reviews(tmp_path / "q.csv", "bad", "good", "good", "bad"))["warnings"] == []


@given(
    st.permutations([("0", "negative"), ("1", "positive"), ("2", "neutral"), ("-1.5", "1")]),
    st.lists(st.integers(0, 3), min_size=4, max_size=12),
    st.integers(2, 4),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_named_labels_are_read_by_their_names(tmp_path: Path, named: list[tuple[str, str]], drawn: list[int], count: int):
    given = dict(named[:count])
    labels = [named[place][0] for place in drawn]
    found = overview("file", reviews(tmp_path / "q.csv", *labels), label_names=given).reading
    assert len(found.train) + len(found.bad) == len(labels)
    for question in found.train:
        assert [choice.text for choice in question.choices] == [*given.values()]
        right = next(choice.text for choice in question.choices if choice.label == question.answer)
        assert right == given[labels[int(question.text.split()[-1])]]
    assert [row.line - 2 for row in found.bad] == [place for place, label in enumerate(labels) if label not in given]
    assert not found.train or any("have names" in note for note in found.notes)


@pytest.mark.parametrize("named", ["labels", "label_names"])
def test_labels_that_are_not_those_of_the_file_are_noted(named: str, tmp_path: Path):
    path = reviews(tmp_path / "q.csv", *["bad", "good", "odd"] * 4)
    given = ("bad", "good", "fine")
    options: dict[str, Any] = {named: given if named == "labels" else {name: name.upper() for name in given}}
    found = overview("file", path, **options).reading
    note = found.notes[-1]
    assert note == f"`{named}` names 'fine', which no row has. 4 rows have other labels in 'label': 'odd' (4)."
    assert {row.reason for row in found.bad} == {"the answer 'odd' is not one of the labels bad, good, fine"}
    assert note in load_task("file", path, skip_bad=True, **options).notes
    with pytest.raises(DataError, match="names 'fine', which no row has"):
        load_task("file", path, **options)


def test_a_label_that_no_row_has_is_compared_with_those_that_are_not_named(tmp_path: Path):
    path = reviews(tmp_path / "q.csv", *["bad", "loans", "odd"] * 4)
    [note] = overview("file", path, labels=("bad", "loan", "odd")).reading.notes
    assert (
        note
        == "`labels` names 'loan' (did you mean 'loans'?), which no row has. 4 rows have other labels in 'label': 'loans' (4)."
    )


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (("a", "b", "A"), "has 'A' twice"),
        (("a", " "), "has an empty label"),
        (("a;b",), "names 1 label, and a classification has two or more"),
    ],
)
def test_labels_that_can_not_be_are_refused_with_the_reason(labels: tuple[str, ...], said: str, tmp_path: Path):
    with pytest.raises(SettingsError, match=said):
        overview("file", reviews(tmp_path / "q.csv", "a", "b"), labels=labels)


def test_other_spellings_of_the_named_labels_are_no_other_labels(tmp_path: Path):
    path = reviews(tmp_path / "q.csv", *["BAD", "Good", "good "] * 4)
    assert overview("file", path, labels=("good", "bad")).reading.notes == ()


def test_a_rare_label_that_is_nearly_another_one_is_asked_about(tmp_path: Path):
    path = reviews(tmp_path / "q.csv", *["bad", "good"] * 30, "Goood", "odd")
    near, far = (row.reason for row in overview("file", path).reading.bad)
    assert near.startswith("the label 'Goood' occurs only once; did you mean 'good'? If it is intended, use")
    assert "did you mean" not in far and "use `labels=('bad', 'good', 'odd')`" in far


def test_labels_in_rows_that_are_bad_for_another_reason_are_not_missing(tmp_path: Path):
    path = saved(tmp_path / "q.csv", "text,label", *["one,good", "two,bad"], *["three,fine", "three,bad"], "four,-")
    notes = overview("file", path, labels=("good", "bad", "fine", "odd")).reading.notes
    assert notes == ("`labels` names 'odd', which no row has.",)


@pytest.mark.parametrize(("name", "meant"), [("POSITVE", "POSITIVE"), ("negatve", "NEGATIVE")])
def test_a_rare_label_is_compared_in_any_case(name: str, meant: str, tmp_path: Path):
    [row] = overview("file", reviews(tmp_path / "q.csv", *["POSITIVE", "NEGATIVE"] * 30, name)).reading.bad
    assert f"did you mean {meant!r}?" in row.reason


def test_a_number_that_is_none_of_the_listed_labels_is_a_bad_row(tmp_path: Path):
    path = reviews(tmp_path / "q.csv", "0", "1", "2", "0")
    for options in ({"labels": ("0", "1")}, {"label_names": {0: "negative", 1: "positive"}}):
        [bad] = read(path, **options)["bad"]
        assert bad == {"line": 4, "reason": "the answer '2' is not one of the labels 0, 1"}


@pytest.mark.parametrize("named", [{}, {"label_names": NAMES}, {"label_names": {"0.0": "negative", "1.0": "positive"}}])
def test_numbers_that_pandas_wrote_as_floats_are_the_same_labels(tmp_path: Path, named: dict[str, Any]):
    train = reviews(tmp_path / "train.csv", *"01011010")
    test = saved(tmp_path / "test.csv", "sentence,label", *(f"book {place},{place % 2}.0" for place in range(8)), "book 8,")
    task = load_task("file", train, test_data=test, skip_bad=True, **named)
    assert [*task.label_map.values()] == (["negative", "positive"] if named else ["0", "1"])
    assert (len(task.train), len(task.test), len(task.skipped)) == (8, 8, 1)
    for question in task.test:
        assert question.answer == "AB"[int(question.text.split()[-1]) % 2]


def test_a_number_that_stands_for_no_answer_is_no_label_however_it_is_written(tmp_path: Path):
    found = read(reviews(tmp_path / "q.csv", "0.0", "1.0", "-1.0", "1.0", "0.0"))
    assert found["labels"] == {"0": 2, "1": 2}
    assert [row["line"] for row in found["bad"]] == [4] and "not published" in found["bad"][0]["reason"]


@pytest.mark.parametrize("names", [("false", "true"), ("False", "True"), ("FALSE", "TRUE"), (False, True)])
@pytest.mark.parametrize("kind", ["json", "parquet", "csv"])
def test_names_of_truth_values_are_read_in_any_case(tmp_path: Path, names: tuple[Any, Any], kind: str):
    table = {"text": [f"film {place}" for place in range(4)], "label": [True, False, True, False]}
    path = tmp_path / f"q.{kind}"
    if kind == "parquet":
        pyarrow = pytest.importorskip("pyarrow", reason="the extra `hub` is not installed")
        pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table(table), path)
    elif kind == "json":
        path.write_text(json.dumps([dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]))
    else:
        saved(path, "text,label", *(f"{text},{label}" for text, label in zip(*table.values(), strict=True)))
    found = read(path, label_names=dict(zip(names, ("no", "yes"), strict=True)))
    assert found["bad"] == [] and [example["answer_text"] for example in found["examples"]] == ["yes", "no", "yes"]


@pytest.mark.parametrize("argument", ["labels", "label_names"])
def test_more_labels_than_letters_are_refused_before_the_file_is_read(tmp_path: Path, argument: str):
    labels = [f"topic {number}" for number in range(30)]
    given = tuple(labels) if argument == "labels" else {label: label.upper() for label in labels}
    with pytest.raises(SettingsError, match=f"`{argument}` names 30 labels, .* at most 26, .*`skip_bad=True`, or merge labels"):
        read(tmp_path / "missing.csv", **{argument: given})


@pytest.mark.parametrize("labels", [("1", "1.0"), ("yes", "Yes"), ("no", "no "), ("yes", " ")])
def test_labels_that_answers_can_not_tell_apart_are_refused(tmp_path: Path, labels: tuple[str, str]):
    path = reviews(tmp_path / "q.csv", "0", "1")
    with pytest.raises(SettingsError, match="` has .* twice; use|` has an empty label; use"):
        read(path, labels=labels)
    with pytest.raises(SettingsError, match="two or more labels"):
        read(path, label_names=dict(zip(labels, ("a", "b"), strict=True)))


@pytest.mark.parametrize("wrong", ["0=a,1=b", {"0": "a"}, {"0": "a", "1": "A"}, {"0": "a", "1": ""}, {"0": 1, "1": 2}])
def test_names_that_do_not_tell_labels_apart_are_refused(tmp_path: Path, wrong: Any):
    with pytest.raises(SettingsError, match="`label_names={"):
        read(reviews(tmp_path / "q.csv", "0", "1"), label_names=wrong)


def test_names_of_labels_are_for_classifications_without_a_list_of_labels(tmp_path: Path):
    with pytest.raises(SettingsError, match="leave `labels` out"):
        read(reviews(tmp_path / "q.csv", "0", "1"), label_names=NAMES, labels=("0", "1"))
    quiz = saved(tmp_path / "quiz.csv", "question,A,B,answer", "Who?,x,y,A", "What?,x,y,B")
    with pytest.raises(SettingsError, match="leave `label_names` out"):
        read(quiz, label_names=NAMES)


@pytest.mark.parametrize(("first", "second"), [*itertools.combinations(("question", "answer", "id", "choices", "context"), 2)])
def test_a_column_has_one_role(tmp_path: Path, first: str, second: str):
    quiz = saved(tmp_path / "quiz.csv", "a,b,c,d", "Who?,x,y,A", "What?,x,y,B")
    roles: dict[str, Any] = {role: ("b", "c") if role in ("choices", "context") else "b" for role in (first, second)}
    with pytest.raises(SettingsError, match=f"The column 'b' is named for {first} and {second}|{second} and {first}"):
        read(quiz, columns=Columns(**roles))


def test_a_list_of_choices_may_say_which_is_right(tmp_path: Path):
    rows = [
        f'{{"q": "Who {n}?", "c": [{{"text": "x", "correct": true}}, {{"text": "y", "correct": false}}]}}' for n in range(3)
    ]
    path = saved(tmp_path / "q.jsonl", *rows)
    assert read(path, columns=Columns("q", "c", ("c",)))["questions"] == 3
    with pytest.raises(SettingsError, match="'c' is named twice for choices"):
        read(path, columns=Columns("q", "a", ("c", "c")))


def test_two_files_have_the_columns_of_questions_and_answers(tmp_path: Path):
    data = saved(tmp_path / "train.csv", "question,A,B,answer", "Who?,x,y,A", "What?,x,y,B")
    other = saved(tmp_path / "test.csv", "question,A,B,gold", "Where?,x,y,A", "When?,x,y,B")
    with pytest.raises(DataError, match=r"test.csv has no column 'answer', which .*train.csv has; its columns are .*'gold'"):
        load_task("file", data, test_data=other)
    with pytest.raises(DataError, match=r"train.csv has no column 'gold', which .*test.csv has"):
        load_task("file", data, test_data=other, columns=Columns("question", "gold", ("A", "B")))


def test_a_side_without_the_context_of_the_other_is_noted(tmp_path: Path):
    data = saved(tmp_path / "train.csv", "passage,question,A,B,C,answer", "It ran.,Who?,x,y,z,A", "It sat.,What?,x,y,z,C")
    other = saved(tmp_path / "test.csv", "question,A,B,answer", "Where?,x,y,A", "When?,x,y,B")
    notes = load_task("file", data, test_data=other).notes
    assert any("test.csv has no column 'passage', which" in note for note in notes)
    assert not any("no column 'C'" in note for note in notes)
