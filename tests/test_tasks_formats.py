"""Kinds of files and what is recognised about them: encodings, separators, column names, quotes, JSON layouts, binary files."""

import codecs
import csv
import gzip
import importlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfamplify.errors import DataError, SettingsError
from selfamplify.tasks.gathering import both_files
from selfamplify.tasks.hub.sides import HubData, hub_rows
from selfamplify.tasks.rows.rows import SUFFIXES, FileFormat, Rows, is_file_name, read_rows

QUESTIONS = [{"question": f"Which is {n}?", "A": "x", "B": "y", "answer": "AB"[n % 2]} for n in range(6)]
HEADER = "question,A,B,answer\n"


def saved(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def values(found: Rows) -> list[dict[str, Any]]:
    assert [row.fault for row in found.rows if row.fault] == []
    return [dict(row.values) for row in found.rows]


def faults(found: Rows) -> dict[int, str]:
    return {row.line: row.fault for row in found.rows if row.fault}


# --- encodings ---


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("named", [None, "cp1252"])
def test_a_byte_order_mark_decides(tmp_path: Path, encoding: str, named: str | None):
    path = saved(tmp_path / "q.csv", HEADER + "Café?,x,y,A\n", encoding)
    found = read_rows(path, format=FileFormat(encoding=named))
    assert values(found)[0]["question"] == "Café?"
    assert len(found.notes) == (named is not None)


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Café?", "哪一种动物会游泳并且生活在南极洲？", "Кто?"])
def test_utf_16_without_a_mark_is_recognised(tmp_path: Path, order: str, text: str):
    found = read_rows(saved(tmp_path / "q.csv", HEADER + f"{text},x,y,A\n" * 3, order))
    assert values(found)[2]["question"] == text
    assert "UTF-16" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("What’s dearer, a café?", "cp1252"),
        ("Größe der Straße?", "cp1252"),
        ("créée à Nîmes", "cp1252"),
        ("Какое животное умеет плавать и живёт в Антарктиде?", "cp1251"),
        ("哪一种动物会游泳并且生活在南极洲？我们都知道这个问题的答案。", "gb18030"),
        ("日本で一番高い山はどれですか。それは富士山です。", "cp932"),
    ],
)
def test_another_encoding_is_refused_once_with_a_guess(tmp_path: Path, text: str, encoding: str):
    path = saved(tmp_path / "q.csv", HEADER + f'"{text}",x,y,A\n' * 5, encoding)
    with pytest.raises(DataError, match=r"q.csv is not UTF-8 \(line 2\); it looks like .*`encoding=") as caught:
        read_rows(path)
    guess = str(caught.value).split('`encoding="')[1].split('"')[0]
    assert values(read_rows(path, format=FileFormat(encoding=guess)))[0]["question"] == text
    assert guess == encoding or encoding != "cp1252"


def test_a_wrong_encoding_is_refused(tmp_path: Path):
    path = saved(tmp_path / "q.csv", HEADER + "Café?,x,y,A\n", "cp1252")
    with pytest.raises(DataError, match=r"q.csv is not encoded in ascii \(line 2\); use another `encoding`"):
        read_rows(path, format=FileFormat(encoding="ascii"))
    with pytest.raises(SettingsError, match="no encoding 'utf-9'; use `encoding="):
        FileFormat(encoding="utf-9")
    with pytest.raises(SettingsError, match='one character .*`separator="::"`; use `separator=";"`'):
        FileFormat(separator="::")


def test_compressed_files_are_read_whatever_their_name_says(tmp_path: Path):
    content = (HEADER + "Who?,x,y,A\n").encode()
    for name in ("q.csv.gz", "q.csv"):
        found = read_rows(saved(tmp_path / name, gzip.compress(content)))
        assert (found.rows[0].name, found.rows[0].place) == ("q-2", f"{tmp_path / name}:2")
    assert values(read_rows(saved(tmp_path / "q.csv.gz", content)))
    with pytest.raises(DataError, match="damaged gzip file .*compress it again"):
        read_rows(saved(tmp_path / "q.csv.gz", gzip.compress(content)[:-9]))


