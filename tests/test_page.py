"""The page of a run folder: made without torch of every kind of folder, with the figures of its files, and no active text."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from pages import TEXTS, explained, hostile_run
from small import Run, number_of, question, right, scripted, talker, task

from benchmarks.large_run import many
from selfamplify import (
    Choice,
    Comparison,
    DataError,
    Faithfulness,
    Measures,
    Plan,
    Question,
    RunError,
    ScoredWords,
    SearchSpace,
    SelfAmplifyWarning,
    SettingsError,
    Shot,
    Table,
    Task,
    build,
    compare,
    evaluate,
    tune,
    write_report,
)
from selfamplify.evaluation.difference import Difference
from selfamplify.evaluation.figures import corrected, figure
from selfamplify.evaluation.pair import Pair
from selfamplify.page.answers import answers, embedded
from selfamplify.page.contents import read
from selfamplify.page.grids import balance_grid, right_grid, table_grid
from selfamplify.page.renewal import EVERY, Renewal
from selfamplify.page.said import _headline  # pyright: ignore[reportPrivateUsage]
from selfamplify.page.view import _points  # pyright: ignore[reportPrivateUsage]
from selfamplify.page.words import pieces, shade
from selfamplify.runs.begun import begun, command_line
from selfamplify.runs.responses import load_responses
from selfamplify.runs.table import UNFINISHED
from selfamplify.text.printable import printable

PLAN = Plan(("random", "auto_cot"), ("success", "random"), shots=2)
SPACE = SearchSpace(("random",), ("random",), (0, 1), shots=(2,), keywords=(2,), orders=("xry",))
VOID = {"meta", "input", "br", "link", "img"}


class Page(HTMLParser):
    """The elements of a page with their attributes, the text outside scripts and styles, and the text of each of those."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.raw: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("script", "style"):
            self.raw.setdefault(self._open[-1], []).append(data)
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def cells(self) -> set[str]:
        return set(self.texts)


def page(folder: Path) -> Page:
    return Page(write_report(folder).read_text())


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    compare(scripted(talker), task(), PLAN, folder)
    return folder


@pytest.fixture
def copied(compared: Path, tmp_path: Path) -> Path:
    """A copy of the folder, without its page."""
    return Path(shutil.copytree(compared, tmp_path / "copy", ignore=shutil.ignore_patterns("*.html")))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_run(tmp_path_factory.mktemp("hostile"))


@pytest.mark.long
def test_a_page_needs_neither_torch_nor_transformers(compared: Path, tmp_path: Path):
    code = (
        f"import sys, selfamplify; selfamplify.write_report({str(compared)!r}, {str(tmp_path / 'x.html')!r}); "
        "sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    assert (tmp_path / "x.html").read_text().startswith("<!doctype html>")


def test_an_unfinished_table_has_the_seconds_of_each_row(compared: Path):
    first, second = (
        replace(Table.load(compared).rows[0], seed=seed, seconds=seconds) for seed, seconds in ((0, 10.0), (1, 30.0))
    )
    unfinished = Table((first, second), (), (), {}, {}, "0")
    assert [line[-1] for line in table_grid(unfinished).lines] == ["10.0", "30.0"]
    assert [point.cost for point in _points(unfinished)] == [10.0, 30.0]
    finished = Table.load(compared)
    shown = Counter(row.seconds for rows in finished.rows_of_lines for row in rows)
    assert len(finished.rows_of_lines) == len(finished.lines) and shown == Counter(row.seconds for row in finished.rows)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["compared", "prompt", "tuned", "study"])
