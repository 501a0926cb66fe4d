"""What a person sees: tables, colours and progress, whatever the texts hold."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text
from small import question, scripted, talker, task

from selfamplify import (
    Choice,
    Explanation,
    Plan,
    Question,
    Table,
    coloured_question,
    compare,
    comparison_table,
    explanation_table,
    responses_side_by_side,
    terminal_progress,
)
from selfamplify.errors import DataError
from selfamplify.text.printable import printable
from selfamplify.text.words import candidate_words

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=25)


def printed(*things: object, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    for thing in things:
        console.print(thing)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    folder = tmp_path_factory.mktemp("run")
    plan = Plan(("random", "auto_cot"), ("success", "error"), seeds=(0, 1), shots=2)
    return folder, compare(plan, scripted(talker, "[bold]x[/]"), task(), folder)


def test_table_of_several_seeds_is_summed_up(run: tuple[Path, Table]):
    _, table = run
    means = {(line.method, line.selection): line for line in table.means}
    assert len(means) == 6 and {line.runs for line in means.values()} == {2}
    mine = [row.accuracy for row in table.rows if row.explainer == "random" and row.selection == "error"]
    own, io = means["random", "error"], means["io", "error"]
    assert own.mean == pytest.approx(sum(mine) / 2)
    assert own.gain is not None and io.gain is None and own.gain.low <= own.gain.difference <= own.gain.high
    assert own.gain.difference == pytest.approx(own.mean - io.mean)
    text = printed(comparison_table(table))
    assert "[bold]x[/]" in text and "random" in text and "auto_cot" in text


def test_table_of_one_seed_shows_every_row_whole_in_80_columns(run: tuple[Path, Table]):
    _, table = run
    longest = replace(table.rows[1], explainer="gradient_x_activation", seed=0)
    text = printed(comparison_table(Table((*(row for row in table.rows if row.seed == 0), longest))))
    for word in ("success", "error", "gradient_x_activation", "auto_cot"):
        assert word in text
    assert "…" not in text and "–" in text and max(map(len, text.splitlines())) <= 80


def test_results_are_read_back_and_damage_is_told(run: tuple[Path, Table], tmp_path: Path):
    folder, table = run
    assert Table.load(folder) == replace(table, settings=json.loads(json.dumps(table.settings)))
    for bad in ("", "{", "[]", '{"rows": [{"n": 1}]}'):
        (tmp_path / "results.json").write_text(bad)
        with pytest.raises(DataError, match="is damaged") as error:
            Table.load(tmp_path)
        assert "\n" not in str(error.value)
    with pytest.raises(DataError, match="selfamplify compare --out"):
        Table.load(tmp_path / "nowhere")


def test_responses_stand_side_by_side(run: tuple[Path, Table], tmp_path: Path):
    folder, _ = run
    tables = responses_side_by_side(folder, 2)
    assert len(tables) == 2 and tables[0].row_count == 12
    assert "the answer is (" in printed(*tables)
    with pytest.raises(DataError, match="run the command that made the results again"):
        responses_side_by_side(tmp_path, 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.sampled_from(["[/]", "[red]", "a\u2028b", "\x85", "{"])
)
def test_responses_and_ids_may_hold_any_text(tmp_path: Path, text: str):
    asked = question(12, text=f"Who? #12# {text}")
    corpus = replace(task(6, 1), test=(replace(asked, id=text),))
    (tmp_path / "run.sqlite").unlink(missing_ok=True)
    compare(Plan(("random",), ("random",), shots=1), scripted(lambda chat: text, text[:3]), corpus, tmp_path)
    assert printed(*responses_side_by_side(tmp_path, 1))


@given(st.text())
def test_printable_keeps_the_length_and_obeys_nothing(text: str):
    shown = printable(text)
    assert len(shown) == len(text)
    assert Text(shown).plain == shown and not set(shown) & set("\x1b\x07\r\x9b\u202e\u2066\u2028")


TEXTS = ANY_TEXT | st.sampled_from(["the [cat] sat", "wet wet Wet", "(A) a"])


@given(TEXTS, TEXTS, st.data())
def test_coloured_question_shows_the_very_text(stem: str, choice: str, data: st.DataObject):
    asked = Question("q", stem, (Choice("A", choice), Choice("B", "no")), "A")
    words = tuple(word.text for word in candidate_words(asked.render(), asked.labels))
    scores = tuple(data.draw(st.floats(-2, 2)) for _ in words)
    explanation = Explanation("q", "x", words, scores, value="logit")
    drawn = coloured_question(asked, explanation, 3)
    assert drawn.plain == printable(asked.render()) and len(drawn.plain) == len(asked.render())
    for span in drawn.spans:
        assert drawn.plain[span.start : span.end].strip()
    assert printed(explanation_table(explanation, 3))


def test_colours_follow_the_sign_of_the_scores():
    asked = question()
    words = tuple(word.text for word in candidate_words(asked.render(), asked.labels))
    scores = tuple(1.0 if word == "rubs" else -1.0 if word == "warm" else 0.0 for word in words)
    drawn = coloured_question(asked, Explanation("q", "x", words, scores), 1)
    shades = {drawn.plain[span.start : span.end]: str(span.style) for span in drawn.spans if "rgb" in str(span.style)}
    assert shades == {"rubs": "black on rgb(95,245,95)", "warm": "black on rgb(250,95,95)"}
    assert [drawn.plain[span.start : span.end] for span in drawn.spans if "underline" in str(span.style)] == ["rubs"]


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_says_what_is_done(terminal: bool):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
    with terminal_progress(console) as report:
        for done in range(5):
            report("asking", done + 1, 5)
        report("answering", 1, 2)
        report("answering", 2, 2)
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue()
    assert "answering" in said
    if not terminal:
        assert said.splitlines() == ["asking: 1/5", "asking: 5/5", "answering: 1/2", "answering: 2/2"]