# --- delimited text ---


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".tab", ".txt"])
def test_separators_are_recognised_and_noted_unless_usual(tmp_path: Path, separator: str, suffix: str):
    rows = [
        ["question", "A", "B", "answer"],
        *([f"Was wiegt mehr, {n} oder Feder?", "Stein, grau", "Feder", "A"] for n in range(5)),
    ]
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    found = read_rows(saved(tmp_path / f"q{suffix}", text.getvalue()))
    assert [list(row.values()) for row in values(found)] == rows[1:]
    usual = {".csv": ",", ".tsv": "\t", ".tab": "\t"}.get(suffix)
    assert len(found.notes) == (separator != usual)
    assert all("is separated by" in note and "`separator=" in note for note in found.notes)


def test_excels_first_line_and_the_user_decide_on_the_separator(tmp_path: Path):
    path = saved(tmp_path / "q.csv", "sep=;\nquestion;answer\na,b,c;x\n")
    assert (values(read_rows(path)), read_rows(path).rows[0].line) == ([{"question": "a,b,c", "answer": "x"}], 3)
    path = saved(tmp_path / "q.txt", "question#answer\na,b#x\n")
    assert values(read_rows(path, format=FileFormat(separator="#"))) == [{"question": "a,b", "answer": "x"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_empty_lines_and_empty_cells_at_the_end(tmp_path: Path, end: str):
    lines = [",question ,\ufeffanswer,,", "0,a,x,,", "", ",,,,", '1,"b\n\nc",y', "2,c,z,,,,", "3,d,x,,5"]
    found = read_rows(saved(tmp_path / "q.csv", end.join(lines).replace("\n\n", end + end) + end))
    assert [row.line for row in found.rows] == [2, 5, 8, 9]
    assert dict(found.rows[1].values) == {"": "1", "question": f"b{end}{end}c", "answer": "y"}
    assert dict(found.rows[2].values) == {"": "2", "question": "c", "answer": "z"}
    assert faults(found) == {9: "5 cells for 3 columns; quote cells that contain the separator"}


def test_long_cells_and_nul_characters_are_read(tmp_path: Path):
    limit = csv.field_size_limit()
    found = read_rows(saved(tmp_path / "q.csv", f"question,answer\n{'a' * 200_000},x\na\0b,y\n"))
    assert [len(row["question"]) for row in values(found)] == [200_000, 3]
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("closed", ["", '\nz,"closed, here",x,y,A'])
def test_a_stray_quote_costs_only_its_row(tmp_path: Path, closed: str):
    lines = ["id,question,A,B,answer", *(f"{n},Which is {n}?,x,y,A" for n in range(499))]
    lines[3] = '2,"Which is 2?,x,y,A'
    found = read_rows(saved(tmp_path / "q.csv", "\n".join(lines) + closed))
    assert len(found.rows) == 499 + bool(closed)
    last, how = (501, "closed at line 501 only") if closed else (500, "never closed")
    assert faults(found) == {4: f"a quote opened at line 4 is {how}; lines 5 to {last} are read separately"}


def test_stray_quotes_on_every_line_take_linear_time(tmp_path: Path):
    found = read_rows(saved(tmp_path / "q.csv", "a,b\n" + 'x","""\n' * 20_000))
    assert 0 < len(found.rows) == len(faults(found)) < 100
    assert faults(found)[2].endswith("lines 3 to 20001 are read separately")
    assert list(faults(found).values())[-1].endswith("to 20001 are lost")


def test_two_stray_quotes_that_pair_up_are_found(tmp_path: Path):
    lines = ["question,A,answer", *(f"Which is {n}?,x,A" for n in range(20))]
    lines[3], lines[11] = 'Which,"x,A', 'Which,x",A'
    found = read_rows(saved(tmp_path / "q.csv", "\n".join(lines)))
    assert len(found.rows) == 20
    assert list(faults(found)) == [4, 12]


def test_passages_of_several_lines_are_cells(tmp_path: Path):
    passage = 'He came,\n"Hello, you, there", he said\nthen, at last, left\n\nThe end, more or less, came'
    rows = [["question", "passage", "answer"], *([f"q{n}?", passage, "A"] for n in range(5)), ["short", passage]]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    found = read_rows(saved(tmp_path / "q.csv", text.getvalue()))
    assert [row.line for row in found.rows] == [2, 7, 12, 17, 22, 27]
    assert all(row.values["passage"] == passage for row in found.rows[:5])
    assert list(faults(found)) == [27]


def test_quotes_escaped_by_backslashes(tmp_path: Path):
    lines = [rf'"He said \"hi, {n}\" at C:\new",x' for n in range(4)]
    found = read_rows(saved(tmp_path / "q.csv", "\n".join(["question,answer", *lines])))
    assert values(found)[1]["question"] == r'He said "hi, 1" at C:\new'
    assert "Backslashes" in found.notes[0]


def test_quotes_as_ordinary_characters_in_tsv_files(tmp_path: Path):
    text = 'sentence\tlabel\n"good" he said\t1\n"so bad\t0\nan "ok" film\t1\n'
    found = read_rows(saved(tmp_path / "q.tsv", text))
    assert [row["sentence"] for row in values(found)] == ['"good" he said', '"so bad', 'an "ok" film']
    assert "ordinary characters" in found.notes[0]


# --- names of columns ---


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "A?,B,A,answer\n" * 3,
        "headline,verdict\na,b\nc,d\n",
        ",0,1,2\n0,Who?,x,y\n1,What?,x,y\n",
        "Sentence,Label\nSentence?,1\nx,0\n",
        "Timestamp,Is this a good film?\n1,yes\n2,no\n",
        "country,2019,2020\nFrance,1,2\nSpain,2,3\n",
        "x,verdict\na,b\nx,verdict\nc,d\n",
    ],
)
def test_names_of_columns_are_kept(tmp_path: Path, text: str):
    found = read_rows(saved(tmp_path / "q.csv", text))
    assert found.named and found.notes == ()
    assert list(found.rows[0].values) == text.partition("\n")[0].split(",")


