"""Binary files, names of files, and that any table is read back from every kind of file."""

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
from row_files import HEADER, faults, saved, values

from selfamplify.errors import DataError
from selfamplify.tasks.gathering import both_files
from selfamplify.tasks.hub.sides import HubData, hub_rows
from selfamplify.tasks.rows.rows import SUFFIXES, FileFormat, is_file_name, read_rows

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


@pytest.mark.parametrize("kind", ["parquet", "arrow", "feather", "stream", "xlsx"])
def test_two_columns_of_one_name_are_refused(tmp_path: Path, kind: str):
    path = tmp_path / f"q.{'arrow' if kind == 'stream' else kind}"
    columns = {"question": ["Who?", "What?"], "A": ["x", "y"], "B": ["y", "x"], "answer": ["A", "B"], "answer ": ["B", "A"]}
    names = [name.strip() for name in columns]
    if kind == "xlsx":
        book = pytest.importorskip("openpyxl", reason="the extra `excel` is not installed").Workbook()
        for row in (names, *zip(*columns.values(), strict=True)):
            book.active.append(row)
        book.save(path)
    else:
        pyarrow = pytest.importorskip("pyarrow", reason="the extra `hub` is not installed")
        table = pyarrow.table([*columns.values()], names=names)
        _write_columns(table, path, kind)
    with pytest.raises(DataError, match="q.*: two columns are named 'answer'; rename one of them"):
        read_rows(path)


def _write_columns(table: Any, path: Path, kind: str) -> None:
    """Write a table as parquet, Feather, or Arrow, which is a file or a stream; feather's own writer refuses equal names."""
    import pyarrow
    import pyarrow.parquet

    if kind == "parquet":
        pyarrow.parquet.write_table(table, path)
        return
    make = pyarrow.ipc.new_stream if kind == "stream" else pyarrow.ipc.new_file
    with make(str(path), table.schema) as writer:
        writer.write_table(table)


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


@pytest.mark.long
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


@pytest.mark.long
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
