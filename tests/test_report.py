"""What is printed: tables, colours and progress, for any text."""

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
    Plan,
    Question,
    Table,
    coloured_question,
    compare,
    comparison_table,
    explanation_table,
    load_task,
    responses_side_by_side,
    terminal_progress,
)
from selfamplify.errors import DataError, RunError
from selfamplify.evaluation.difference import Difference
from selfamplify.records import ScoredWords
from selfamplify.runs.comparison import Comparison
from selfamplify.runs.table import Mean, Row
from selfamplify.text.files import write_whole
from selfamplify.text.lines import shortened
from selfamplify.text.printable import printable
from selfamplify.text.shading import html_style, shares, terminal_style
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
    return folder, compare(scripted(talker, "[bold]x[/]"), task(), plan, folder)


def test_table_over_seeds_shows_means(run: tuple[Path, Table]):
    _, table = run
    means = {(line.method, line.selection): line for line in table.means}
    assert len(means) == 6 and {line.runs for line in means.values()} == {2}
    mine = [row.accuracy for row in table.rows if row.explainer == "random" and row.selection == "error"]
    own, io = means["random", "error"], means["io", "error"]
    assert own.mean == pytest.approx(sum(mine) / 2) and own.low <= own.mean <= own.high
    gain = next(each.difference for each in table.against() if (each.first, each.selection) == ("random", "error"))
    assert gain.low <= gain.estimate <= gain.high and gain.estimate == pytest.approx(own.mean - io.mean)
    text = printed(comparison_table(table))
    assert "[bold]x[/]" in text and "random" in text and "auto_cot" in text
    other = printed(comparison_table(table, "random"))
    assert "tested against random" in " ".join(other.split()) and f"{0.0 - 100 * gain.estimate:+.1f}" in other


SHARES = st.floats(0, 1)
ROWS = st.builds(
    Row,
    method=st.sampled_from(["io", "auto_cot", "self_amplify"]),
    explainer=st.none() | st.sampled_from(["kernel_shap", "deep_lift", "self_topk", "random"]),
    selection=st.sampled_from(["success", "error", "random", "clustered"]),
    keywords=st.none() | st.integers(1, 99),
    task=st.just("planted_arc"),
    model=st.just("embedded"),
    seed=st.just(0),
    shots=st.integers(0, 99),
    n=st.integers(1, 9999),
    correct=st.integers(0, 9999),
    accuracy=SHARES,
    ci_low=SHARES,
    ci_high=SHARES,
    p_vs_io=st.none() | SHARES,
    unparsed=SHARES,
    seconds=st.floats(0, 99999),
)
FRACTIONS = st.floats(-1, 1)
MEANS = st.builds(
    Mean,
    st.sampled_from(["kernel_shap", "self_topk"]),
    st.sampled_from(["success", "clustered"]),
    st.none() | st.integers(1, 99),
    st.integers(1, 99),
    SHARES,
    st.none() | SHARES,
    SHARES,
    SHARES,
)
GAINS = st.builds(
    Difference, st.just(1), st.integers(10, 99), st.just(3), st.just(4), FRACTIONS, FRACTIONS, FRACTIONS, SHARES, SHARES
)


@pytest.mark.long
@given(st.lists(ROWS, max_size=3), st.lists(MEANS, min_size=1, max_size=3), GAINS)
def test_tables_fit_80_columns_and_lose_no_cell(rows: list[Row], means: list[Mean], gain: Difference):
    tested = tuple(Comparison(line.selection, line.method, "io", gain) for line in (*means, *rows))
    for name, text in (
        ("seconds", printed(comparison_table(Table(tuple(rows), comparisons=tested)))),
        ("runs", printed(comparison_table(Table((*rows, *(replace(row, seed=1) for row in rows)), tuple(means), tested)))),
    ):
        assert "…" not in text and max(map(len, text.splitlines())) <= 80
        assert not any(line.endswith(" ") for line in text.splitlines())
        if rows:
            assert all(word in text for word in ("selection", "method", "keywords", "95 % CI", "IO", name))
    text = printed(comparison_table(Table(tuple(rows))))
    for row in rows:
        assert f"{row.seconds:.0f}" in text and f"{100 * row.accuracy:.1f}" in text and (row.explainer or row.method) in text


@given(ROWS)
def test_long_method_name_is_folded(row: Row):
    text = printed(comparison_table(Table((replace(row, explainer="gradient_x_activation"),))))
    assert "…" not in text and max(map(len, text.splitlines())) <= 80 and "gradient_x_" in text


@given(ROWS)
def test_title_of_a_table_counts_in_singular_and_plural(row: Row):
    def title(questions: int, shots: int) -> str:
        return printed(comparison_table(Table((replace(row, n=questions, shots=shots),)))).splitlines()[0]

    assert title(1, 1).endswith("1 test question · 1 shot")
    assert title(2, 0).endswith("2 test questions · 0 shots")


def test_results_are_read_back_and_damage_is_refused(run: tuple[Path, Table], tmp_path: Path):
    folder, table = run
    assert Table.load(folder) == replace(table, settings=json.loads(json.dumps(table.settings)))
    for bad in ("", "{", "[]", '{"rows": [{"n": 1}]}'):
        (tmp_path / "results.json").write_text(bad)
        with pytest.raises(DataError, match="is damaged") as error:
            Table.load(tmp_path)
        assert "\n" not in str(error.value)
    with pytest.raises(DataError, match="selfamplify compare --out"):
        Table.load(tmp_path / "nowhere")


