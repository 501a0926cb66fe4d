"""The worked question of a comparison: chosen by its rule, counted in both directions, and readable without colour."""

import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from selfamplify import Choice, Question, Task, load_task, worked_question
from selfamplify.cli import demo
from selfamplify.errors import DataError
from selfamplify.report.marks import named_words
from selfamplify.runs.cell import Cell
from selfamplify.text.words import candidate_words

CHOICES = (Choice("A", "wet moss"), Choice("B", "dry palms"))
KEYWORDS = 'The 3 keywords "rubs", "PALMS", and "winter" are important to predict that the answer is ({label})'
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def asked(number: int, text: str = "") -> Question:
    return Question(
        f"q{number}", text or f"George rubs thing {number}; what is warm, palms?", CHOICES, "B", ("George", "palms")
    )


def task(*questions: Question, count: int = 5) -> Task:
    return Task("small", (asked(99),), questions or tuple(map(asked, range(count))), {"A": "A", "B": "B"})


def saved(folder: Path, corpus: Task, text: str = KEYWORDS, **rows: str) -> Path:
    """A run folder with rows named ``method_selection``; a "+" is a right answer, a "-" a wrong one."""
    lines = []
    for name, marks in rows.items():
        method, selection = name.rsplit("_", 1)
        for question, mark in zip(corpus.test, marks, strict=True):
            label = question.answer if mark == "+" else "A"
            said = (text if method in ("deep_lift", "kernel_shap") else f"{method} says ({{label}})").replace("{label}", label)
            line: dict[str, Any] = {
                "cell": str(Cell(method, selection, 6, 0)),
                "question": question.render(),
                "question_id": question.id,
            }
            line |= {"answer": question.answer, "label": label, "rule": "stated", "correct": mark == "+", "text": said}
            if question.answer_style == "label":
                line["names"] = dict(zip(question.labels, question.answers, strict=True))
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


MARKS = st.text("+-", min_size=5, max_size=5)
RUNS = st.fixed_dictionaries(
    {"io_success": MARKS, "kernel_shap_success": MARKS},
    optional={
        "io_error": MARKS,
        "deep_lift_success": MARKS,
        "deep_lift_error": MARKS,
        "random_success": MARKS,
        "self_topk_error": MARKS,
    },
)


def gained(rows: dict[str, str], selection: str) -> dict[str, list[int]]:
    """For each attribution with that selection, the questions that it gets right and io wrong."""
    io = rows.get(f"io_{selection}")
    own = [name for name in rows if name in (f"kernel_shap_{selection}", f"deep_lift_{selection}") and io]
    return {name: [place for place in range(5) if (io or "")[place] + rows[name][place] == "-+"] for name in own}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(RUNS, st.randoms())
def test_first_question_of_the_preferred_selection_is_chosen_and_both_directions_are_counted(
    tmp_path: Path, rows: dict[str, str], random: Random
):
    shuffled = dict(random.sample(list(rows.items()), len(rows)))
    text = flat(printed(saved(tmp_path, task(), **shuffled), task()))
    found = [(selection, gained(shuffled, selection)) for selection in ("success", "error")]
    selection, by_row = next(((name, rows) for name, rows in found if any(rows.values())), ("", {}))
    if not by_row:
        assert text.startswith("No worked question") and "rubs" not in text
        return
    first = min(places[0] for places in by_row.values() if places)
    row = next(name for name, places in by_row.items() if first in places)  # of equals, the first row of the run
    assert f"George rubs thing {first}; what is warm, palms? (A) wet moss (B) dry palms" in text
    assert f"({row.rsplit('_', 1)[0]}) is right · shots by {selection}" in text and "(B) dry palms" in text
    both = Counter(zip(rows[f"io_{selection}"], rows[row], strict=True))
    assert f"right: {both['-', '+']};" in text and text.endswith(f"wrong: {both['+', '-']}.")
    assert "Chosen by rule" in text and f"io-{selection}-k6-seed0" in text


def test_rows_with_other_shots_are_not_compared(tmp_path: Path):
    text = flat(printed(saved(tmp_path, task(), io_success="-----", deep_lift_error="+++++", random_success="+++++"), task()))
    assert text.startswith("No worked question: the run has no row of io and")


