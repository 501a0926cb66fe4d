"""The worked question of a run: chosen by its rule, counted both ways, and readable without colour."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from selfamplify import Choice, Question, Task, load_task, worked_question
from selfamplify.cli import demo
from selfamplify.errors import DataError
from selfamplify.report.words import named_words
from selfamplify.runs.plan import Cell
from selfamplify.text.words import candidate_words

CHOICES = (Choice("A", "wet moss"), Choice("B", "dry palms"))
KEYWORDS = 'The 3 keywords "rubs", "PALMS", and "winter" are important to predict that the answer is ({label})'
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def asked(number: int, text: str = "") -> Question:
    return Question(
        f"q{number}", text or f"George rubs thing {number}; what is warm, palms?", CHOICES, "B", ("George", "palms")
    )


def task(*questions: Question, count: int = 5) -> Task:
    return Task("small", (), questions or tuple(map(asked, range(count))), {"A": "A", "B": "B"})


def saved(folder: Path, corpus: Task, text: str = KEYWORDS, **rows: str) -> Path:
    """A run folder whose rows, named ``method_selection`` with the last underscore between, answer "+" right and "-" wrong."""
    lines = []
    for name, marks in rows.items():
        method, selection = name.rsplit("_", 1)
        for question, mark in zip(corpus.test, marks, strict=True):
            label = question.answer if mark == "+" else "A"
            said = (text if method in ("deep_lift", "kernel_shap") else f"{method} says ({{label}})").replace("{label}", label)
            line = {"cell": str(Cell(method, selection, 6, 0)), "question": question.render(), "question_id": question.id}
            line |= {"answer": question.answer, "label": label, "rule": "stated", "correct": mark == "+", "text": said}
            lines.append(json.dumps(line) + "\n")
    (folder / "responses.jsonl").write_text("".join(lines))
    return folder


def printed(folder: Path, corpus: Task, colour: bool = False) -> str:
    console = Console(file=io.StringIO(), width=80, force_terminal=colour, color_system="standard" if colour else None)
    console.print(worked_question(folder, corpus))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def flat(text: str) -> str:
    return " ".join(text.split())


def test_first_question_that_io_alone_has_wrong_is_chosen_and_both_ways_are_counted(tmp_path: Path):
    text = flat(printed(saved(tmp_path, task(), io_success="+-+--", deep_lift_success="--+++"), task()))
    assert "George rubs thing 3; what is warm, palms? (A) wet moss (B) dry palms" in text
    assert "rubs thing 1;" not in text and "rubs thing 4;" not in text
    assert "On all 5 questions of io-success-k6-seed0 and deep_lift-success-k6-seed0:" in text
    assert "io wrong and deep_lift right: 2; io right and deep_lift wrong: 1." in text
    assert "the first test question, in the order of asking" in text and "right answer: (B) dry palms" in text


def test_order_of_asking_goes_before_the_order_of_rows_and_that_decides_between_equals(tmp_path: Path):
    rows = {"io_success": "-----", "deep_lift_success": "--+++"}
    text = flat(printed(saved(tmp_path, task(), **rows, kernel_shap_success="-++++"), task()))
    assert "rubs thing 1;" in text and "Self-AMPLIFY (kernel_shap) right" in text
    text = flat(printed(saved(tmp_path, task(), **rows, kernel_shap_success="--+++"), task()))
    assert "rubs thing 2;" in text and "Self-AMPLIFY (deep_lift) right" in text


def test_success_goes_before_error_whatever_the_order_of_rows(tmp_path: Path):
    error = {"io_error": "-----", "deep_lift_error": "+++++"}
    text = flat(printed(saved(tmp_path, task(), **error, io_success="-----", deep_lift_success="----+"), task()))
    assert "shots by success" in text.split(" George ")[0] and "rubs thing 4;" in text
    text = flat(printed(saved(tmp_path, task(), **error, io_success="-----", deep_lift_success="-----"), task()))
    assert "shots by error" in text.split(" George ")[0] and "rubs thing 0;" in text


def test_rows_on_other_shots_are_not_held_against_each_other(tmp_path: Path):
    text = flat(printed(saved(tmp_path, task(), io_success="-----", deep_lift_error="+++++", random_success="+++++"), task()))
    assert text == "No worked question: the run has no row of io and one of deep_lift or kernel_shap on the same shots."


def test_run_without_such_a_question_says_so_and_counts_the_opposite(tmp_path: Path):
    rows = {"io_success": "-++++", "deep_lift_success": "-+-+-", "kernel_shap_success": "-++++"}
    text = flat(printed(saved(tmp_path, task(), **rows), task()))
    assert text.startswith("No worked question: on none of the 5 test questions is io wrong")
    assert text.endswith("io right and the other wrong: 2 with deep_lift (success), 0 with kernel_shap (success).")


def test_replies_carry_their_marks_in_plain_text_and_self_exp_stands_beside(tmp_path: Path):
    rows = {"io_success": "-----", "deep_lift_success": "+++++", "self_exp_error": "+++++"}
    text = printed(saved(tmp_path, task(), **rows), task())
    assert "(A), wrong" in text and "(B), right" in text and "self_exp" not in text
    text = printed(saved(tmp_path, task(), **rows, self_exp_success="-----"), task())
    assert text.count("(A), wrong") == 2 and text.count("(B), right") == 1
    assert "io says (A)" in text and "self_exp says (A)" in text
    assert "\x1b[1;31m(A), wrong" in printed(tmp_path, task(), colour=True)
    assert "\x1b[1;32m(B), right" in printed(tmp_path, task(), colour=True)


def test_question_colours_exactly_the_words_of_the_reply(tmp_path: Path):
    saved(tmp_path, task(), io_success="-----", deep_lift_success="+++++")
    drawn = worked_question(tmp_path, task()).renderables[1]
    assert isinstance(drawn, Text) and drawn.plain == asked(0).render()
    assert [drawn.plain[span.start : span.end] for span in drawn.spans] == ["rubs", "palms", "palms"]
    text = flat(printed(tmp_path, task()))
    assert "deciding words (planted): George, palms; the reply names 1 of 2" in text
    assert "words that the reply names: rubs, PALMS; not in the question: winter" in text


def test_reply_without_quoted_words_names_none_and_a_task_without_planted_words_says_nothing_of_them(tmp_path: Path):
    corpus = task(replace(asked(0), planted=()))
    rows = {"io_success": "-", "kernel_shap_success": "+"}
    text = flat(printed(saved(tmp_path, corpus, "The answer is (B), dry palms", **rows), corpus))
    assert "words that the reply names: none" in text and "planted" not in text


def test_phrase_in_quotes_names_each_of_its_words(tmp_path: Path):
    saved(tmp_path, task(), 'The keyword "dry palms" (B)', io_success="-----", deep_lift_success="+++++")
    drawn = worked_question(tmp_path, task()).renderables[1]
    assert isinstance(drawn, Text)
    assert [drawn.plain[span.start : span.end] for span in drawn.spans] == ["palms", "dry", "palms"]


def test_task_of_another_run_is_refused(tmp_path: Path):
    saved(tmp_path, task(), io_success="-----", deep_lift_success="+++++")
    for other in (task(asked(7)), task(asked(0, "Who?")), task(replace(asked(0), answer="A"))):
        with pytest.raises(DataError, match="q0 is no test question of small; pass the task that the run was made with"):
            worked_question(tmp_path, other)


@pytest.mark.parametrize("bad", ["{", "[]", "{}", '{"cell": 3}', '{"cell": "io"}', "\x00"])
def test_damage_is_told_in_a_line(tmp_path: Path, bad: str):
    file = saved(tmp_path, task(), io_success="-----", deep_lift_success="+++++") / "responses.jsonl"
    file.write_text(file.read_text() + bad)
    with pytest.raises(DataError, match="line 11: .*run the command that made the results again") as error:
        worked_question(tmp_path, task())
    assert "\n" not in str(error.value)
    with pytest.raises(DataError, match="run the command that made the results again"):
        worked_question(tmp_path / "nowhere", task())


def test_demo_ends_with_the_worked_question_the_caveat_and_the_next_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    questions = load_task("planted_arc").limited(2).test

    def run(plan: object, folder: Path, model: object, task: Task, style: object) -> None:
        saved(folder, replace(task, test=task.test[:2]), io_success="+-", kernel_shap_success="-+")

    monkeypatch.setattr(demo, "run", run)
    demo.demo(tmp_path, limit=2)
    text = flat(capsys.readouterr().out)
    parts = ("A worked question", questions[1].text, "deciding words (planted)", "Chosen by a rule", "toy-sized", "Next, with")
    places = [text.find(part) for part in parts]
    assert -1 not in places and places == sorted(places)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
@pytest.mark.parametrize("long", ["", "x" * 200])
def test_any_text_is_shown_and_not_obeyed_in_80_columns(tmp_path: Path, long: str, stem: str, planted: str, reply: str):
    corpus = task(replace(asked(0, f"{stem} \x1b[31m\u202e {long}"), id=f"{stem}\x07", planted=(planted, "\x9b2J")))
    text = f'"{planted}\x1b]0;x" [bold]{reply}[/] {long}'
    folder = saved(tmp_path, corpus, text, io_success="-", deep_lift_success="+", self_exp_success="+")
    shown = printed(folder, corpus)
    assert not set(shown) & set("\x1b\x07\x9b\u202e") and "[bold]" in flat(shown).replace(" ", "")
    assert max(Text(line).cell_len for line in shown.split("\n")) <= 80


@given(st.text(), st.lists(st.text(), max_size=3), st.data())
def test_named_words_are_those_of_the_question_without_case(stem: str, others: list[str], data: st.DataObject):
    question = asked(0, stem or "?")
    words = candidate_words(question.render(), question.labels)
    names = data.draw(st.lists(st.sampled_from([word.text for word in words]), max_size=3)) + others
    lowered = [name.lower() for name in names]
    assert named_words(question, names) == [word for word in words if word.text.lower() in lowered]