def test_a_run_is_shown_without_torch(kind: str, compared: Path, tmp_path: Path):
    model = scripted(talker)
    if kind == "prompt":
        build(model, task(), tmp_path, method="random", selection="random", shots=2, check=0)
    elif kind == "tuned":
        tune(scripted(right), task(60, 12), tmp_path, budget="calls=200", space=SPACE)
    elif kind == "study":
        study().save(tmp_path)
    folder = compared if kind == "compared" else tmp_path
    code = f"""import sys
sys.argv = ["selfamplify", "show", {str(folder)!r}]
from selfamplify.cli import main
try:
    main()
except SystemExit as end:
    sys.exit(end.code or bool({{"torch", "transformers"}} & set(sys.modules)))"""
    done = subprocess.run([sys.executable, "-c", code], timeout=120, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout, done.stderr


def test_a_page_has_the_figures_of_the_table(compared: Path):
    table, shown = Table.load(compared), page(compared)
    for mean in table.means:
        assert f"{100 * mean.mean:.1f}" in shown.cells and f"{100 * mean.low:.1f}–{100 * mean.high:.1f}" in shown.cells
    for each in table.against():
        assert f"{each.difference.p:.3f}" in shown.cells and f"{each.difference.p_holm:.3f}" in shown.cells
    assert all(line in shown.text for line in table.conclusions())
    assert all(
        row.answers.get(label, 0) == 0 or str(row.answers[label]) in shown.cells for row in table.rows for label in "ABC"
    )
    assert sum(tag == "svg" and attributes.get("role") == "img" for tag, attributes in shown.elements) == 2


@pytest.mark.long
def test_a_page_tests_against_the_row_that_the_comparison_named(copied: Path):
    table = Table.load(copied)
    (copied / "run.toml").write_text('[compare]\nagainst = "random"\n')
    shown = page(copied)
    assert "tested against random" in shown.text and "Gain over random (95 % CI)" in shown.cells
    assert {"won against random", "lost against random"} <= shown.cells
    assert all(line in shown.text for line in table.conclusions("random"))
    for each in table.against("random"):
        assert f"{each.difference.p:.3f}" in shown.cells and f"{each.difference.p_holm:.3f}" in shown.cells
    cells = json.loads(next(text for text in shown.raw["script"] if text.startswith("{")))["cells"]
    assert {cell["name"] for cell in cells if cell["base"]} == {"random"}
    own = Page(write_report(copied, copied / "own.html", against="io").read_text())
    assert "tested against io" in own.text and "Gain over IO (95 % CI)" in own.cells
    with pytest.raises(SettingsError, match="'lime' is not a method of this table"):
        write_report(copied, against="lime")


def test_a_page_of_a_run_that_goes_on_names_the_row_it_will_be_tested_against(copied: Path):
    table = Table.load(copied)
    replace(table, rows=table.rows[:2], means=(), comparisons=()).save(copied, UNFINISHED)
    (copied / "results.json").unlink()
    (copied / "run.toml").write_text('[compare]\nagainst = "random"\n')
    assert "methods are tested against random when all are" in page(copied).text
    (copied / "run.toml").write_text('[compare]\nagainst = "mine/prompt.json"\n')
    assert "methods are tested against io when all are" in page(copied).text
    replace(table, rows=table.rows[:2], means=(), comparisons=(), settings={"prompts": {"mine": "built"}}).save(
        copied, UNFINISHED
    )
    assert "methods are tested against mine when all are" in page(copied).text


def test_a_page_is_allowed_nothing_but_its_own_style_and_script(compared: Path):
    shown = page(compared)
    (policy,) = [own["content"] for tag, own in shown.elements if tag == "meta" and "http-equiv" in own]
    assert policy is not None
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'" and rules["base-uri"] == rules["form-action"] == "'none'"
    script = [text for text in shown.raw["script"] if not text.startswith("{")]
    for kind, texts in (("style-src", shown.raw["style"]), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256("".join(texts).encode()).digest()).decode()
        assert rules[kind] == f"'sha256-{digest}'"
    assert_inert(shown)


def assert_inert(shown: Page) -> None:
    """No element loads or runs anything, and no attribute holds style or script."""
    assert not {tag for tag, _ in shown.elements} & {
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "image",
        "base",
        "foreignobject",
    }
    assert [own.get("type") for tag, own in shown.elements if tag == "script"] == ["application/json", None]
    for tag, own in shown.elements:
        assert not any(name.startswith("on") or name in ("style", "src", "srcset", "action") for name in own), (tag, own)
        assert own.get("href", "#") is not None and str(own.get("href", "#")).startswith("#")


def test_every_answer_is_in_the_page(compared: Path):
    (data,) = [json.loads(text) for text in page(compared).raw["script"] if text.startswith("{")]
    lines = load_responses(compared)
    assert sum(answer is not None for each in data["questions"] for answer in each["answers"]) == len(lines)
    cells = [(each["name"], data["contexts"][each["context"]]) for each in data["cells"]]
    for line in lines:
        (own,) = [each for each in data["questions"] if each["id"] == line.question_id]
        label, right, _, rule, text = own["answers"][cells.index((line.cell.method, line.cell.selection))]
        assert (own["text"], own["answer"]) == (line.question, line.called(line.answer))
        assert (label, right, rule, text) == (line.label and line.called(line.label), line.correct, line.rule, line.text)


@pytest.mark.long
def test_hostile_texts_stay_text(hostile: Path):
    shown = page(hostile)
    assert_inert(shown)
    said = "".join(shown.texts)
    assert [text for text in TEXTS if printable(text) not in said] == []
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\ufeff]", write_report(hostile).read_text())


