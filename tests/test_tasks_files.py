"""Files of one's own, their columns and label spaces, and the names and sizes that tasks are loaded by."""

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

import pytest

from selfamplify import Choice, Columns, Question, load_task
from selfamplify.errors import DataError, SettingsError
from selfamplify.tasks.files import Files
from selfamplify.tasks.loading import TASKS
from selfamplify.tasks.readers.questions import Reading
from selfamplify.tasks.source import AbstractSource
from selfamplify.tasks.task import label_space

REVIEWS = "id,text,label\n" + "".join(f"r{n},Film {n},{'negative' if n % 3 else 'positive'}\n" for n in range(12))


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def all_of(path: Path, columns: Columns | None = None) -> tuple[Question, ...]:
    return Files(columns=columns).load(path, None, seed=0).train


def test_classification_maps_letters_to_the_sorted_labels(tmp_path: Path):
    task = load_task("file", written(tmp_path / "reviews.csv", REVIEWS))
    assert task.label_map == {"A": "negative", "B": "positive"}
    assert (len(task.train), len(task.test)) == (6, 6)
    assert all_of(tmp_path / "reviews.csv")[0] == Question(
        "r0", "Film 0", (Choice("A", "negative"), Choice("B", "positive")), "B"
    )


def test_classification_shares_its_labels_between_two_files(tmp_path: Path):
    train = written(tmp_path / "train.csv", "text,label\na,yes\nb,no\n")
    test = written(tmp_path / "test.csv", "text,label\nc,maybe\n")
    task = load_task("file", train, test_data=test)
    assert task.label_map == {"A": "maybe", "B": "no", "C": "yes"}
    assert [question.answer for question in task.test] == ["A"]


def test_classification_by_numbers_takes_them_as_names(tmp_path: Path):
    questions = all_of(written(tmp_path / "q.csv", "text,label\na,0\nb,1\nc,2\n"))
    assert [question.answer for question in questions] == ["A", "B", "C"]
    assert label_space(questions) == {"A": "0", "B": "1", "C": "2"}


def test_classification_ignores_marks_in_a_few_texts(tmp_path: Path):
    rows = "".join(f"Film {n},{'bad' if n % 2 else 'good'}\n" for n in range(5))
    questions = all_of(written(tmp_path / "q.csv", f"text,label\nBoth (A) this (B) that,good\n{rows}"))
    assert questions[0].text == "Both (A) this (B) that"
    assert label_space(questions) == {"A": "bad", "B": "good"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,x\nb,x\n", "1 distinct answers .* names its choices: --choice-columns"),
        ("".join(f"q{n},answer {n}\n" for n in range(27)), "27 distinct answers .* 2 to 26 labels"),
        ("a,\nb,x\n", "1 distinct answers"),
        ("a,Yes\nb,no\nc,yes\n", "The labels 'Yes', 'yes' in 'label' differ in case only; write them alike"),
    ],
)
def test_classification_refuses_a_label_space_that_cannot_be(tmp_path: Path, rows: str, message: str):
    with pytest.raises(DataError, match=message):
        load_task("file", written(tmp_path / "q.csv", f"text,label\n{rows}"))


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Question,A,B,C,Answer", None),
        ("stem,choice1,choice2,choice3,answerKey", None),
        ("input,option_a,option_b,option_c,target", None),
        ("x,one,two,three,y", Columns("x", "y", ("one", "two", "three"))),
    ],
)
def test_choices_in_several_columns_are_read(tmp_path: Path, header: str, columns: Columns | None):
    path = written(tmp_path / "q.tsv", (header + "\nWho?,me,you,she,b\nWhere?,here,there,,1\n").replace(",", "\t"))
    first, second = all_of(path, columns)
    assert (first.render(), first.answer) == ("Who? (A) me (B) you (C) she", "B")
    assert (second.render(), second.answer) == ("Where? (A) here (B) there", "A")
    assert (first.id, second.id) == ("q-2", "q-3")


@pytest.mark.parametrize(
    ("examples", "reason"),
    [
        ('{"input": "Is it (a) so?", "target_scores": {"no": 0, "yes": 1}}', None),
        ('{"input": "Is it?", "target_scores": {"no": 0, "yes": 0}}', "0 of the target_scores are positive, one was expected"),
        ('{"input": "Which? (a) this", "target_scores": {"(a)": 1, "(b)": 0}}', "only one choice, 'this'"),
        (
            '{"input": "Which? (a) this (b) that", "target_scores": {"(a)": 1, "(b)": 2}}',
            "2 of the target_scores are positive, one was expected",
        ),
        ('{"input": {"stem": "Is it?", "choices": ["no", "yes"]}, "target_scores": {"no": 0, "yes": 1}}', None),
    ],
)
def test_choices_as_target_scores_are_read(tmp_path: Path, examples: str, reason: str | None):
    reading = Files().load(written(tmp_path / "q.json", f"[{examples}]"), None, seed=0)
    if reason:
        assert reading.bad == (f"{tmp_path / 'q.json'}: example 1: {reason}",)
    else:
        assert [choice.text for choice in reading.train[0].choices] == ["no", "yes"]
        assert reading.train[0].answer == "B"


