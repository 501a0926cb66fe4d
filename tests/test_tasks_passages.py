"""Several questions about one text, in one record or in blocks of lines."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfamplify import load_task, overview
from selfamplify.errors import DataError

RAIN, SUN = "It rained at noon.\nThe crate is wet.", "It was dry at noon."
ASKED = [
    (RAIN, "What is wet?", ["crate", "cork"], "A"),
    (RAIN, "When did it rain?", ["at one", "at noon", "at two"], "B"),
    (SUN, "How was it?", ["wet", "dry"], "B"),
]
"""The text, the question, its choices, and the answer."""


def saved(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def read(path: Path) -> dict[str, Any]:
    return overview("file", path, shuffle_choices="off").as_json(100)


def asked(found: dict[str, Any]) -> list[tuple[str, list[str], str]]:
    return [(example["question"], example["choices"], example["answer"]) for example in found["examples"]]


def lower(rows: list[tuple[str, list[str], str]]) -> list[tuple[str, list[str], str]]:
    return [(question.lower(), [option.lower() for option in options], answer) for question, options, answer in rows]


def records(*keys: str) -> list[dict[str, Any]]:
    """The questions as parallel lists, one record for each text."""
    of = {text: [each for each in ASKED if each[0] == text] for text in (RAIN, SUN)}
    return [
        {"id": name, "article": text}
        | {key: [each[place] for each in of[text]] for key, place in zip(keys, (1, 2, 3), strict=True)}
        for name, text in (("r1", RAIN), ("s1", SUN))
    ]


def nested(key: str) -> list[dict[str, Any]]:
    return [
        {"id": name, "passage": text, key: [{"question": q, "options": o, "answer": a} for t, q, o, a in ASKED if t == text]}
        for name, text in (("r1", RAIN), ("s1", SUN))
    ]


RACE = records("questions", "options", "answers")
LAYOUTS: dict[str, tuple[str, Any]] = {
    "race": ("q.json", RACE),
    "race, an object per line": ("q.jsonl", "\n".join(map(json.dumps, RACE))),
    "lists, other names": ("q.json", {"version": "x", "data": records("question", "choices", "answer")}),
    "qas": ("q.json", nested("qas")),
    "questions": ("q.jsonl", "\n".join(map(json.dumps, nested("questions")))),
    "dream": (
        "q.json",
        [
            [text.split("\n"), [{"question": q, "choice": o, "answer": o[ord(a) - 65]} for t, q, o, a in ASKED if t == text], n]
            for n, text in (("5-1", RAIN), ("5-2", SUN))
        ],
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_records_with_several_questions_give_a_row_for_each(tmp_path: Path, layout: str):
    found = read(saved(tmp_path, *LAYOUTS[layout]))
    assert asked(found) == [(f"{text}\n{question}", choices, answer) for text, question, choices, answer in ASKED]
    assert not found["bad"]


def test_a_file_with_one_record_of_race_is_read(tmp_path: Path):
    assert asked(read(saved(tmp_path, "q.txt", RACE[0]))) == [(f"{t}\n{q}", o, a) for t, q, o, a in ASKED[:2]]


def test_questions_of_a_record_have_places_and_ids_of_their_own(tmp_path: Path):
    questions = overview("file", saved(tmp_path, "q.json", RACE)).questions
    assert sorted(question.id for question in questions) == ["r1-1", "r1-2", "s1-1"]
    own = [
        record | {"qas": [item | {"id": f"{n}{m}"} for m, item in enumerate(record["qas"])]}
        for n, record in enumerate(nested("qas"))
    ]
    questions = overview("file", saved(tmp_path, "q.jsonl", "\n".join(map(json.dumps, own)))).questions
    assert sorted(question.id for question in questions) == ["00", "01", "10"]


def test_bad_questions_of_a_record_are_told_with_their_place(tmp_path: Path):
    odd = [RACE[0] | {"answers": ["A"]}, RACE[0] | {"answers": ["A", "E"]}, RACE[1], RACE[1] | {"id": "s2", "article": "x"}]
    with pytest.raises(DataError) as error:
        load_task("file", saved(tmp_path, "q.jsonl", "\n".join(map(json.dumps, odd))))
    assert "q.jsonl:1: 2 questions in 'questions', but not as many items in 'answers'" in str(error.value)
    assert "q.jsonl:2, question 2: the answer 'E' is not one of the choices A, B, C" in str(error.value)
    assert [row["line"] for row in read(saved(tmp_path, "q.jsonl", "\n".join(map(json.dumps, odd))))["bad"]] == [1, 2]


@given(
    st.lists(
        st.tuples(st.text("xyz", min_size=1, max_size=8), st.lists(st.integers(0, 3), min_size=1, max_size=4)),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lists_and_objects_are_read_alike(tmp_path: Path, drawn: list[tuple[str, list[int]]]):
    """Whatever records hold, as lists side by side or as a list of objects: the same questions with the same answers."""
    lists, objects, wanted = [], [], []
    for n, (text, places) in enumerate(drawn):
        article = f"{text} {n}"
        each = [(f"Which is it at {m}?", [f"{k}{m} is it" for k in "abcd"], "ABCD"[place]) for m, place in enumerate(places)]
        keys = ("questions", "options", "answers")
        lists.append({"article": article} | {key: [one[k] for one in each] for k, key in enumerate(keys)})
        objects.append(
            {"article": article, "qas": [dict(zip(("question", "options", "answer"), one, strict=True)) for one in each]}
        )
        wanted += [(f"{article}\n{question}", choices, answer) for question, choices, answer in each]
    for content in (lists, objects):
        assert asked(read(saved(tmp_path, "q.jsonl", "\n".join(map(json.dumps, content))))) == wanted


# --- blocks of lines ---

AIKEN = "".join(
    "\n".join(
        [question, *(f"{letter}. {choice}" for letter, choice in zip("ABC", choices, strict=False)), f"ANSWER: {answer}\n\n"]
    )
    for _, question, choices, answer in ASKED
)
LOGIQA = "".join(
    "\n".join(
        ["", answer.lower(), text.replace("\n", " "), question, *(f"{k}.{c}" for k, c in zip("ABC", choices, strict=False)), ""]
    )
    for text, question, choices, answer in ASKED
)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [
        AIKEN,
        AIKEN.replace("\n\n", "\n"),
        AIKEN.replace("\nANSWER", "\n\nCorrect answer"),
        AIKEN.replace(". ", ") ").lower().replace("answer", "Antwort"),
    ],
)
def test_blocks_with_the_answer_after_the_choices_are_read(tmp_path: Path, text: str, end: str):
    found = read(saved(tmp_path, "q.txt", text.replace("\n", end)))
    expected = [(question, options, answer) for _, question, options, answer in ASKED]
    assert lower(asked(found)) == lower(expected)
    assert found["warnings"][0] == "q.txt is read in blocks of lines: a question, its choices and the answer."


def test_blocks_with_the_letter_first_are_read(tmp_path: Path):
    wanted = [(text.replace("\n", " ") + f"\n{question}", choices, answer) for text, question, choices, answer in ASKED]
    assert asked(read(saved(tmp_path, "q.txt", LOGIQA))) == wanted


@pytest.mark.parametrize(
    ("before", "after", "line", "reason"),
    [
        ("A. at one", "A, at one", 6, "no choices"),
        ("B. at noon\n", "", 6, "the choice C does not follow on the one before it"),
        ("ANSWER: B\n\nHow", "\nHow", 6, "no answer in 'answer'"),
        ("ANSWER: A", "ANSWER: D", 1, "the answer 'D' is not one of the choices A, B"),
    ],
)
def test_a_block_with_an_error_is_bad_and_costs_no_other(tmp_path: Path, before: str, after: str, line: int, reason: str):
    assert before in AIKEN
    found = read(saved(tmp_path, "q.txt", AIKEN.replace(before, after)))
    assert found["bad"] == [{"line": line, "reason": reason}]
    assert asked(found) == [each[1:] for each in ASKED if each[2] != ASKED[line > 1][2]]


def test_other_marks_are_choices_after_the_first(tmp_path: Path):
    assert asked(read(saved(tmp_path, "q.txt", AIKEN.replace("B. ", "B, ")))) == [each[1:] for each in ASKED]


def test_tables_with_lines_like_choices_stay_tables(tmp_path: Path):
    text = 'question,A,B,answer\n"Which?\nA. x",one,two,A\n"Who?\nB. y",she,he,B\n'
    assert [example["answer_text"] for example in read(saved(tmp_path, "q.txt", text))["examples"]] == ["one", "he"]
