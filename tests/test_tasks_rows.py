"""Rows and their places, bad rows, and properties of reading and splitting that hold for any text."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import Run

from selfamplify import Choice, Columns, Question, load_task
from selfamplify.errors import DataError
from selfamplify.tasks.copies import content_key
from selfamplify.tasks.questions.answers import Answered, AnswerKey
from selfamplify.tasks.questions.columns import find_columns
from selfamplify.tasks.questions.drafts import Layout
from selfamplify.tasks.questions.faults import BadRow
from selfamplify.tasks.questions.layouts import listed
from selfamplify.tasks.questions.reading import read_questions
from selfamplify.tasks.questions.written import written
from selfamplify.tasks.rows.rows import read_rows
from selfamplify.tasks.splitting import split

ANY = Columns("question", "answer", ("choices",), "id")
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=30)  # with NUL and lone surrogates


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def write_lines(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def row(**changes: object) -> dict[str, object]:
    return {"id": "1", "question": "Who?", "choices": ["me", "you"], "answer": "A"} | changes


def bad(path: Path, columns: Columns = ANY) -> list[str]:
    return [str(row).removeprefix(str(path)) for row in read_questions(read_rows(path).rows, Layout(columns)).bad]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_places_count_lines_inside_quoted_cells(tmp_path: Path, newline: str):
    lines = ["question,choices,answer,id", '"two', 'lines",a|b,A,1', "", "one,a|b,C,2", "short,a|b", '"never closed,a|b,A,3']
    (tmp_path / "q.csv").write_bytes(newline.join(lines).encode())
    rows = read_rows(tmp_path / "q.csv").rows
    assert [item.place.rpartition(":")[2] for item in rows] == ["2", "5", "6", "7"]
    reading = read_questions(rows, Layout(ANY))
    assert reading.train[0].text == f"two{newline}lines"
    assert bad(tmp_path / "q.csv") == [
        ":5: the answer 'C' is not one of the choices A, B",
        ":6: 2 cells for 4 columns; quote cells that contain the separator",
        ":7: malformed row (unexpected end of data)",
    ]


def test_jsonl_places_count_blank_lines(tmp_path: Path):
    good = json.dumps(row(), ensure_ascii=False)
    lines = [good, "", "{", "[1]", json.dumps(row(id="2", answer="Z")), '{"id": "9", "question": "a\x01"}']
    (tmp_path / "q.jsonl").write_text("\n".join(lines))
    assert bad(tmp_path / "q.jsonl") == [
        ":3: malformed JSON (Expecting property name enclosed in double quotes at line 3, column 2)",
        ":4: a value of type list, not an object {…}",
        ":5: the answer 'Z' is not one of the choices A, B",
        ":6: malformed JSON (Invalid control character at line 6, column 27)",
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"question": None}, "no question in 'question'"),
        ({"question": " \n"}, "no question in 'question'"),
        ({"question": ["a"]}, "the question in 'question' is of type list, not text"),
        ({"question": "a\0b"}, "the question in 'question' contains a NUL character at character 2"),
        ({"question": "a\ud800"}, "the question in 'question' contains '\\ud800' (not valid UTF-8) at character 2"),
        ({"answer": ""}, "no answer in 'answer'"),
        ({"answer": "C"}, "the answer 'C' is not one of the choices A, B"),
        ({"answer": 9}, "the answer '9' is not one of the choices A, B"),
        ({"choices": None}, "no choices in 'choices'"),
        ({"choices": ["me"]}, "only one choice, 'me'"),
        ({"choices": []}, "no choices"),
        ({"choices": 3}, "the choices are of type int, not a list"),
        ({"choices": "[1, "}, 'the choices are malformed JSON; write ["x", "y"] or x|y'),
        ({"choices": ["me", ""]}, "no choice 2"),
        ({"choices": ["me", {"x": 1}]}, "the choice 2 is of type dict, not text"),
        ({"choices": list(map(str, range(27)))}, "27 choices, but there are only 26 letters for them"),
        ({"choices": ["me", "me"]}, "the right answer 'me' is offered twice"),
        (
            {"choices": ["b", "a"]},
            "the answer 'A' matches more than one choice; write the letter of the right one",
        ),
        ({"choices": {"text": ["a", "b"], "label": ["A", "A"]}}, "the choice labels A, A do not distinguish 2 choices"),
        ({"choices": {"text": ["a", "b"], "label": ["A"]}}, "the choice labels A do not distinguish 2 choices"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(tmp_path: Path, changes: dict[str, object], reason: str):
    assert bad(write_lines(tmp_path / "q.jsonl", [row(**changes)])) == [f":1: {reason}"]


def test_of_many_bad_rows_each_kind_is_listed(run: Run, tmp_path: Path):
    rows = [row(id=str(n), question=f"Q{n}", answer="Z") for n in range(40)] + [row(id="last", question="Last", answer="")]
    path = write_lines(tmp_path / "q.jsonl", rows)
    with pytest.raises(DataError) as caught:
        load_task("file", path)
    lines = str(caught.value).splitlines()
    assert [line for line in lines if f"{path}:" in line] == lines[1:7] and f"{path}:41: no answer in 'answer'" in lines[6]
    assert (
        lines[7] == "  … and 35 more"
        and lines[8].startswith("  in all: 40 rows: ")
        and lines[9].startswith("  in all: 1 row: ")
    )
    _, out, _ = run("data", path)
    assert f"bad: {path}:41: no answer" in out and "bad: … and 35 more" in out and "bad: in all: 40 rows: " in out


def test_no_more_than_20_bad_rows_are_listed(tmp_path: Path):
    wrong = [{"answer": "Z"}, {"answer": ""}, {"question": ""}, {"choices": ["one"]}, {"choices": []}, {"answer": "A, B"}]
    rows = [row(id=f"{n}", **{"question": f"Q{n}"} | wrong[n % 6]) for n in range(60)]
    with pytest.raises(DataError) as caught:
        load_task("file", write_lines(tmp_path / "q.jsonl", rows))
    lines = str(caught.value).splitlines()
    assert sum("q.jsonl:" in line for line in lines) == 20 and "  … and 40 more" in lines


def test_bad_rows_are_reported_together_and_can_be_skipped(tmp_path: Path):
    rows = [row(id=str(n), question=f"Q{n}") for n in range(10)]
    rows += [row(id=str(n), question=f"Q{n}", answer="Z") for n in range(10, 40)]
    path = write_lines(tmp_path / "q.jsonl", rows)
    with pytest.raises(DataError) as caught:
        load_task("file", path)
    lines = str(caught.value).splitlines()
    assert lines[0] == "30 rows can't be used:"
    assert lines[6:8] == ["  … and 25 more", "  in all: 30 rows: the answer 'Z' is not one of the choices A, B"]
    assert lines[-1] == "Fix them, or leave them out: `skip_bad=True`." and len(lines) < 30
    task = load_task("file", path, skip_bad=True)
    assert (len(task.train), len(task.test), len(task.skipped)) == (5, 5, 30)


def test_a_single_bad_row_is_reported_in_the_singular(tmp_path: Path):
    path = write_lines(tmp_path / "q.jsonl", [row(), row(id="2", answer="Z")])
    with pytest.raises(DataError, match="^1 row can't be used"):
        load_task("file", path)


def test_contradicting_copies_are_all_bad_even_with_swapped_choices(tmp_path: Path):
    rows = [row(id="1", answer="me"), row(id="2", choices=["you", "me"], answer="you"), row(id="3", question="Else?")]
    assert bad(write_lines(tmp_path / "q.jsonl", rows)) == [
        ":1: answered 'me' here, but 'you' at line 2",
        ":2: answered 'you' here, but 'me' at line 1",
    ]


def test_questions_that_share_an_id_are_bad_and_exact_copies_are_dropped(tmp_path: Path):
    rows = [
        row(id="1"),
        row(id="1"),
        row(id="2", question="Else?"),
        row(id="2", question="More?"),
        row(id="3", question="Last?"),
    ]
    path = write_lines(tmp_path / "q.jsonl", rows)
    assert bad(path) == [
        ":3: the id '2' is also the id of another question, at line 4",
        ":4: the id '2' is also the id of another question, at line 3",
    ]
    assert [question.id for question in read_questions(read_rows(path).rows, Layout(ANY)).train] == ["1", "3"]


def test_the_test_file_stays_whole_and_the_train_pool_loses_what_it_repeats(tmp_path: Path):
    train = write_lines(tmp_path / "train.jsonl", [row(id="1"), row(id="2", question="Else?")])
    test = write_lines(tmp_path / "test.jsonl", [row(id="2", choices=["you", "me"], answer="B")])
    task = load_task("file", train, test_data=test)
    assert [question.text for question in task.train] == ["Else?"]
    assert [question.id for question in task.test] == ["test-2"]  # a train question has the id 2
    assert len(task.skipped) == 1 and task.skipped[0].startswith(f"{train}:1: left out of the train pool")
    with pytest.raises(DataError, match="has 0 training questions and 2 test questions"):
        load_task("file", train, test_data=train)


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path: Path):
    path = tmp_path / "q.csv"
    path.write_text("question,choices,answer,id\nWho?,a|b,A,1\n", encoding="utf-8-sig")
    assert read_questions(read_rows(path).rows, Layout(ANY)).train[0].text == "Who?"


def test_a_damaged_byte_costs_only_its_row(tmp_path: Path):
    text = "question,choices,answer,id\nWho is Zoé?,a|b,A,1\nCafé?,a|b,A,2\n".encode()
    (tmp_path / "q.csv").write_bytes(text.replace("Café".encode(), b"Caf\xc3"))
    assert bad(tmp_path / "q.csv") == [":3: the question in 'question' contains '\\udcc3' (not valid UTF-8) at character 4"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("q.csv", "", "contains no rows; use"),
        ("q.csv", "question,answer\n", "contains no rows after the names of its columns; use"),
        ("q.csv", "a,b,a\n1,2,3\n", "two columns are named 'a'; rename"),
        ("q.csv", '"a\n', "q.csv:1: the first line is malformed .* fix"),
        ("q.jsonl", "\n\n", "contains no rows; use"),
        ("q.json", "", "contains no rows; use"),
        ("q.json", "[]", "contains no rows; use"),
        ("q.json", '{"a": 1}', "contains no list of examples; write"),
        ("q.json", '[{"a": 1},\n{"a": 2]', r"malformed JSON \(Expecting ',' delimiter at line 2, column 8\); fix"),
        ("q.json", '["a", "b"]', "a list of values of type str; write"),
        ("q.json", '{"one": [{"a": 1}], "two": [{"a": 1}]}', "several lists, 'one', 'two'; call"),
        ("q.json", '{"train": [{"a": 1}], "test": [{"a": 1}]}', "'train', 'test'; save each .*`data="),
        (
            "q.json",
            '{"question": ["a", "b"], "answer": ["A"]}',
            "columns of different lengths .'question' has 2, 'answer' has 1",
        ),
        ("q.json", "[[1, 2], [3, 4]]", "lists, and the first does not hold the names"),
        ("q.csv", "PAR1", "a parquet file; rename"),
        ("q.csv", "PK\x03\x04", "a zip archive or an Excel workbook; rename"),
        ("q.xls", "", "save it as .xlsx or .csv"),
        ("q.docx", "", "convert it to one of these: .csv, .tsv, "),
        ("q.json", "[" * 100_000, "nested too deeply"),
        ("q.xlsx", "a,b", "can't be read as an Excel workbook .*; save it as"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_with_what_to_do(tmp_path: Path, name: str, content: str, message: str):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message):
        read_rows(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "answer", "stem", "choices"),
    [
        ("Pick (A) x (B) y", "A", "Pick ", ["x", "y"]),
        ("Pick (1) x (2) y (3) z", "3", "Pick ", ["x", "y", "z"]),
        ("Water (l) or gas (g)? (A) sulfur (S) (B) argon (Ar)", "A", "Water (l) or gas (g)? ", ["sulfur (S)", "argon (Ar)"]),
        ("Atoms (A) and (B) meet. What now? (A) x (B) y", "B", "Atoms (A) and (B) meet. What now? ", ["x", "y"]),
        ("Which? (A) x (B) both (1) and (2)", "B", "Which? ", ["x", "both (1) and (2)"]),
        ("Of (1) and (2), which?\nOptions:\n(A) x\n(B) y", "A", "Of (1) and (2), which?", ["x", "y"]),
        ("Really?\nOptions:\n- Yes\n- No", "No", "Really?", ["Yes", "No"]),
    ],
)
def test_choices_in_a_text_are_found(text: str, answer: str, stem: str, choices: list[str]):
    found = written(text, answer)
    assert found is not None
    assert (found[0].strip(), list(found[1].texts)) == (stem.strip(), choices)


def test_ambiguous_choices_in_a_text_are_refused():
    with pytest.raises(BadRow, match=r"the choice label \(A\) occurs twice"):
        written("Which? (A) x (B) vitamin (A) (C) z")
    assert written("f(A) is not a mark") is None


@pytest.mark.parametrize(
    "value", [["x", "y"], '["x", "y"]', {"A": "x", "B": "y"}, [{"text": "x", "label": "A"}, {"text": "y", "label": "B"}]]
)
def test_choices_are_the_same_in_every_layout(value: object):
    offer = listed(value)
    assert offer.texts == ("x", "y")
    answers = ("A", "b", "(B)", "1", "2", "x", "Y")
    assert [AnswerKey(1).index(Answered("q.csv:1", answer, offer)) for answer in answers] == [0, 1, 1, 0, 1, 0, 1]


def is_unicode(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_TEXT, ANY_TEXT, st.booleans())
def test_any_text_is_read_unchanged_or_refused(tmp_path: Path, text: str, choice: str, as_csv: bool):
    path = tmp_path / ("q.csv" if as_csv else "q.jsonl")
    if as_csv:
        write_csv(path, [["id", "question", "one", "two", "answer"], ["1", text, choice, "two", "B"]])
    else:
        write_lines(path, [{"id": "1", "question": text, "one": choice, "two": "two", "answer": "B"}])
    try:
        rows = read_rows(path).rows
    except DataError as error:  # a lone surrogate may be the only sign in the file that is not ASCII
        assert "is not UTF-8" in str(error) and not is_unicode(text + choice)
        return
    reading = read_questions(rows, Layout(Columns("question", "answer", ("one", "two"), "id")))
    refused = any(
        not part.strip() or any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in part) for part in (text, choice)
    )
    # B is the second choice's letter, and an ambiguous answer if it is also the first choice's text.
    refused |= choice.strip() in ("b", "B", "two")
    if refused:
        assert len(reading.bad) == 1
        str(reading.bad[0]).encode()
    else:
        assert reading.bad == ()
        assert reading.train[0].text == text.strip()
        assert reading.train[0].choices[0].text == choice.strip()


PLAIN = st.text("abcdefg ?", min_size=2, max_size=12).map(lambda text: f"x {text.strip()} y")


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PLAIN, PLAIN, PLAIN, st.sampled_from("AB")), min_size=1, max_size=6, unique_by=lambda each: each[0]))
def test_the_same_questions_are_read_from_every_format(tmp_path: Path, items: list[tuple[str, str, str, str]]):
    items = [item for item in items if item[1] != item[2]]
    cells = [[f"id{n}", *item] for n, item in enumerate(items)]
    header = ["id", "question", "a", "b", "answer"]
    objects = [dict(zip(header, row, strict=True)) for row in cells]
    nested = [{"id": name, "question": {"stem": text, "choices": [a, b]}, "answer": key} for name, text, a, b, key in cells]
    inline = [{"id": name, "question": f"{text}\n(A) {a} (B) {b}", "answer": key} for name, text, a, b, key in cells]
    listed = [[name, text, f"{a}|{b}", key] for name, text, a, b, key in cells]
    paths = [
        write_csv(tmp_path / "columns.csv", [header, *cells]),
        write_csv(tmp_path / "list.csv", [["id", "question", "choices", "answer"], *listed]),
        write_lines(tmp_path / "objects.jsonl", objects),
        write_lines(tmp_path / "nested.jsonl", nested),
        write_lines(tmp_path / "inline.jsonl", inline),
    ]
    (tmp_path / "examples.json").write_text(json.dumps({"examples": objects}))
    (tmp_path / "tabs.tsv").write_text("\n".join("\t".join(row) for row in [header, *cells]))
    for path in [*paths, tmp_path / "examples.json", tmp_path / "tabs.tsv"] if items else []:
        rows = read_rows(path).rows
        reading = read_questions(rows, Layout(find_columns(rows)))
        assert reading.bad == ()
        assert [
            (asked.id, asked.text, *(choice.text for choice in asked.choices), asked.answer) for asked in reading.train
        ] == [tuple(row) for row in cells]


QUESTIONS = st.lists(
    st.builds(
        lambda text, choices, right: Question("", text, tuple(map(Choice, "AB", choices)), right),
        st.sampled_from(["p", "q", "r", "s", "t", "u"]),
        st.sampled_from([("x", "y"), ("y", "x"), ("x", "z")]),
        st.just("A"),
    ),
    min_size=2,
    max_size=20,
    unique_by=lambda question: (question.text, question.choices),
)


@given(QUESTIONS, st.integers(0, 2**32), st.data())
def test_a_split_is_disjoint_has_its_size_and_ignores_the_order_of_rows(
    questions: list[Question], seed: int, data: st.DataObject
):
    size = data.draw(st.integers(1, len(questions) - 1))
    train, test = split(questions, size, seed)
    assert sorted((*train, *test), key=Question.render) == sorted(questions, key=Question.render)
    assert not set(map(content_key, train)) & set(map(content_key, test))
    assert size - 1 <= len(test) <= size
    assert split(data.draw(st.permutations(questions)), size, seed) == (train, test)


def test_another_seed_gives_another_split(tmp_path: Path):
    path = write_lines(tmp_path / "q.jsonl", [row(id=str(n), question=f"Q{n}") for n in range(40)])
    assert load_task("file", path).test == load_task("file", path).test
    assert load_task("file", path).test != load_task("file", path, split_seed=1).test
