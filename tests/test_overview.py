"""How data was read, for a person: ``overview`` and ``selfamplify data``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small import Run

from selfamplify import load_task, overview
from selfamplify.errors import DataError
from selfamplify.tasks.copies import near_key
from selfamplify.text.lines import counted

QUIZ = """question,option1,option2,option3,correct_index,remark
Which town lies on the Seine?,Paris,Lyon,Nice,0,from a quiz of 2019
Which town lies on the Thames?,Leeds,London,York,1,from a quiz of 2019
which town lies on the Thames,Leeds,London,York,1,from a quiz of 2020
Which town lies on the Spree?,Bonn,Köln,Berlin,2,from a quiz of 2020
Which town lies on the Tiber?,Turin,Milan,Rome,7,from a quiz of 2020
"""


@pytest.fixture
def quiz(tmp_path: Path) -> Path:
    path = tmp_path / "quiz.csv"
    path.write_text(QUIZ, encoding="utf-8")
    return path


def test_an_overview_says_how_a_file_was_read(quiz: Path):
    found = overview("file", quiz)
    assert [question.answer for question in found.questions] == ["A", "B", "B", "C"]  # in the order of the file
    assert found.labels == {"A": 1, "B": 2, "C": 1} and found.choices == {3: 4}
    assert len(found.copies) == 1 and repr(found) == f"Overview(4 questions, 1 bad row, {counted(len(found.warnings), 'note')})"
    copied, first = next(iter(found.copies.items()))
    by_id = {question.id: question for question in found.questions}
    assert near_key(by_id[copied]) == near_key(by_id[first]) and list(by_id).index(first) < list(by_id).index(copied)
    assert found.reading.answers_from == 0 and found.reading.unused == ("remark",)
    assert [(row.line, row.reason) for row in found.reading.bad] == [(6, "the answer 7 is not one of the positions 0 to 2")]


def test_the_json_of_the_command_has_the_documented_keys(quiz: Path, run: Run):
    code, out, _ = run("data", quiz, "--json", "--examples", 2)
    found = json.loads(out)
    assert code == 0
    assert list(found) == [
        "questions", "classification", "answers_from", "labels", "columns", "unused", "copies", "warnings", "bad", "examples"
    ]  # fmt: skip
    assert found["questions"] == 4 and found["classification"] is False and found["answers_from"] == 0
    assert found["columns"] == {
        "question": "question", "answer": "correct_index", "choices": ["option1", "option2", "option3"]
    }  # fmt: skip
    assert found["examples"][1] == {
        "question": "Which town lies on the Thames?",
        "choices": ["Leeds", "London", "York"],
        "answer": "B",
        "answer_text": "London",
    }
    assert any("'remark'" in warning and "--context-column remark" in warning for warning in found["warnings"])


def test_the_command_shows_roles_notes_bad_rows_and_questions(quiz: Path, run: Run):
    code, out, err = run("data", quiz, "--examples", 1)
    assert code == 0 and not err
    assert "4 questions, 3 choices each" in out and "right        A 1, B 2, C 1" in out
    assert "note: The numbers in 'correct_index' count from 0: 0 occurs, first in line 2." in out
    assert f"bad: {quiz}:6: " in out and out.rstrip().endswith("(A) Paris (B) Lyon (C) Nice\n  → (A)")


def test_a_classification_is_shown_as_it_is_asked(run: Run, tmp_path: Path):
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\nA very dull film.,0\nA fine film.,1\n")
    code, out, err = run("data", path, "--label-names", "0=negative,1=positive")
    assert code == 0 and not err and "length       4 words in the median, 4 in the longest\n" in out
    assert out.endswith("\nA very dull film.\n  → negative\n\nA fine film.\n  → positive\n")


def test_other_commands_print_the_notes(quiz: Path, run: Run, tmp_path: Path):
    given = ["--task", "file", "--data", quiz, "--skip-bad", "--method", "io", "--selection", "random", "--shots", 1]
    code, _, err = run("build", *given, "--out", tmp_path / "run")
    assert code == 0 and "count from 0" in err and "answer 'correct_index'" in err and "1 row left out" in err


def test_what_can_not_be_decided_names_the_options(tmp_path: Path, run: Run):
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "Which?", "choices": ["a", "b", "c"], "answer": 1}\n')
    code, _, err = run("data", path)
    assert code == 2 and "--answers-from 0 or --answers-from 1" in err
    code, out, _ = run("data", path, "--answers-from", 0)
    assert code == 0 and "→ (B)" in out
    code, _, err = run("data", path, "--answers-from", 2)
    assert code == 2 and "0, 1, text" in err


def test_the_classes_of_a_classification_are_counted_by_name(tmp_path: Path):
    path = tmp_path / "q.csv"
    path.write_text("text,label\na fine film,pos\na dull film,neg\na bad film,neg\n")
    found = overview("file", path)
    assert found.reading.classification and found.labels == {"neg": 2, "pos": 1}


def test_training_questions_that_the_test_file_nearly_repeats_are_left_out_and_counted(tmp_path: Path):
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("question,A,B,answer\nWhich  animal barks?,dog,cat,A\nWhich animal crows?,hen,cock,B\n")
    test.write_text("question,A,B,answer\nwhich animal barks,cat,dog,B\nWhich animal moos?,cow,pig,A\n")
    found = overview("file", train, test_data=test)
    assert len(found.reading.train) == 1 and len(found.reading.test or ()) == 2
    assert any(warning.startswith("1 training question left out") for warning in found.warnings)
    assert "nearly the same as a test question" in load_task("file", train, test_data=test).skipped[0]


def test_too_few_questions_are_explained_by_the_bad_rows(tmp_path: Path):
    path = tmp_path / "q.jsonl"
    path.write_text("".join(f'{{"question": "Q{n}?", "options": ["x", "y"], "answer": "z"}}\n' for n in range(5)))
    with pytest.raises(DataError, match=r"0 distinct good questions(.|\n)*5 rows: the answer 'z' is not one of the choices"):
        load_task("file", path, skip_bad=True)


def test_the_command_needs_no_torch(quiz: Path):
    code = f"import sys; from selfamplify import overview; overview('file', {str(quiz)!r}); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_errors_name_the_argument_of_the_command_without_a_flag(run: Run, tmp_path: Path):
    code, _, err = run("data", f"hub:{tmp_path / 'nothing'}")
    assert code == 2 and "another file: questions.csv" in err