@given(st.sampled_from(HOSTILE) | st.text())
def test_embedded_json_can_not_end_its_element(text: str):
    data = [printable(text), {"x": printable(text)}]
    written = str(embedded(data))
    assert not {"<", ">", "&"} & set(written) and json.loads(written) == data


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7*7 }}", "\u202egnp.exe", "</details>"])
def test_hostile_rationales_stay_text(tmp_path: Path, text: str):
    explained(text).save(tmp_path)
    shown = page(tmp_path)
    assert "script" not in {tag for tag, _ in shown.elements}
    assert shown.text.count(printable(text)) >= 4


# --- every kind of folder ---


def test_a_built_and_an_evaluated_prompt_have_pages(tmp_path: Path):
    model = scripted(right)
    build(model, task(), tmp_path, method="random", selection="success", shots=3)
    shown = page(tmp_path)
    assert "A prompt of 3 shots by success for small" in shown.text and "has not been measured yet" in shown.text
    assert "Questions" not in shown.text and "table" not in {tag for tag, _ in shown.elements}, "what is missing is left out"
    evaluate(model, task(), tmp_path, io=True, out=tmp_path)
    shown = page(tmp_path)
    assert "6 test questions of small" in shown.text and "No difference between" in shown.text
    assert re.search(
        r"How many of 6 test questions .* correctly with random\?.* random answers \d of 6 correctly: ", shown.text, re.S
    )
    assert "The finished prompt" in shown.text and "was not measured" not in shown.text


def test_a_page_says_how_many_questions_with_each_label_are_answered_correctly(tmp_path: Path):
    """Of a model that never says the second label, of whose answers the page repeats the note."""
    texts = [Question(f"r{n}", f"Text #{n}#.", (Choice("A", "ham"), Choice("B", "spam")), "AAB"[n % 3]) for n in range(48)]
    corpus = Task("mails", tuple(texts[:12]), tuple(texts[12:]), {"A": "ham", "B": "spam"})
    model = scripted(lambda chat: "The answer is ham")
    build(model, corpus, tmp_path, method="random", selection="random", shots=3)
    with pytest.warns(SelfAmplifyWarning, match="36 of 36 answers") as noted:
        evaluate(model, corpus, tmp_path, io=False, out=tmp_path)
    shown = page(tmp_path)
    grid = right_grid(Table.load(tmp_path), load_responses(tmp_path))
    assert grid is not None and grid.heads == ("Method", "Shots by", "ham", "spam")
    assert grid.lines == (("random", "random", "24 of 24", "0 of 12"),) and {*grid.lines[0]} <= shown.cells
    (note,) = (str(each.message) for each in noted if "36 of 36 answers" in str(each.message))
    assert note.split(" answers of ")[0] in shown.text and "deciding by likelihood with batch calibration." in shown.text


def test_answers_of_more_labels_than_a_table_has_room_for_are_noted(tmp_path: Path):
    choices = tuple(Choice(letter, f"team {letter}") for letter in "ABCDEFGHIJKLM")
    texts = [Question(f"r{n}", f"Text #{n}#.", choices, choices[n % 13].label) for n in range(52)]
    corpus = Task("mails", tuple(texts[:26]), tuple(texts[26:]), {each.label: each.text for each in choices})
    model = scripted(lambda chat: "The answer is team C")
    build(model, corpus, tmp_path, method="random", selection="random", shots=3)
    with pytest.warns(SelfAmplifyWarning, match="26 of 26 answers"):
        evaluate(model, corpus, tmp_path, io=False, out=tmp_path)
    shown = page(tmp_path)
    assert "26 of 26 answers of random (random) are team C" in shown.text
    assert "How often each label is an answer" not in shown.text