@pytest.mark.parametrize(
    "lines",
    [
        ["Which metal rusts?,gold,iron,B", "Which barks?,dog,cat,A", "Which is red?,sky,rose,B"],
        ["A good film,1", "A bad film,0", "A long film,1"],
        ["fine,positive", "awful,negative", "great,positive", "dull,negative"],
        ["x" * 90 + ",one", "y,two"],
    ],
)
def test_a_first_line_of_data_is_noted_and_read(tmp_path: Path, lines: list[str]):
    path = saved(tmp_path / "q.csv", "\n".join(lines))
    found = read_rows(path)
    assert [list(row.values()) for row in values(found)] == [line.split(",") for line in lines]
    assert list(found.rows[0].values) == [str(number) for number in range(1, len(lines[0].split(",")) + 1)]
    assert not found.named and "looks like data" in found.notes[-1] and "`header=True`" in found.notes[-1]
    assert len(read_rows(path, format=FileFormat(header=True)).rows) == len(lines) - 1
    again = read_rows(path, format=FileFormat(header=False))
    assert (again.rows, again.notes, again.named) == (found.rows, (), False)


def test_names_that_are_repeated_are_a_bad_row(tmp_path: Path):
    found = read_rows(saved(tmp_path / "q.csv", "text,label\na,x\ntext,label\nb,y\n"))
    assert faults(found) == {3: "the names of the columns again; remove this line"}


# --- JSON ---

