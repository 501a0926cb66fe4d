"""JSON documents and lines: in which layouts the rows may be."""

import json
from pathlib import Path

import pytest
from row_files import QUESTIONS, faults, saved, values

from selfamplify.errors import DataError
from selfamplify.tasks.rows.rows import read_rows

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
