"""Delimited text: its encoding, its separator, quotes, and the names of its columns."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from row_files import HEADER, faults, saved, values

from selfamplify.errors import DataError, SettingsError
from selfamplify.tasks.rows.rows import FileFormat, read_rows

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