def test_rows_have_names_of_their_own_in_every_table(tmp_path: Path):
    """Over two selections, two seeds and two numbers of keywords, whatever some rows draw themselves."""
    texts = [Question(f"r{n}", f"Some text #{n}#.", (Choice("A", "ham"), Choice("B", "spam")), "AB"[n % 2]) for n in range(60)]
    corpus = Task("mails", tuple(texts[:40]), tuple(texts[40:]), {"A": "ham", "B": "spam"})
    plan = Plan(
        methods=("random", "auto_cot_clustered"), selections=("success", "random"), shots=2, seeds=(0, 1), keywords=(2, 3)
    )
    model = scripted(lambda chat: f"So the answer is {'ham' if number_of(chat) % 3 else 'spam'}")
    table = compare(model, corpus, plan, tmp_path)
    right, balance = right_grid(table, load_responses(tmp_path)), balance_grid(table, load_responses(tmp_path))
    assert right is not None and balance is not None
    named = [line[:2] for line in right.lines]
    assert len(named) == len({*named}) == len(table.rows) and named == [line[:2] for line in balance.lines if line[:2] in named]
    counted = [sum(int(cell.split(" of ")[0]) for cell in line[2:]) for line in right.lines]
    assert counted == [row.correct for row in table.rows]


def test_letters_have_no_table_of_right_answers(compared: Path):
    assert right_grid(Table.load(compared), load_responses(compared)) is None


def test_a_race_has_a_page(tmp_path: Path):
    found = tune(scripted(right), task(60, 12), tmp_path, budget="calls=200", space=SPACE)
    shown = page(tmp_path)
    assert found.evidence.conclusion in shown.text and all(str(each.arm) in shown.cells for each in found.raced)


def study(names: tuple[str, ...] = ("deep_lift", "self_exp")) -> Faithfulness:
    figures = corrected([figure("flips", name, [Pair(float(place), 0.5 + place / 9) for place in (0, 1, 1)]) for name in names])
    measures = tuple(Measures(name, "scores", (own,), 0) for name, own in zip(names, figures, strict=True))
    return Faithfulness("small", "scripted", 3, 2, measures, notes=("A note.",), settings={"command": "faithfulness"})


def test_a_study_has_a_page(tmp_path: Path):
    found = study()
    found.save(tmp_path)
    shown = page(tmp_path)
    assert "Flips (higher is better)" in shown.text and "A note." in shown.text
    assert all(line in shown.text for line in found.conclusions())


class Stop(Exception):
    """Ends a run from within."""


def interrupted(folder: Path, after: str) -> Iterator[Path]:
    """Run the comparison until progress says ``after``; then yield the page as it is at that moment, and stop."""
    found: list[Path] = []

    def progress(what: str, done: int, total: int) -> None:
        if what.startswith(after) and done:
            found.append(write_report(folder, folder / "running.html"))
            raise Stop

    with pytest.raises(Stop):
        compare(scripted(talker), task(), PLAN, folder, progress=progress)
    yield from found


@pytest.mark.long
def test_a_running_and_an_interrupted_comparison_show_what_is_finished(tmp_path: Path):
    (running,) = interrupted(tmp_path, "answering with random (random")
    early = Page(running.read_text())
    assert "Running." in early.text and "Finished so far" in early.text
    done = [row.explainer or row.method for row in Table.load(tmp_path, UNFINISHED).rows]
    assert len(done) == 4 and f"{len(done)} rows finished so far" in early.text
    assert "p (Holm)" not in early.text, "no test before the end"
    stopped = page(tmp_path)
    assert "Interrupted." in stopped.text and "Running." not in stopped.text
    table = compare(scripted(talker), task(), PLAN, tmp_path)
    assert "Interrupted." not in page(tmp_path).text and not list(tmp_path.glob("unfinished*"))
    assert len(table.rows) == 6 and page(tmp_path).text.count("p (Holm)") == 1


def test_a_run_that_was_only_begun_says_so(tmp_path: Path):
    (running,) = interrupted(tmp_path, "asking")
    assert "selfamplify compare was begun with scripted on small" in Page(running.read_text()).text


def test_show_says_how_to_go_on_with_a_run_in_which_nothing_is_finished(tmp_path: Path, run: Run):
    list(interrupted(tmp_path, "asking"))
    code, _, err = run("show", tmp_path)
    assert code == 2 and "is finished yet; run the same command again" in err and f"selfamplify report {tmp_path}" in err
    (tmp_path / "empty").mkdir()
    assert "neither a prompt nor results" in run("show", tmp_path / "empty")[2]


def test_a_row_to_test_against_is_refused_where_there_is_no_table(tmp_path: Path, run: Run):
    build(scripted(talker), task(), tmp_path, method="io", shots=1, check=0)
    for line in (("show", tmp_path), ("show", tmp_path / "prompt.json"), ("report", tmp_path)):
        code, _, err = run(*line, "--against", "random")
        assert code == 2 and "--against random" in err and "leave it out" in err
    assert "--responses 3 is about a table of results" in run("show", tmp_path, "--responses", 3)[2]