LAYOUTS: dict[str, object] = {
    "list": QUESTIONS,
    "examples": {"examples": QUESTIONS, "name": "quiz"},
    "results": {"response_code": 0, "results": QUESTIONS},
    "other key": {"quiz_items": QUESTIONS},
    "nested": {"quiz": {"title": "x", "questions": QUESTIONS}},
    "games": [{"questions": QUESTIONS[:2]}, {"questions": QUESTIONS[2:]}],
    "games by name": {"one": {"questions": QUESTIONS[:2]}, "two": {"questions": QUESTIONS[2:]}},
    "columns": {name: [row[name] for row in QUESTIONS] for name in QUESTIONS[0]},
    "columns by row": {name: {str(n): row[name] for n, row in enumerate(QUESTIONS)} for name in QUESTIONS[0]},
    "split": {"columns": list(QUESTIONS[0]), "index": list(range(6)), "data": [list(row.values()) for row in QUESTIONS]},
    "lists": [list(QUESTIONS[0]), *(list(row.values()) for row in QUESTIONS)],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
@pytest.mark.parametrize("indent", [None, 1])
def test_layouts_of_json_documents(tmp_path: Path, layout: str, suffix: str, indent: int | None):
    if suffix == ".jsonl" and indent is None and layout not in ("list", "examples", "results", "games", "lists"):
        return  # a line of JSON lines
    found = read_rows(saved(tmp_path / f"q{suffix}", json.dumps(LAYOUTS[layout], indent=indent)))
    assert [{name: row[name] for name in QUESTIONS[0]} for row in values(found)] == QUESTIONS
    assert [row.line for row in found.rows] == list(range(1, 7))
    assert bool(found.notes) == (layout in ("other key", "nested", "games", "games by name"))


def test_rows_by_key_keep_their_keys_as_ids(tmp_path: Path):
    rows = {f"q{n}": row for n, row in enumerate(QUESTIONS)}
    assert values(read_rows(saved(tmp_path / "q.json", json.dumps(rows)))) == [{"id": name} | row for name, row in rows.items()]
    own = {"0": {"question": "a", "ID": "x"}, "1": {"question": "b", "ID": "y"}}
    assert values(read_rows(saved(tmp_path / "q.json", json.dumps(own)))) == list(own.values())


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".ndjson"])
def test_json_lines_under_any_name(tmp_path: Path, suffix: str):
    lines = [*map(json.dumps, QUESTIONS), '{"question": NaN}', '{"a": 1, "a": 2}', "{"]
    found = read_rows(saved(tmp_path / f"q{suffix}", "\n".join(lines)))
    assert [dict(row.values) for row in found.rows][:7] == [*QUESTIONS, {"question": None}]
    assert list(faults(found)) == [8, 9] and "same key twice" in faults(found)[8]
    assert found.rows[0].place == f"{tmp_path / f'q{suffix}'}:1"


@pytest.mark.parametrize("suffix", [".txt", ".csv", ".tsv"])
@pytest.mark.parametrize("lines", [True, False])
def test_json_under_the_name_of_a_table_is_read_and_noted(tmp_path: Path, suffix: str, lines: bool):
    text = "\n".join(map(json.dumps, QUESTIONS)) if lines else json.dumps(QUESTIONS, indent=1)
    found = read_rows(saved(tmp_path / f"q{suffix}", text))
    assert values(found) == QUESTIONS
    assert found.notes == (f"q{suffix} holds JSON and is read as such.",)


CATEGORIES: dict[str, object] = {
    "lists": {"land": QUESTIONS[:2], "sea": QUESTIONS[2:]},
    "under a key": {"version": "1.0", "topics": {"land": QUESTIONS[:2], "sea": QUESTIONS[2:]}},
    "two levels": {"land": {"easy": QUESTIONS[:2], "hard": QUESTIONS[2:3]}, "sea": {"easy": QUESTIONS[3:]}},
    "beside other lists": {"topics": ["land", {"sea": ["deep"]}], "entries_of_quiz": QUESTIONS},
}


@pytest.mark.parametrize("layout", CATEGORIES)
def test_questions_by_category_are_joined_and_noted(tmp_path: Path, layout: str):
    found = read_rows(saved(tmp_path / "q.json", json.dumps(CATEGORIES[layout])))
    assert values(found) == QUESTIONS
    assert "are taken from" in found.notes[0]


def test_choices_by_question_are_no_questions_by_category(tmp_path: Path):
    choices = [{"text": "cat", "correct": False}, {"text": "dog", "correct": True}]
    with pytest.raises(DataError, match="several lists"):
        read_rows(saved(tmp_path / "q.json", json.dumps({"Who barks?": choices, "Who bites?": choices})))
    by_id = {f"q{n}": {"question": f"Who {n}?", "answers": choices} for n in range(3)}
    assert [row["question"] for row in values(read_rows(saved(tmp_path / "q.json", json.dumps(by_id))))] == [
        "Who 0?",
        "Who 1?",
        "Who 2?",
    ]