def test_choices_missing_from_one_text_make_a_bad_row(tmp_path: Path):
    rows = "Why? (A) so (B) no,A\nWho? (A) me (B) you,A\nWhere? (A) here (B) there,B\nWhat?,A\nWhen? (A) now,A\n"
    reading = Files().load(written(tmp_path / "q.csv", f"question,answer\n{rows}"), None, seed=0)
    assert [line.partition(": ")[2] for line in reading.bad] == [
        "no choices: no column holds them, and the text has no (A) … (B) …",
        "only one choice, 'now'",
    ]


def test_choices_the_same_everywhere_name_the_labels(tmp_path: Path):
    path = written(tmp_path / "q.csv", "question,choices,answer\na,yes|no,yes\nb,yes|no,no\n")
    assert load_task("file", path).label_map == {"A": "yes", "B": "no"}


def test_columns_not_found_are_listed_with_the_way_to_name_them(tmp_path: Path):
    path = written(tmp_path / "q.csv", "headline,verdict\na,b\n")
    remedy = "there are 'headline', 'verdict': name them: --question-column NAME .* columns=Columns"
    with pytest.raises(DataError, match=f"No column for the question and answer was recognised; {remedy}"):
        load_task("file", path)
    with pytest.raises(DataError, match=f"There is no column 'headlin'; {remedy}"):
        load_task("file", path, columns=Columns("headlin", "verdict"))


def test_limit_takes_the_first_test_questions(tmp_path: Path):
    task = load_task("file", written(tmp_path / "q.csv", REVIEWS))
    assert task.limited(None) is task
    assert task.limited(2).test == task.test[:2]
    with pytest.raises(DataError, match="file has 6 test questions, 7 were asked for; use --limit 6, or less"):
        task.limited(7)


def test_test_size_has_its_bounds(tmp_path: Path):
    path = written(tmp_path / "q.csv", REVIEWS)
    assert len(load_task("file", path, test_size=11).train) == 1
    assert (
        len(load_task("file", path, test_data=written(tmp_path / "t.csv", REVIEWS.replace("Film", "Book")), test_size=3).test)
        == 3
    )
    with pytest.raises(DataError, match="12 good questions, 12 to test on .* --test-size 11, or less"):
        load_task("file", path, test_size=12)
    with pytest.raises(DataError, match="12 test questions, 13 were asked for; use --test-size 12"):
        load_task("file", path, test_data=tmp_path / "t.csv", test_size=13)
    with pytest.raises(SettingsError, match="use --test-size 1, or more"):
        load_task("file", path, test_size=0)
    with pytest.raises(DataError, match="1 distinct good questions; a split needs two"):
        load_task("file", written(tmp_path / "one.csv", "question,choices,answer\na,x|y,x\n"))


def test_task_names_and_their_errors(tmp_path: Path):
    assert list(TASKS) == [
        *("arc_challenge", "snarks", "causal_judgment", "commonsenseqa"),
        *("planted_arc", "planted_snarks", "file"),
    ]
    with pytest.raises(SettingsError, match="no task named 'snark'; did you mean 'snarks'?"):
        load_task("snark")
    with pytest.raises(SettingsError, match="name it: --data FILE"):
        load_task("file")
    with pytest.raises(SettingsError, match="use --task file, not snarks"):
        load_task("snarks", tmp_path, columns=Columns("a", "b"))
    with pytest.raises(DataError, match="There is no file .*nowhere.csv; check the path"):
        load_task("arc_challenge", tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="is a folder; pass a file in it"):
        load_task("file", tmp_path)


@pytest.mark.parametrize("name", ["planted_arc", "planted_snarks"])
def test_planted_tasks_make_their_own_questions(name: str, tmp_path: Path):
    task = load_task(name, test_size=20)
    assert len(task.test) == 20
    assert all(question.planted for question in (*task.train, *task.test))
    with pytest.raises(SettingsError, match=f"{name} makes its own questions; drop --data"):
        load_task(name, written(tmp_path / "q.csv", REVIEWS))


@dataclass(frozen=True)
class Greetings(AbstractSource):
    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        choices = (Choice("A", "hello"), Choice("B", "bye"))
        return Reading(tuple(Question(str(n), f"Guest {n}?", choices, "A") for n in range(4)))


def test_tasks_of_other_packages_are_found_by_entry_point(monkeypatch: pytest.MonkeyPatch):
    point = importlib.metadata.EntryPoint("greetings", f"{__name__}:Greetings", "selfamplify.tasks")
    monkeypatch.setattr(
        "selfamplify.registry.entry_points",
        lambda group, name=None: importlib.metadata.EntryPoints([point]).select(
            group=group, **({"name": name} if name else {})
        ),
    )
    task = load_task("greetings")
    assert (len(task.train), len(task.test), task.label_map) == (2, 2, {"A": "hello", "B": "bye"})
