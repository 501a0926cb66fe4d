"""Files for other programs: read back by these programs, or by their rules; hostile texts stay text."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet
import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from small import Run, scripted, talker, task

from selfamplify import DataError, Plan, RunError, SettingsError, Table, compare, evaluate, write_files
from selfamplify.prompting.prompt import Prompt
from selfamplify.report.files.answers import COLUMNS
from selfamplify.report.files.comma_separated import comma_separated
from selfamplify.report.files.figure import svg
from selfamplify.report.files.latex import escaped as latex_escaped
from selfamplify.report.files.latex import latex
from selfamplify.report.files.markdown import escaped as markdown_escaped
from selfamplify.report.files.markdown import markdown
from selfamplify.report.files.parquet import parquet
from selfamplify.report.files.writing import OF_ANSWERS, OF_TABLE
from selfamplify.report.printed import PrintedTable, printed_table
from selfamplify.runs.cell import Cell
from selfamplify.runs.responses import Line, load_responses
from selfamplify.runs.table import Row
from selfamplify.text.lines import one_line
from selfamplify.text.printable import printable

ENDINGS = {"latex": "tex", "markdown": "md", "svg": "svg", "pdf": "pdf", "csv": "csv", "parquet": "parquet"}
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison over two seeds, by two selections."""
    folder = tmp_path_factory.mktemp("run")
    compare(scripted(talker), task(), Plan(("random", "auto_cot"), ("success", "random"), seeds=(0, 1), shots=2), folder)
    return folder


def hostile_table(text: str) -> PrintedTable:
    """A table with a text wherever one may be."""
    row = Row(text, text, text, 6, text, text, 0, 8, 2, 1, 0.5, 0.1, 0.9, None, 0.0, 1.0)
    return printed_table(Table((row, replace(row, explainer=f"b{text}", accuracy=0.6)), failed={text: text}))


def line(text: str) -> Line:
    return Line(
        Cell("io", "error", 6, 0), text, text, "A", "A", "stated", True, text, (-1.5, -0.5), {"A": text}, ("A", None), 1
    )


@pytest.mark.long
def test_every_kind_is_written_whole(finished: Path, tmp_path: Path):
    files = {kind: tmp_path / "deep" / f"x.{ending}" for kind, ending in ENDINGS.items()}
    assert set(files) == {*OF_TABLE, *OF_ANSWERS}
    assert write_files(finished, files) == list(files.values())
    assert sorted(file.name for file in (tmp_path / "deep").iterdir()) == sorted(file.name for file in files.values())
    assert files["pdf"].read_bytes().startswith(b"%PDF") and b"%%EOF" in files["pdf"].read_bytes()[-10:]
    before = {kind: file.read_bytes() for kind, file in files.items()}
    write_files(finished, files)
    assert before == {kind: file.read_bytes() for kind, file in files.items()}, "the same run gives the same files"


def test_the_table_is_that_of_the_run(finished: Path):
    table = Table.load(finished)
    printed = printed_table(table)
    assert len(printed.lines) == len(table.means) and {len(own.cells) for own in printed.lines} == {len(printed.heads)}
    for own, mean in zip(printed.lines, table.means, strict=True):
        assert mean.sd is not None
        assert own.cells[printed.accuracy] == f"{100 * mean.mean:.1f} ± {100 * mean.sd:.1f}"
        best = max(other.mean for other in table.means if other.selection == mean.selection)
        assert own.best == (mean.mean == best)
    tested = {(each.selection, each.first): each.difference for each in table.against()}
    for own in printed.lines:
        found = tested.get((own.selection, own.method))
        assert (own.cells[-2] == "") == (found is None)
        if found:
            assert own.cells[-2].startswith(f"{100 * found.estimate:+.1f} (".replace("-", "−"))
    assert set(table.conclusions()) <= set(printed.notes)
    other = printed_table(table, "random")
    assert "Gain over random (95 % CI)" in other.heads and not any(
        own.cells[-2] for own in other.lines if own.method == "random"
    )


def test_csv_and_parquet_hold_every_answer(finished: Path, tmp_path: Path):
    write_files(finished, {"csv": tmp_path / "a.csv", "parquet": tmp_path / "a.parquet"})
    lines = load_responses(finished)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_bytes().decode(), newline="")))
    table = pyarrow.parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert len(rows) == len(table) == len(lines) and list(rows[0]) == list(table[0]) == list(COLUMNS)
    for own, row, record in zip(lines, rows, table, strict=True):
        assert (row["method"], row["seed"]) == (own.cell.method, str(own.cell.seed))
        assert (row["text"], row["label"]) == (own.text, own.label or "")
        assert (record["correct"], record["label"], record["text"]) == (own.correct, own.label, own.text)


