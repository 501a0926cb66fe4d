"""Files that are refused with the reason, rows that are bad, and what is noticed about the others."""

from pathlib import Path
from typing import Any

import pytest
from question_files import HOOF, golds, read, saved

from selfamplify import Columns, load_task
from selfamplify.errors import DataError, SettingsError


def rows(*answers: Any, choices: Any = ("horse", "shark", "wren"), **more: Any) -> list[dict[str, Any]]:
    return [{"question": f"Q{n}?", "options": list(choices), "answer": answer, **more} for n, answer in enumerate(answers)]


REFUSED = {
    "free answers": ([{"question": f"Q{n}?", "answer": f"free {n}"} for n in range(12)], "12 distinct answers in 12 rows"),
    "free numbers, some of them twice": (
        [{"question": f"Q{n}?", "answer": str(min(n, 60) * 3 + n % 2 if n < 60 else n % 2)} for n in range(100)],
        "61 distinct answers in 100 rows",
    ),
    "choices with unknown names": (
        [
            {"question": f"Q{n}?", "wahl eins": "x", "wahl zwei": "y", "answer": answer}
            for n, answer in enumerate(["A", "B", "AB", "B", "A", "C"])
        ],
        "are the letters A, AB, B, C, but no choices were recognised; name their columns",
    ),
    "numbers without a base": (rows(1, 2, 1), "may count from 0 or from 1"),
    "numbers of both bases": (rows(0, 3, 1), "seem to count from 0 .* and from 1"),
    "own numbers and a 0": (
        [{"question": f"Q{n}?", "options": [{"id": 1, "text": "x"}, {"id": 2, "text": "y"}], "answer": n} for n in (0, 1)],
        "but the choices have their own numbers",
    ),
    "numbers that are texts, or not": (rows(1, 2, 3, choices=("3", "2", "1")), "may be the texts of choices or"),
    "no column of answers": (
        [{"question": f"Q{n}?", "options": HOOF, "category": "A"} for n in range(3)],
        "No column for the answer was recognised",
    ),
    "one answer each": ([{"question": f"Q{n}?", "answer": f"free {n}"} for n in range(5)], "5 distinct answers in 5 rows"),
    "choices without answers": (
        [{"問題": f"Q{n}?", "解答1": "a", "解答2": "b", "解答3": "c"} for n in range(3)],
        "if '解答1' is always right, use `columns=Columns.answer='解答1', distractors=.'解答2', '解答3'..`",
    ),
    "one column": (
        [{"text": f"a fine film {n}"} for n in range(3)], "a single column, 'text', and need at least .*`separator=\";\"`",
    ),
    "columns read as one": ([{"text,label": f"a film,{n}"} for n in range(3)], "'text,label', .*use `separator=\",\"`"),
    "no answers": (
        [{"text": f"film {n}", "label": ""} for n in range(3)],
        "All cells are empty in 'label', so that the rows have a single column, 'text', .*fill in the answers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_clear_is_refused_with_the_reason(tmp_path: Path, name: str):
    content, message = REFUSED[name]
    with pytest.raises(DataError, match=message):
        read(saved(tmp_path, "q.json", content))


@pytest.mark.parametrize("answer", ["A,C", "A, C", "AC", "A;B", "1,2", ["A", "C"], "A and C", "D", "horse, shark", "", None, 7])
def test_a_row_with_several_answers_or_none_is_bad(tmp_path: Path, answer: Any):
    found = read(saved(tmp_path, "q.json", rows("A", answer, "B", "C")))
    assert [row["line"] for row in found["bad"]] == [2]
    assert golds(found) == ["horse", "shark", "wren"]


def test_answers_that_all_name_several_choices_are_not_taken_for_right_ones_that_are_apart(tmp_path: Path):
    found = read(saved(tmp_path, "q.json", rows("AC", "A,B", "BC")))
    assert len(found["bad"]) == 3 and not found["warnings"]
    assert found["bad"][0]["reason"] == "the answer 'AC' is not one of the choices; if several of them are right, name one"


@pytest.mark.parametrize(("others", "noted"), [((1, 0), True), ((0, 1), False), (("shark", "horse"), True), (("B", "C"), True)])
def test_columns_of_answers_that_contradict_each_other_are_noticed(tmp_path: Path, others: tuple[Any, ...], noted: bool):
    content = [row | {"answer_index": other} for row, other in zip(rows("A", "B"), others, strict=True)]
    warnings = "".join(read(saved(tmp_path, "q.json", content))["warnings"])
    assert ("but 'answer_index' has others" in warnings) == noted


def test_marks_out_of_order_make_a_bad_row_but_names_do_not(tmp_path: Path):
    content = rows("B", "A", choices=("(A) horse", "(C) shark", "(C) wren")) + rows(
        "B", choices=("A. Gray", "T. Hall", "K. Lee")
    )
    found = read(saved(tmp_path, "q.json", content))
    assert [row["reason"] for row in found["bad"]] == ["the choices are marked A, C, C; number them in order"] * 2
    assert golds(found) == ["T. Hall"]


def test_a_mark_without_a_text_is_a_bad_row(tmp_path: Path):
    content = rows("B", choices=("(A) horse", "(B) shark", "(C)")) + rows("B", choices=("(A)", "(B)", "(C)"))
    found = read(saved(tmp_path, "q.json", content))
    assert [row["reason"] for row in found["bad"]] == ["the choice '(C)' has no text"]


def test_the_answer_of_a_model_is_not_taken_for_the_right_one(tmp_path: Path):
    found = read(saved(tmp_path, "q.json", rows("B", "C", correct_answer="horse")))
    assert golds(found) == ["horse", "horse"]


def test_html_entities_are_noticed(tmp_path: Path):
    found = read(saved(tmp_path, "q.json", rows("A", "B", choices=("a &quot;horse&quot;", "a shark"))))
    assert "2 texts with HTML entities such as '&quot;', which are read as they are." in found["warnings"]


def test_an_answer_that_several_choices_have_is_bad(tmp_path: Path):
    content = rows("A") + rows("wren", choices=("wren", "Wren", "wren"))
    assert [row["line"] for row in read(saved(tmp_path, "q.json", content))["bad"]] == [2]


def test_wrong_choices_without_the_right_one_are_noticed(tmp_path: Path):
    path = saved(tmp_path, "q.csv", "question,optionA,optionB,answer\nHoof?,cod,owl,horse\nFin?,goat,kite,carp\n")
    found = read(path)
    assert len(found["bad"]) == 2 and "distractors=('optionA', 'optionB')" in "".join(found["warnings"])
    columns = Columns("question", "answer", distractors=("optionA", "optionB"))
    assert golds(read(path, columns=columns)) == ["horse", "carp"]


def test_what_explains_the_answer_is_never_advised_as_context(tmp_path: Path):
    for name in ("explanation", "rationale", "answer_tip", "detailedExplanation", "analysis", "Erklärung", "target", "Lösung"):
        found = read(saved(tmp_path, "q.json", rows("A", "B", **{name: "It is so because of this and that"})))
        assert name in found["unused"] and not any("context=" in warning for warning in found["warnings"])
    found = read(saved(tmp_path, "q.json", rows("A", "B", lecture="It is so because of this and that")))
    assert any("context=" in warning for warning in found["warnings"])


@pytest.mark.parametrize(
    "last",
    [
        "All of the above",
        "Todas las anteriores",
        "Ninguna de las respuestas.",
        "Keine der Antworten",
        "以上都对",
        "Все перечисленное",
    ],
)
def test_all_of_the_above_stays_last(tmp_path: Path, last: str):
    found = read(saved(tmp_path, "q.json", rows(*[0] * 8, choices=("horse", "shark", "wren", last))), answers_from=0)
    assert {example["choices"][3] for example in found["examples"]} == {last}
    assert set(golds(found)) == {"horse"}


@pytest.mark.parametrize(
    "last", ["A and B", "A y C son correctas", "Nur A und C", "both (a) and (b)", "A和B都对", "neither A nor B"]
)
def test_choices_that_name_others_by_letter_are_not_shuffled(tmp_path: Path, last: str):
    choices = ("horse", "shark", "wren", last)
    found = read(saved(tmp_path, "q.json", rows("B", "A", choices=choices)), shuffle_choices=1)
    assert [tuple(example["choices"]) for example in found["examples"]] == [choices] * 2


def test_minus_one_is_a_label_if_the_labels_say_so(tmp_path: Path):
    path = saved(tmp_path, "q.csv", "text,label\nbad,-1\ngood,1\nso so,0\nworse,-1\n")
    assert "name all `labels`" in read(path)["bad"][0]["reason"]
    assert golds(read(path, labels=("-1", "0", "1"))) == ["-1", "1", "0", "-1"]


@pytest.mark.parametrize("skip_bad", [False, True])
@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("q.jsonl", "{'text': 'a film', 'label': 'good'}\n" * 30, "malformed JSON"),
        ("q.csv", "text,label\n" + "a film, dull, bad\n" * 30, "3 cells for 2 columns"),
    ],
)
def test_if_no_row_can_be_parsed_the_reason_is_given_and_no_column_is_invented(
    tmp_path: Path, name: str, text: str, reason: str, skip_bad: bool
):
    with pytest.raises(DataError, match=f"30 rows can't be used:\n .*{name}:[12]: .*{reason}") as refused:
        load_task("file", saved(tmp_path, name, text), skip_bad=skip_bad)
    assert "Columns" not in str(refused.value) and "skip_bad" not in str(refused.value)
    assert "No other row is left" in str(refused.value)