def test_sides_in_one_file_are_refused(tmp_path: Path):
    pairs = {"train": [["Hoof?", "horse"], ["Fin?", "carp"]], "test": [["Wing?", "owl"]]}
    with pytest.raises(DataError, match="several lists, 'train', 'test'; save each"):
        read_rows(saved(tmp_path / "q.json", json.dumps(pairs)))


def test_what_a_game_says_about_its_questions_is_kept(tmp_path: Path):
    passage = ["A: It rains.", "B: It does."]
    games = [{"id": "g1", "passage": passage, "level": 2, "questions": [{"question": "Wet?", "answer": "A"}]}]
    found = read_rows(saved(tmp_path / "q.json", json.dumps(games)))
    assert values(found) == [{"passage": passage, "question": "Wet?", "answer": "A"}]


# --- binary files ---


def test_class_labels_become_their_names(tmp_path: Path):
    datasets = pytest.importorskip("datasets", reason="the extra `hub` is not installed")
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["bad", "good"]),
            "all": datasets.Sequence(datasets.ClassLabel(names=["x", "y"])),
        }
    )
    table = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1], "all": [[0, 1], [], [1]]}, features)
    table.to_parquet(str(tmp_path / "q.parquet"))
    table.save_to_disk(str(tmp_path / "folder"))
    [stream] = (tmp_path / "folder").glob("*.arrow")
    for path in (tmp_path / "q.parquet", stream):
        found = read_rows(path)
        assert [(row["label"], row["all"]) for row in values(found)] == [("good", ["x", "y"]), ("bad", []), (None, ["y"])]
        assert found.rows[2].place == f"{path}: row 3"


def test_class_labels_of_the_hub_become_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    datasets = pytest.importorskip("datasets", reason="the extra `hub` is not installed")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])})
    datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, -1]}, features).to_parquet(str(tmp_path / "train.parquet"))
    rows = hub_rows(HubData(str(tmp_path)))
    assert [(dict(row.values), row.line) for row in rows] == [
        ({"text": "a", "label": "good"}, 1),
        ({"text": "b", "label": None}, 2),
    ]


def test_two_files_both_have_names_of_columns_or_neither(tmp_path: Path):
    train = saved(tmp_path / "train.csv", HEADER + "Which is it?,x,y,A\n")
    test = saved(tmp_path / "test.csv", "Who is it?,x,y,A\nWhat is it?,x,y,B\n")
    with pytest.raises(DataError, match="train.csv was read with column names and .*test.csv without; .*`header=True`"):
        both_files(train, test)
    found = both_files(test, test, FileFormat(header=False))
    assert (len(found.rows), found.named, [row.held_out for row in found.rows]) == (4, False, [False, False, True, True])


def test_values_of_parquet_files_are_plain(tmp_path: Path):
    pandas = pytest.importorskip("pandas", reason="the extra `hub` is not installed")
    frame = pandas.DataFrame(
        {"x": [1.5, float("nan")], "when": pandas.to_datetime(["2020-01-02", None]), "list": [["a"], ["b", "c"]]}
    )
    frame.to_parquet(tmp_path / "q.parquet")
    frame.to_feather(tmp_path / "q.feather")
    for name in ("q.parquet", "q.feather"):
        assert values(read_rows(tmp_path / name)) == [
            {"x": 1.5, "when": "2020-01-02T00:00:00", "list": ["a"]},
            {"x": None, "when": None, "list": ["b", "c"]},
        ]


def test_excel_files_are_read_from_their_first_sheet_with_rows(tmp_path: Path):
    openpyxl = pytest.importorskip("openpyxl", reason="the extra `excel` is not installed")
    book = openpyxl.Workbook()
    book.create_sheet("Quiz")
    for row in (["question", "A", "B", "answer"], ["Who?", 1, 2.5, "A"], [], ["What?", True, None, "#N/A"]):
        book["Quiz"].append(row)
    book.create_sheet("Notes").append(["x"])
    book.save(tmp_path / "q.xlsx")
    found = read_rows(tmp_path / "q.xlsx")
    assert dict(found.rows[0].values) == {"question": "Who?", "A": 1, "B": 2.5, "answer": "A"}
    assert [row.line for row in found.rows] == [2, 4]
    assert "#N/A" in faults(found)[4]
    assert found.notes[0].startswith("Only the sheet 'Quiz'") and "not 'Notes'" in found.notes[0]