def test_what_is_finished_early_is_the_same_as_at_the_end(tmp_path: Path, compared: Path):
    list(interrupted(tmp_path, "answering with random (random"))
    found = load_responses(tmp_path, "unfinished.jsonl")
    early = {line.cell for line in found}
    assert len(early) == 4 and found == [line for line in load_responses(compared) if line.cell in early]


@pytest.mark.parametrize("name", ["results.json", "responses.jsonl", "run.sqlite", "prompts/io-success-k6-seed0.json"])
def test_a_damaged_folder_is_an_error_of_one_line(copied: Path, run: Run, name: str):
    (copied / name).write_bytes(b"\x00 not ours {")
    code, out, err = run("report", copied)
    assert code == 2 and out == "" and err.startswith("error: ") and err.count("\n") == 1
    assert name.rpartition("/")[2] in err and "again" in err
    assert not (copied / "report.html").exists()


def test_a_foreign_folder_and_a_missing_one_are_errors(tmp_path: Path, run: Run):
    (tmp_path / "notes.txt").write_text("mine")
    for folder, what in ((tmp_path, "is not a run folder"), (tmp_path / "none", "does not exist")):
        code, _, err = run("report", folder)
        assert code == 2 and what in err and "name one that selfamplify build" in err and err.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.long
def test_a_page_goes_where_it_is_wanted_or_says_why_not(compared: Path, tmp_path: Path, run: Run):
    code, out, _ = run("report", compared, "--out", tmp_path / "deep" / "page.html")
    assert code == 0 and "page.html" in out and (tmp_path / "deep" / "page.html").is_file()
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Can't write"):
        write_report(compared, tmp_path / "file" / "page.html")
    for folder in (tmp_path, ""):
        code, _, err = run("report", compared, "--out", folder)
        assert code == 2 and "since it is a folder; name a file" in err.replace("\n", " "), err