@given(TEXTS)
def test_no_cell_of_a_csv_is_a_formula(text: str):
    [row] = list(csv.DictReader(io.StringIO(comma_separated([line(text)]).decode(), newline="")))
    for value in row.values():
        assert not value.lstrip(" ").startswith(FORMULA)
    assert row["text"] == (f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text)
    assert json.loads(row["log_probabilities"]) == [-1.5, -0.5] and json.loads(row["votes"]) == ["A", None]


@given(TEXTS)
def test_parquet_holds_texts_as_they_are(text: str):
    [row] = pyarrow.parquet.read_table(io.BytesIO(parquet([line(text)]))).to_pylist()
    assert row["text"] == row["question"] == row["called"] == text and row["votes"] == ["A", None]


@given(TEXTS)
def test_latex_has_the_same_structure_for_any_text(text: str):
    written = latex(hostile_table(text))
    body = "\n".join(own for own in written.splitlines() if not own.startswith("%"))
    assert re.findall(r"\\(begin|end)\{(\w+)\}", body) == [
        ("begin", "table"),
        ("begin", "tabular"),
        ("end", "tabular"),
        ("end", "table"),
    ]
    rules = [own for own in body.splitlines() if own.startswith(("\\toprule", "\\midrule", "\\bottomrule"))]
    assert rules[0] == "\\toprule" and rules[-1] == "\\bottomrule" and set(rules[1:-1]) == {"\\midrule"}
    rows = body.partition("\\toprule\n")[2].partition("\\bottomrule")[0].splitlines()
    assert all(own.endswith(" \\\\") and len(re.findall(r"(?<!\\)&", own)) == 4 for own in rows if own != "\\midrule")
    assert body.count("\\textbf{") == 1
    plain = re.sub(r"\\text\w+\{\}|\\[{}$&#%_]|\$\\?\w*-?\$|\{[-\[\]]\}", "", latex_escaped(text))
    assert not set(plain) & set("\\{}$&#%_^~")


def test_latex_compiles(tmp_path: Path, finished: Path):
    if shutil.which("pdflatex") is None or not shutil.which("kpsewhich"):
        pytest.skip("pdflatex is not installed: apt install texlive-latex-recommended")
    if not subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True).stdout:
        pytest.skip("booktabs is not installed: apt install texlive-latex-recommended")
    texts = [text[:60] for text in HOSTILE if all(ord(each) < 256 for each in printable(text).replace("\ufffd", "?"))]
    assert len(texts) > 40
    (tmp_path / "real.tex").write_text(latex(printed_table(Table.load(finished))), encoding="utf-8")
    (tmp_path / "hostile.tex").write_text(
        "".join(latex(hostile_table(text)) + "\\clearpage\n" for text in texts), encoding="utf-8"
    )
    packages = "\\usepackage[T1]{fontenc}\\usepackage{textcomp}\\usepackage{booktabs}"
    document = (
        f"\\documentclass{{article}}{packages}\\begin{{document}}\\input{{real}}\\clearpage\\input{{hostile}}\\end{{document}}"
    )
    (tmp_path / "all.tex").write_text(document)
    command = ["pdflatex", "-no-shell-escape", "-draftmode", "-halt-on-error", "-interaction=nonstopmode", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-1500:]
    assert "Misplaced" not in done.stdout.decode(errors="replace")


@given(TEXTS)
def test_markdown_has_the_same_structure_for_any_text(text: str):
    written = markdown(hostile_table(text))
    table = [own for own in written.split("\n") if own.startswith("| ")]
    assert len(table) == 4 and all(len(re.findall(r"(?<!\\)\|", own.replace("\\\\", ""))) == 6 for own in table)
    shown = markdown_escaped(text)
    assert "\n" not in shown and not set("<>") & set(shown)
    unescaped = re.sub(r"\\(.)", r"\1", shown).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert unescaped == one_line(printable(text))
    assert not re.search(r"(?<!\\)[`*_\[\]|~$@]", shown.replace("\\\\", ""))