@pytest.mark.parametrize(("package", "name", "extra"), [("pyarrow", "q.parquet", "hub"), ("openpyxl", "q.xlsx", "excel")])
def test_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, name: str, extra: str):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DataError, match=rf"needs the {package} library: run `pip install 'selfamplify\[{extra}\]'`"):
        read_rows(saved(tmp_path / name, "x"))


def test_names_of_files():
    assert all(map(is_file_name, ("a.csv", "a.CSV.GZ", "b.xlsx", "a.b.jsonl.gz")))
    assert not any(map(is_file_name, ("csv", "a.xls", "snarks", "a.gz")))
    assert {".csv", ".csv.gz", ".parquet", ".arrow", ".feather", ".ndjson", ".tab"} < set(SUFFIXES)


def test_folders_and_missing_files_are_refused(tmp_path: Path):
    (tmp_path / "q.csv").mkdir()
    with pytest.raises(DataError, match="q.csv is a folder; use a file in it"):
        read_rows(tmp_path / "q.csv")
    with pytest.raises(DataError, match="There is no file .*; check the path"):
        read_rows(tmp_path / "r.csv")


# --- properties ---

CELL = st.text(
    st.one_of(st.sampled_from(",;\t|\"\n' é€“ab?"), st.characters(codec="cp1252", exclude_characters="\r\0")), max_size=20
)
TABLE = st.lists(st.tuples(CELL.map("q{}".format), CELL, CELL, st.sampled_from("ABCD")), min_size=1, max_size=8)
NAMES = ("question", "option A", "option B", "answer")
COMMON = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@COMMON
@given(
    TABLE,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_any_table_is_read_back_from_delimited_text(
    tmp_path: Path, table: list[tuple[str, ...]], separator: str, quoting: Any, encoding: str, end: str, packed: bool
):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=end).writerows([NAMES, *table])
    data = text.getvalue().encode(encoding)
    path = saved(tmp_path / ("q.csv.gz" if packed else "q.csv"), gzip.compress(data) if packed else data)
    format = FileFormat("cp1252" if encoding == "cp1252" and not data.startswith(codecs.BOM_UTF8) else None)
    assert [tuple(row.values()) for row in values(read_rows(path, format=format))] == table


@COMMON
@given(TABLE.filter(lambda table: len(table) > 1), st.booleans())
def test_any_table_is_read_back_from_json_and_columns(tmp_path: Path, table: list[tuple[str, ...]], ascii_only: bool):
    rows = [dict(zip(NAMES, cells, strict=True)) for cells in table]
    columns = {name: [row[name] for row in rows] for name in NAMES}
    for document in (rows, {"data": rows}, columns, {name: dict(enumerate(cells)) for name, cells in columns.items()}):
        path = saved(tmp_path / "q.json", json.dumps(document, ensure_ascii=ascii_only))
        assert values(read_rows(path)) == rows
    path = saved(tmp_path / "q.jsonl", "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows))
    assert values(read_rows(path)) == rows
    pyarrow = pytest.importorskip("pyarrow", reason="the extra `hub` is not installed")
    importlib.import_module("pyarrow.parquet").write_table(pyarrow.table(columns), tmp_path / "q.parquet")
    importlib.import_module("pyarrow.feather").write_feather(pyarrow.table(columns), tmp_path / "q.arrow")
    for name in ("q.parquet", "q.arrow"):
        assert values(read_rows(tmp_path / name)) == rows


@settings(COMMON, max_examples=20)
@given(TABLE)
def test_any_table_is_read_back_from_excel(tmp_path: Path, table: list[tuple[str, ...]]):
    openpyxl = pytest.importorskip("openpyxl", reason="the extra `excel` is not installed")
    book = openpyxl.Workbook()
    table = [tuple("".join(filter(str.isprintable, cell)).lstrip("=") for cell in cells) for cells in table]
    for cells in (NAMES, *table):
        book.active.append(cells)
    book.save(tmp_path / "q.xlsx")
    read = [tuple(cell or "" for cell in row.values()) for row in values(read_rows(tmp_path / "q.xlsx"))]
    assert read == table