def test_responses_are_shown_side_by_side(run: tuple[Path, Table], tmp_path: Path):
    folder, _ = run
    tables = responses_side_by_side(folder, 2)
    assert len(tables) == 2 and tables[0].row_count == 12
    text = printed(*tables)
    assert "the answer is (" in text and not any(line.endswith(" ") for line in text.splitlines())
    with pytest.raises(DataError, match="run .selfamplify compare --out"):
        responses_side_by_side(tmp_path, 1)


def test_answers_are_called_by_the_names_of_their_labels(tmp_path: Path):
    corpus = load_task("reviews").limited(2)
    plan = Plan(("random",), ("random",), shots=1)
    compare(scripted(lambda chat: "The answer is positive", "positive"), corpus, plan, tmp_path)
    text = printed(*responses_side_by_side(tmp_path, 2))
    assert "the answer is positive" in text and "positive, right" in text and "(A)" not in text and "(B)" not in text


@pytest.mark.long
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.sampled_from(["[/]", "[red]", "a\u2028b", "\x85", "{"])
)
def test_responses_and_ids_may_hold_any_text(tmp_path: Path, text: str):
    asked = question(12, text=f"Who? #12# {text}")
    corpus = replace(task(6, 1), test=(replace(asked, id=text),))
    (tmp_path / "run.sqlite").unlink(missing_ok=True)
    compare(scripted(lambda chat: text, text[:3]), corpus, Plan(("random",), ("random",), shots=1), tmp_path)
    assert printed(*responses_side_by_side(tmp_path, 1))


@given(st.text())
def test_printable_keeps_the_length_and_drops_control_characters(text: str):
    shown = printable(text)
    assert len(shown) == len(text)
    assert Text(shown).plain == shown and not set(shown) & set("\x1b\x07\r\x9b\u202e\u2066\u2028")


TEXTS = ANY_TEXT | st.sampled_from(["the [cat] sat", "wet wet Wet", "(A) a"])


@given(TEXTS, TEXTS, st.data())
def test_coloured_question_keeps_the_text(stem: str, choice: str, data: st.DataObject):
    asked = Question("q", stem, (Choice("A", choice), Choice("B", "no")), "A")
    words = tuple(word.text for word in candidate_words(asked.render(), asked.labels))
    scores = tuple(data.draw(st.floats(-2, 2)) for _ in words)
    explanation = ScoredWords("q", "x", words, scores, value="logit")
    drawn = coloured_question(asked, explanation, 3)
    assert drawn.plain == printable(asked.render()) and len(drawn.plain) == len(asked.render())
    for span in drawn.spans:
        assert drawn.plain[span.start : span.end].strip()
    assert printed(explanation_table(explanation, 3))


@given(st.lists(st.floats(-1e6, 1e6), max_size=9))
def test_shares_keep_signs_and_order_up_to_1(scores: list[float]):
    found = shares(scores)
    assert len(found) == len(scores) and all(abs(share) <= 1 for share in found)
    assert all(share * score >= 0 for share, score in zip(found, scores, strict=True))
    assert not any(scores) or max(map(abs, found)) == 1


@given(st.floats(-1, 1))
def test_styles_show_sign_and_size(share: float):
    style = terminal_style(share)
    assert (style is None) == (int(140 * abs(share)) < 14)
    assert style is None or (",245," in style) == (share > 0)
    assert ("dashed" in html_style(share)) == (share <= -0.1)
    assert html_style(share).startswith("background:rgba(30,120,220," if share >= 0 else "background:rgba(230,120,0,")


def test_colours_follow_the_sign_of_the_scores():
    asked = question()
    words = tuple(word.text for word in candidate_words(asked.render(), asked.labels))
    scores = tuple(1.0 if word == "rubs" else -1.0 if word == "warm" else 0.0 for word in words)
    drawn = coloured_question(asked, ScoredWords("q", "x", words, scores), 1)
    shades = {drawn.plain[span.start : span.end]: str(span.style) for span in drawn.spans if "rgb" in str(span.style)}
    assert shades == {"rubs": terminal_style(1.0), "warm": terminal_style(-1.0)}
    assert [drawn.plain[span.start : span.end] for span in drawn.spans if "underline" in str(span.style)] == ["rubs"]


@given(st.text(), st.integers(1, 30))
def test_shortened_text_fits_and_begins_like_the_whole(text: str, limit: int):
    short = shortened(text, limit)
    assert len(short) <= limit and (short == text or short.endswith("…") and text.startswith(short[:-1]))
    assert len(text) > limit or short == text


def test_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "new" / "a.txt"
    write_whole(file, "é\n")
    assert file.read_bytes() == "é\n".encode()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RunError, match="a.txt .*No space left on device.*"):
        write_whole(file, "other")
    assert file.read_bytes() == "é\n".encode()


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


def test_plain_progress_says_how_long_the_rest_will_take(monkeypatch: pytest.MonkeyPatch):
    clock = iter([0.0, 5.0, 10.0, 20.0, 21.0, 30.0, 40.0])
    monkeypatch.setattr("selfamplify.report.progress.monotonic", lambda: next(clock))
    console = Console(file=io.StringIO(), width=80)
    with terminal_progress(console) as report:
        for done in (40, 41, 50, 60, 100):  # 40 are from an earlier run, and took no time; one more tells nothing yet
            report("answering", done, 100)
        for done in (1, 51):  # other work of the same name
            report("answering", done, 100)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "answering: 40/100",
        "answering: 41/100",
        "answering: 50/100, about 50 seconds left",
        "answering: 60/100, about 40 seconds left",
        "answering: 100/100",
        "answering: 1/100",
        "answering: 51/100, about 9.8 seconds left",
    ]