def test_the_labels_of_a_classification_are_not_shuffled(tmp_path: Path):
    path = saved(tmp_path, "q.csv", "text,label\n" + "".join(f"film {n},{('bad', 'good')[n % 2]}\n" for n in range(6)))
    with pytest.raises(SettingsError, match="`shuffle_choices=3` .* classification .*; leave it out"):
        read(path, shuffle_choices=3)
    assert read(path, shuffle_choices="off") == read(path)


def test_a_dash_is_no_label_of_sentence_pairs(tmp_path: Path):
    pairs = "".join(f"A {n},B,{label}\n" for n, label in enumerate(["same", "other", "-", "-", "-", "same", "other"]))
    found = read(saved(tmp_path, "q.csv", "sentence1,sentence2,gold_label\n" + pairs))
    assert found["labels"] == {"other": 2, "same": 2} and len(found["bad"]) == 3
    signs = "".join(f"text {n},{'+-'[n % 2]}\n" for n in range(6))
    assert read(saved(tmp_path, "q.csv", "text,label\n" + signs))["labels"] == {"+": 3, "-": 3}


def test_reasons_that_are_alike_are_counted_together_and_shown_as_examples(tmp_path: Path):
    content = [{"text": f"The film {n % 15} was fine.", "label": "good" if n < 15 else "bad"} for n in range(30)]
    with pytest.raises(DataError) as error:
        load_task("file", saved(tmp_path, "q.json", content))
    lines = [line for line in str(error.value).splitlines() if "in all:" in line]
    assert lines == ["  in all: 30 rows, for example: answered 'good' here, but 'bad' at example 16"]