@pytest.mark.long
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_svg_is_well_formed_and_shows_texts_as_text(text: str):
    written = svg(hostile_table(text)).decode()
    tree = ElementTree.fromstring(written)
    tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert not tags & {"script", "a", "image", "foreignObject", "set", "animate"}
    assert not any(name.lower().startswith("on") for element in tree.iter() for name in element.attrib)
    shown = [element.text or "" for element in tree.iter() if element.tag.endswith("}text")]
    assert sum("Accuracy (%)" in each for each in shown) == 1
    wanted = one_line(printable(text))[:60]
    assert any(wanted in one_line(each) for each in shown)


def test_what_can_not_be_written_is_refused_before_anything_is(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out = tmp_path / "x.csv"
    for files, error, reason in (
        ({"csv": out, "latx": tmp_path / "x"}, SettingsError, "did you mean 'latex'"),
        ({"csv": out, "parquet": out}, SettingsError, "same name"),
        ({"csv": out, "latex": ""}, SettingsError, "is not a path"),
    ):
        with pytest.raises(error, match=reason):
            write_files(finished, files)
    with pytest.raises(SettingsError, match="not a method of this table"):
        write_files(finished, {"csv": out}, against="nonsense")
    with pytest.raises(DataError, match="selfamplify compare"):
        write_files(tmp_path, {"csv": out})
    with pytest.raises(RunError, match="Can't write"):
        write_files(finished, {"csv": finished / "results.json" / "x.csv"})
    with pytest.raises(RunError, match="it is a folder"):
        write_files(finished, {"csv": tmp_path})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SettingsError, match=r"pip install 'selfamplify\[files\]'"):
        write_files(finished, {"csv": out, "parquet": tmp_path / "x.parquet"})
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SettingsError, match="pip install"):
        write_files(finished, {"csv": out, "svg": tmp_path / "x.svg"})
    assert not list(tmp_path.iterdir())


def test_edited_results_are_not_written(finished: Path, tmp_path: Path):
    shutil.copytree(finished, tmp_path / "copy")
    file = tmp_path / "copy" / "results.json"
    file.write_text(file.read_text().replace('"accuracy": ', '"accuracy": 1', 1))
    with pytest.raises(DataError, match="edited"):
        write_files(tmp_path / "copy", {"latex": tmp_path / "x.tex"})


def test_data_frames_hold_rows_and_answers(finished: Path, monkeypatch: pytest.MonkeyPatch):
    table = Table.load(finished)
    frame = table.to_frame()
    assert list(frame["accuracy"]) == [row.accuracy for row in table.rows] and len(frame.columns) == 19
    prompt = Prompt.load(next((finished / "prompts").glob("random-*.json")))
    result = evaluate(scripted(talker), task(), prompt)
    answers = result.to_frame()
    assert sum(answers["correct"]) == result.correct and list(answers["question_id"]) == [each.id for each in result.questions]
    monkeypatch.setitem(sys.modules, "pandas", None)
    for record in (table, result):
        with pytest.raises(SettingsError, match=r"^A data frame needs pandas: run `pip install 'selfamplify\[files\]'`.$"):
            record.to_frame()


@pytest.mark.long
def test_files_are_written_without_torch(finished: Path, tmp_path: Path):
    kinds = ", ".join(f"{kind!r}: {str(tmp_path / kind)!r}" for kind in ENDINGS)
    code = f"import sys, selfamplify; selfamplify.write_files({str(finished)!r}, {{{kinds}}}); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.long
def test_the_command_line_writes_files_in_place_of_the_page(run: Run, finished: Path, tmp_path: Path):
    given = [word for kind, ending in ENDINGS.items() for word in (f"--{kind}", tmp_path / f"x.{ending}")]
    code, out, _ = run("report", finished, *given, "--against", "random")
    assert code == 0 and all(f"wrote {tmp_path / f'x.{ending}'}\n" in out for ending in ENDINGS.values())
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(f"x.{ending}" for ending in ENDINGS.values())
    assert "Gain over random" in (tmp_path / "x.tex").read_text()
    code, out, _ = run("report", finished, "--csv", tmp_path / "y.csv", "--out", tmp_path / "page.html")
    assert code == 0 and (tmp_path / "page.html").is_file() and (tmp_path / "y.csv").is_file()
    code, _, err = run("report", finished, "--latex", tmp_path / "z.tex", "--against", "nonsense")
    assert code == 2 and "not a method of this table" in err and not (tmp_path / "z.tex").exists()