def test_run_without_such_a_question_counts_the_opposite(tmp_path: Path):
    rows = {"io_success": "-++++", "deep_lift_success": "-+-+-", "kernel_shap_success": "-++++"}
    text = flat(printed(saved(tmp_path, task(), **rows), task()))
    assert text.startswith("No worked question: ") and "deep_lift or kernel_shap" in text
    assert "2 with deep_lift (success), 0 with kernel_shap (success)" in text


def test_replies_carry_their_marks_in_plain_text_next_to_that_of_self_exp(tmp_path: Path):
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
    assert "deciding words: George, palms; the reply names 1 of 2" in text
    assert "rubs, PALMS; not in the question: winter" in text


def test_reply_without_quoted_words_names_none_and_a_task_without_planted_words_does_not_mention_them(tmp_path: Path):
    corpus = task(replace(asked(0), planted=()))
    rows = {"io_success": "-", "kernel_shap_success": "+"}
    text = flat(printed(saved(tmp_path, corpus, "The answer is (B), dry palms", **rows), corpus))
    assert "in the reply: none" in text and "deciding" not in text


def test_answers_are_called_as_they_were_asked_for_and_likelihoods_are_shown(tmp_path: Path):
    file = saved(tmp_path, task(count=1).styled("label"), io_success="-", deep_lift_success="+") / "responses.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line, scores in zip(lines, ([0.5, -0.25], [-1.0, 0.0]), strict=True):
        line |= {"rule": "batch-calibrated likelihood", "log_probabilities": scores}
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    text = flat(printed(tmp_path, task(count=1)))
    assert "wet moss, wrong" in text and "dry palms, right" in text and "correct answer: dry palms" in text
    assert "(A) wet moss" not in text and "Decided by batch-calibrated likelihood" in text
    assert "+0.50" in text and "-0.25" in text and "+0.00" in text


def test_phrase_in_quotes_names_each_of_its_words(tmp_path: Path):
    saved(tmp_path, task(), 'The keyword "dry palms" (B)', io_success="-----", deep_lift_success="+++++")
    drawn = worked_question(tmp_path, task()).renderables[1]
    assert isinstance(drawn, Text)
    assert [drawn.plain[span.start : span.end] for span in drawn.spans] == ["palms", "dry", "palms"]


def test_task_of_another_run_is_refused(tmp_path: Path):
    saved(tmp_path, task(), io_success="-----", deep_lift_success="+++++")
    for other in (task(asked(7)), task(asked(0, "Who?")), task(replace(asked(0), answer="A"))):
        with pytest.raises(DataError, match="q0 is not a test question of small"):
            worked_question(tmp_path, other)


@pytest.mark.parametrize("bad", ["{", "[]", "{}", '{"cell": 3}', '{"cell": "io"}', "\x00"])
def test_damage_is_reported_on_one_line(tmp_path: Path, bad: str):
    file = saved(tmp_path, task(), io_success="-----", deep_lift_success="+++++") / "responses.jsonl"
    file.write_text(file.read_text() + bad)
    with pytest.raises(DataError, match="line 11") as error:
        worked_question(tmp_path, task())
    assert "\n" not in str(error.value)
    with pytest.raises(DataError, match="responses.jsonl"):
        worked_question(tmp_path / "nowhere", task())


def test_demo_ends_with_the_worked_question_the_caveat_and_the_next_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    questions = load_task("planted_arc").limited(2).test

    def run(plan: object, folder: Path, model: object, task: Task, profile: object) -> None:
        saved(folder, replace(task, test=task.test[:2]), io_success="+-", kernel_shap_success="-+")

    monkeypatch.setattr(demo, "run", run)
    demo._made_up(tmp_path, 2, 0)
    text = flat(capsys.readouterr().out)
    parts = ("A worked question", questions[1].text, "deciding words: ", "Chosen by rule", "tiny", "Next, use")
    places = [text.find(part) for part in parts]
    assert -1 not in places and places == sorted(places)


@pytest.mark.long
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
@pytest.mark.parametrize("long", ["", "x" * 200])
def test_any_text_is_printed_safely_in_80_columns(tmp_path: Path, long: str, stem: str, planted: str, reply: str):
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
