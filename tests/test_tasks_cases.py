"""The cases of shared/cases: files whose right answers are known."""

from pathlib import Path
from typing import Any

import pytest
from question_files import golds, read

from selfamplify import Columns, load_task
from selfamplify.errors import DataError

CASES = Path(__file__).parents[1] / "shared" / "cases"
if not CASES.exists():
    CASES = Path(__file__).parents[2] / "shared" / "cases"

RIVER = Columns("question", "correct_index", ("option1", "option2", "option3", "option4"))
EXPECTED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "k1_list_zero_based.json": ({}, ["four", "six", "eight", "ten", "twelve"]),
    "k1_list_zero_based_no_zero_seen.json": ({"answers_from": 0}, ["eight", "two", "two"]),
    "k1_columns_index.csv": ({"columns": RIVER}, ["Paris", "London", "Berlin", "Rome"]),
    "k2_passage_bool.jsonl": ({}, ["false", "true"] * 4),
    "k2_article_options.jsonl": ({}, ["cat", "dog", "cow", "pig"] * 2),
    "k3_gold_always_first.csv": ({}, ["red", "blue", "green", "white", "black", "pink"]),
    "k3_correct_and_distractors.json": ({}, ["helium", "oxygen", "nitrogen", "hydrogen"]),
    "k4_no_header.csv": ({}, ["carbon dioxide", "iron", "whale", "Mars"]),
    "k4_semicolon.csv": ({}, ["Stein"] * 4),
    "k4_cp1252.csv": ({"encoding": "cp1252"}, ["caviar"] * 4),
    "k4_python_lists.csv": ({}, ["pear"] * 4),
    "k4_comma_choices.csv": (
        {"columns": Columns(choices=("answers",), answer="correct"), "answers_from": 1},
        ["seven"] * 4,
    ),
    "k4_lines_named.json": ({}, ["granite"] * 4),
    "k4_incorrect_answers_list.json": ({}, ["Rhine"] * 4),
    "k4_mc1_targets.json": ({}, ["night"] * 4),
    "k4_target_and_target_scores.json": ({}, ["No"] * 6),
    "k5_options_with_letters.jsonl": ({}, ["10", "11", "12", "13"]),
    "k5_dotted_choices_in_text.jsonl": ({}, ["a", "z", "b", "c"]),
    "k9_chinese.csv": ({}, ["企鹅", "汞", "地球", "香蕉"]),
}


@pytest.mark.skipif(not CASES.exists(), reason="the folder shared/cases is not here")
class TestCases:
    @pytest.mark.parametrize("name", EXPECTED)
    def test_a_case_has_its_right_answers(self, name: str):
        options, right = EXPECTED[name]
        found = read(CASES / name, **options)
        assert not found["bad"] and golds(found)[: len(right)] == right

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("k1_list_zero_based_no_zero_seen.json", "may count from 0 or from 1"),
            ("k4_cp1252.csv", "not UTF-8"),
            ("k4_comma_choices.csv", "separated by commas"),
        ],
    )
    def test_a_case_that_does_not_decide_is_asked_about(self, name: str, message: str):
        with pytest.raises(DataError, match=message):
            read(CASES / name)

    def test_the_right_answer_is_not_always_in_one_place(self):
        for name in ("k3_gold_always_first.csv", "k3_correct_and_distractors.json", "k4_incorrect_answers_list.json"):
            assert sum(count > 0 for count in read(CASES / name)["labels"].values()) > 1
        assert sum(count > 0 for count in read(CASES / "k4_mc1_targets.json")["labels"].values()) > 1
        assert "(A) is right in 6 of 6 questions." in read(CASES / "k3_gold_always_first.csv")["warnings"]

    def test_articles_and_passages_are_read(self):
        assert read(CASES / "k2_passage_bool.jsonl")["examples"][1]["question"].startswith("Crate 1 was filled at noon.\n")
        assert read(CASES / "k2_article_options.jsonl")["examples"][0]["question"].startswith("Story 0:")

    def test_an_empty_column_is_not_taken_for_the_answers(self):
        found = read(CASES / "k7_all_bad.jsonl")
        assert found["columns"]["answer"] == "label" and golds(found) == ["brig"] * 4
        named = Columns("question", "answer", ("options",))
        with pytest.raises(DataError, match="no answer in 'answer'"):
            load_task("file", CASES / "k7_all_bad.jsonl", columns=named, skip_bad=True)

    def test_near_copies_are_left_out_of_the_train_side(self):
        found = read(CASES / "k8_train.csv", test_data=CASES / "k8_test.csv")
        assert found["questions"] == 4 and "3 training questions left out" in "".join(found["warnings"])
