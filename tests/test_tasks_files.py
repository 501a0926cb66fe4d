"""A user's own file: its columns, its choices and its label space."""

import re
from pathlib import Path

import pytest

from selfamplify import Choice, Columns, Question, load_task
from selfamplify.errors import DataError
from selfamplify.tasks.file import File
from selfamplify.tasks.task import label_space

REVIEWS = "id,text,label\n" + "".join(f"r{n},Film {n},{'negative' if n % 3 else 'positive'}\n" for n in range(12))


def saved(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def all_of(path: Path, columns: Columns | None = None) -> tuple[Question, ...]:
    return File(columns=columns).load(path, None, seed=0).train


def test_classification_maps_letters_to_the_sorted_labels(tmp_path: Path):
    task = load_task("file", saved(tmp_path / "reviews.csv", REVIEWS))
    assert task.label_map == {"A": "negative", "B": "positive"}
    assert (len(task.train), len(task.test)) == (6, 6)
    assert all_of(tmp_path / "reviews.csv")[0] == Question(
        "r0", "Film 0", (Choice("A", "negative"), Choice("B", "positive")), "B"
    )


def test_classification_has_the_labels_of_both_files(tmp_path: Path):
    train = saved(tmp_path / "train.csv", "text,label\na,yes\nb,no\n")
    test = saved(tmp_path / "test.csv", "text,label\nc,maybe\n")
    task = load_task("file", train, test_data=test)
    assert task.label_map == {"A": "maybe", "B": "no", "C": "yes"}
    assert [question.answer for question in task.test] == ["A"]


def test_classification_with_numbers_takes_them_as_label_names(tmp_path: Path):
    questions = all_of(saved(tmp_path / "q.csv", "text,label\na,0\nb,1\nc,2\n"))
    assert [question.answer for question in questions] == ["A", "B", "C"]
    assert label_space(questions) == {"A": "0", "B": "1", "C": "2"}


def test_classification_ignores_marks_in_a_few_texts(tmp_path: Path):
    rows = "".join(f"Film {n},{'bad' if n % 2 else 'good'}\n" for n in range(5))
    questions = all_of(saved(tmp_path / "q.csv", f"text,label\nBoth (A) this (B) that,good\n{rows}"))
    assert questions[0].text == "Both (A) this (B) that"
    assert label_space(questions) == {"A": "bad", "B": "good"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,x\nb,x\n", "1 distinct answer,.*`columns=Columns\\(question='text', answer='label', choices="),
        ("".join(f"q{n},answer {n}\n" for n in range(27)), "27 distinct answers .* 2 to 26 labels"),
        ("a,\nb,x\n", "1 distinct answer,"),
        ("a,Yes\nb,no\nc,yes\n", "'Yes', 'yes' in 'label' differ only in case"),
    ],
)
def test_an_unusable_label_space_is_refused(tmp_path: Path, rows: str, message: str):
    with pytest.raises(DataError, match=message):
        load_task("file", saved(tmp_path / "q.csv", f"text,label\n{rows}"))


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Question,A,B,C,Answer", None),
        ("stem,choice1,choice2,choice3,answerKey", None),
        ("input,option_a,option_b,option_c,target", None),
        ("x,one,two,three,y", Columns("x", "y", ("one", "two", "three"))),
    ],
)
def test_choices_are_read_from_several_columns(tmp_path: Path, header: str, columns: Columns | None):
    path = saved(tmp_path / "q.tsv", (header + "\nWho?,me,you,she,b\nWhere?,here,there,,2\n").replace(",", "\t"))
    first, second = all_of(path, columns)
    assert (first.render(), first.answer) == ("Who? (A) me (B) you (C) she", "B")
    assert (second.render(), second.answer) == ("Where? (A) here (B) there", "B")
    assert (first.id, second.id) == ("q-2", "q-3")


@pytest.mark.parametrize(
    "example",
    [
        '{"input": "Is it (a) so?", "target_scores": {"no": 0, "yes": 1}}',
        '{"input": {"stem": "Is it?", "choices": ["no", "yes"]}, "target_scores": {"no": 0, "yes": 1}}',
    ],
)
def test_choices_are_read_from_target_scores(tmp_path: Path, example: str):
    [question] = all_of(saved(tmp_path / "q.json", f"[{example}]"))
    assert [choice.text for choice in question.choices] == ["no", "yes"]
    assert question.answer == "B"


@pytest.mark.parametrize(
    ("example", "reason"),
    [
        ('{"input": "Is it?", "target_scores": {"no": 0, "yes": 0}}', "0 positive scores"),
        ('{"input": "Which? (a) this", "target_scores": {"(a)": 1, "(b)": 0}}', "only one choice, 'this'"),
        ('{"input": "Which? (a) this (b) that", "target_scores": {"(a)": 1, "(b)": 2}}', "2 positive scores"),
    ],
)
def test_target_scores_without_one_right_choice_make_a_bad_row(tmp_path: Path, example: str, reason: str):
    [line] = File().load(saved(tmp_path / "q.json", f"[{example}]"), None, seed=0).bad
    assert (line.place, line.line) == (f"{tmp_path / 'q.json'}: example 1", 1) and reason in line.reason


def test_texts_without_choices_among_others_with_choices_are_bad_rows(tmp_path: Path):
    rows = "Why? (A) so (B) no,A\nWho? (A) me (B) you,A\nWhere? (A) here (B) there,B\nWhat?,A\nWhen? (A) now,A\n"
    reading = File().load(saved(tmp_path / "q.csv", f"question,answer\n{rows}"), None, seed=0)
    assert len(reading.train) == 3
    none, one = reading.bad
    assert "q.csv:5: no choices" in str(none) and "q.csv:6: only one choice, 'now'" in str(one)


def test_choices_that_never_vary_name_the_labels(tmp_path: Path):
    path = saved(tmp_path / "q.csv", "question,choices,answer\na,yes|no,yes\nb,yes|no,no\n")
    assert load_task("file", path).label_map == {"A": "yes", "B": "no"}


def test_missing_columns_are_reported_with_the_ones_that_there_are(tmp_path: Path):
    path = saved(tmp_path / "q.csv", "heading,verdict\na,b\n")
    remedy = "'heading' .*, 'verdict'.*`columns=Columns"
    with pytest.raises(DataError, match=f"the question and the answer .*{remedy}"):
        load_task("file", path)
    with pytest.raises(DataError, match="no column 'headin' among 'heading', 'verdict'; did you mean 'heading'?"):
        load_task("file", path, columns=Columns("headin", "verdict"))


def documented() -> list[tuple[str, str, str]]:
    """The examples of docs/data.md: the kind of file, what is in it, and how its first question is read."""
    text = (Path(__file__).parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
    return re.findall(r"```(csv|jsonl)\n(.*?)```\n```\n(.*?)\n```", text, re.DOTALL)


@pytest.mark.parametrize(("suffix", "content", "expected"), documented())
def test_the_layouts_of_the_guide_are_read_as_it_says(tmp_path: Path, suffix: str, content: str, expected: str):
    question = all_of(saved(tmp_path / f"q.{suffix}", content))[0]
    texts = {choice.label: choice.text for choice in question.choices}
    right = texts[question.answer]
    if " → " in expected:
        assert f"{question.render()} → ({question.answer}) {right}".replace("\n", " ") == expected
    else:
        stem, _, wrong = expected.partition("? ")
        assert question.text == f"{stem}?"
        assert wrong == f"{right}, and in some order {', '.join(sorted(set(texts.values()) - {right}))}"


def test_the_guide_has_examples():
    assert len(documented()) >= 14