def test_nothing_but_a_page_is_written_over(compared: Path, tmp_path: Path, run: Run):
    folder = tmp_path / "run"
    shutil.copytree(compared, folder)
    before = {file: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    for name in ("results.json", "run.sqlite"):
        with pytest.raises(RunError, match=f"{name} is not a page, and is not overwritten; name another file"):
            write_report(folder, folder / name)
        code, _, err = run("report", folder, "--csv", folder / name)
        assert code == 2 and "is a file of the run itself" in err
    assert before == {file: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    (tmp_path / "empty.html").touch()
    for _ in range(2):
        write_report(folder, tmp_path / "empty.html")
        assert run("report", folder, "--csv", tmp_path / "own.csv")[0] == 0


def test_a_folder_is_read_and_left_as_it_is(compared: Path):
    before = {
        file: file.stat().st_mtime_ns for file in compared.rglob("*") if file.name in ("run.sqlite", "results.json", ".lock")
    }
    assert read(compared).state == "finished" and not begun(compared).running
    assert before == {file: file.stat().st_mtime_ns for file in before}


# --- the command that made it ---


@pytest.mark.long
def test_the_command_line_is_shown(tmp_path: Path, run: Run):
    arguments = "--model embedded --task planted_arc --methods random --selections random --shots 2 --limit 2".split()
    code, _, err = run("compare", *arguments, "--out", tmp_path / "a b", "--report")
    assert code == 0, err
    shown = Page((tmp_path / "a b" / "report.html").read_text())
    assert f"selfamplify compare {' '.join(arguments)} --out '{tmp_path / 'a b'}' --report" in shown.text
    assert "Running." not in shown.text and "p (Holm)" in shown.text


def test_only_our_own_command_is_recorded(compared: Path):
    assert command_line(["/x/bin/selfamplify", "show", "a b"]) == "selfamplify show 'a b'"
    assert command_line(["/x/pytest", "tests"]) is None and command_line([]) is None
    assert begun(compared).commands == {} and "No command line is recorded" in page(compared).text


# --- renewal ---


@pytest.mark.long
def test_a_page_is_renewed_once_a_minute(copied: Path):
    now, reports, notes = [0.0], [], []
    renewal = Renewal(copied, notes.append, lambda: now[0])
    watched = renewal.watching(lambda *report: reports.append(report))
    written: list[float] = []
    for second in range(0, 200, 7):
        now[0] = float(second)
        watched("asking", second, 200)
        if (file := copied / "report.html").exists():
            written.append(second)
            file.unlink()
    assert len(reports) == 29 and notes == []
    assert len(written) == 3 and all(later - earlier >= EVERY for earlier, later in zip(written, written[1:], strict=False))


@pytest.mark.long
def test_a_page_that_can_not_be_written_is_noted_once_and_harms_nothing(tmp_path: Path):
    (tmp_path / "report.html").mkdir()
    (tmp_path / "report.html" / "in the way").write_text("")
    now, notes = [0.0], []
    renewal = Renewal(tmp_path, notes.append, lambda: now[0])

    def progress(what: str, done: int, total: int) -> None:
        now[0] += EVERY

    table = compare(scripted(talker), task(), PLAN, tmp_path, progress=renewal.watching(progress))
    renewal.now()
    assert len(table.rows) == 6 and len(notes) == 1 and "report.html" in notes[0]


# --- words ---


def test_the_pieces_of_a_question_are_its_text_with_the_scores_of_its_words():
    asked = question(3)
    words = tuple(re.findall(r"\w+", asked.text))[:4]
    explanation = ScoredWords(asked.id, "deep_lift", ("George", "rubs", "thing"), (0.5, -1.0, 0.01), "logit")
    found = pieces(Shot(asked, "B", "B", explanation), 2)
    assert "".join(piece.text for piece in found) == asked.render() and words[0] == "George"
    said = {piece.text: piece for piece in found if piece.said}
    assert said["George"].said == "score +0.5000 logit, keyword" and said["George"].chosen and said["George"].shade == "for3"
    assert said["rubs"].said == "score -1.0000 logit" and said["rubs"].shade == "against5"
    assert said["thing"].shade == "" and said["thing"].chosen


@given(st.floats(-1, 1))
def test_a_stronger_score_has_a_stronger_shade_of_its_own_side(share: float):
    found = shade(share)
    if abs(share) < 0.1:
        assert found == ""
    else:
        assert found.startswith("for" if share > 0 else "against") and 1 <= int(found[-1]) <= 5
        assert int(shade(share / 2)[-1:] or 0) <= int(found[-1])


def test_many_questions_are_one_file_of_bounded_size(tmp_path: Path):
    lines = load_responses(many(tmp_path, 50, 4))
    data = answers(lines, "io")
    assert len(data["questions"]) == 50 and len(data["cells"]) == 4 and data["contexts"] == ["error"]
    assert len(str(embedded(data))) < 2 * sum(len(line.text) + len(line.question) / 4 + 40 for line in lines)


def test_a_file_that_is_no_prompt_of_a_row_is_left_out(copied: Path):
    shutil.copy(copied / "prompts" / "io-success-k6-seed0.json", copied / "prompts" / "mine.json")
    assert page(copied).text.count("io, shots by success") == 1


def test_an_edited_race_is_refused(tmp_path: Path):
    tune(scripted(right), task(60, 12), tmp_path, budget="calls=200", space=SPACE)
    file = tmp_path / "tuning.json"
    file.write_text(file.read_text().replace('"correct": ', '"correct": 1', 1))
    with pytest.raises(DataError, match="edited"):
        write_report(tmp_path)


def test_an_edited_prompt_is_refused(copied: Path):
    file = copied / "prompts" / "io-success-k6-seed0.json"
    text = file.read_text()
    file.write_text(text.replace('"seed": 0', '"seed": 1'))
    with pytest.raises(DataError, match="edited, and not only in its texts"):
        write_report(copied)
    file.write_text(text.replace("George", "Georgia"))
    with pytest.warns(SelfAmplifyWarning, match="edited by hand"):
        write_report(copied)


def test_the_headline_names_the_largest_gain_or_else_the_largest_loss():
    def tests(**points: int) -> list[Comparison]:
        shown = Difference(3, 200, 0, 0, 0.0, -0.1, 0.1, 1e-6, 1e-6, len(points))
        return [Comparison("error", name, "io", replace(shown, estimate=each / 100)) for name, each in points.items()]

    mixed = _headline(tests(a=3, b=-10, c=5), "io")
    assert mixed.startswith(
        "Of 3 rows tested against io, 2 are better and 1 is worse; the largest gain: c is better than io by"
    )
    losses = _headline(tests(a=-3, b=-10), "io")
    assert losses.startswith("Of 2 rows tested against io, 2 are worse; the largest loss: b is worse than io by")
