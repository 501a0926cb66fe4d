"""The tests of a table: which methods are compared, over which contexts, and what results.json and the conclusions say."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small import question, scripted, talker, task

from selfamplify import Comparison, Plan, Result, Run, Table, compare, contrast
from selfamplify.answering.deciding import Deciding
from selfamplify.errors import SelfAmplifyWarning, SettingsError
from selfamplify.evaluation.difference import Difference, difference
from selfamplify.prompting.prompt import Prompt
from selfamplify.records import Cost, Response
from selfamplify.runs.cell import Cell
from selfamplify.runs.comparison import conclusions, corrected_together, names
from selfamplify.runs.one_sided import note_one_sided
from selfamplify.runs.rows import Finished, comparisons

TASK = task(12, 30)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    folder = tmp_path_factory.mktemp("run")
    plan = Plan(("random", "auto_cot"), ("success", "error"), keywords=(2, 4), seeds=(0, 1, 2), shots=2)
    return folder, compare(scripted(talker), TASK, plan, folder)


def test_any_two_methods_of_a_selection_are_compared_once(run: tuple[Path, Table]):
    _, table = run
    pairs = [(each.selection, frozenset((each.first, each.second))) for each in table.comparisons]
    methods = ("io", "auto_cot", "random-k2", "random-k4")
    expected = {(way, frozenset((a, b))) for way in ("success", "error") for a in methods for b in methods if a != b}
    assert len(pairs) == len(set(pairs)) and set(pairs) == expected
    assert all(each.second == "io" for each in table.comparisons if "io" in (each.first, each.second))
    assert {(each.difference.contexts, each.difference.questions) for each in table.comparisons} == {(3, 30)}
    assert [each.difference.tests for each in table.comparisons] == [6] * 12  # with IO, and the others


def test_comparisons_are_contrasts_of_the_results(run: tuple[Path, Table]):
    folder, table = run
    right: dict[tuple[str, int], list[bool]] = {}
    for line in Run(folder).responses():
        if line.cell.selection == "error" and line.cell.method in ("io", "auto_cot"):
            right.setdefault((line.cell.method, line.cell.seed), []).append(line.correct)
    first, second = ([result(name, right[name, seed]) for seed in range(3)] for name in ("auto_cot", "io"))
    found = next(each for each in table.against() if (each.first, each.selection) == ("auto_cot", "error")).difference
    alone = contrast(first, second)
    assert (found.estimate, found.low, found.high, found.p) == (alone.estimate, alone.low, alone.high, alone.p)


def result(method: str, correct: list[bool]) -> Result:
    questions = tuple(question(number) for number in range(len(correct)))
    labels = ["B" if each else "A" for each in correct]
    responses = [Response(asked.id, "", label, "stated", Cost(1, 0.1)) for asked, label in zip(questions, labels, strict=True)]
    return Result(method, "small", "scripted", questions, tuple(responses))


def answered(*labels: str) -> Result:
    """Thirty questions, ten each with A, B and C as the true answer, and these labels as answers in turn."""
    questions = tuple(question(number, answer="ABC"[number % 3]) for number in range(30))
    given = (labels[number % len(labels)] for number in range(30))
    responses = [Response(asked.id, "", label, "stated", Cost(1, 0.1)) for asked, label in zip(questions, given, strict=True)]
    return Result("io", "small", "scripted", questions, tuple(responses))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("AAAAB", "24 of 30 answers of io are (A). The prompt seems to decide"),
        ("AAABB", "io never answers (C), which is right for 10 of 30 questions. Other shots may help"),
    ],
)
def test_answers_that_are_all_the_same_or_never_one_label_are_noted(labels: str, said: str):
    with pytest.warns(SelfAmplifyWarning, match=re.escape(said)) as plain:
        note_one_sided([("io", answered(*labels))], Deciding())
    with pytest.warns(SelfAmplifyWarning, match=re.escape(said)) as calibrated:
        note_one_sided([("io", answered(*labels))], Deciding("likelihood", "batch"))
    assert "calibrate" in str(plain[0].message) and "calibrate" not in str(calibrated[0].message)


def test_answers_of_all_labels_are_not_noted():
    note_one_sided([("io", answered(*"AAAAABBC"))], Deciding())


def test_a_table_can_be_tested_against_any_method(run: tuple[Path, Table]):
    _, table = run
    by_io = {(each.selection, each.first): each.difference for each in table.against("io")}
    found = table.against("random-k4")
    assert (
        len(found) == 6
        and {each.second for each in found} == {"random-k4"}
        and {each.difference.tests for each in found} == {6}
    )
    for each in found:
        if each.first == "io":
            mirrored = by_io[each.selection, "random-k4"]
            assert (each.difference.estimate, each.difference.p) == (-mirrored.estimate, mirrored.p)
    with pytest.raises(
        SettingsError, match="'lime' is not a method of this table; choose one of io, random-k2, random-k4, auto_cot"
    ):
        table.against("lime")


def test_results_json_holds_every_test_and_its_conclusion(run: tuple[Path, Table]):
    folder, table = run
    data = json.loads((folder / "results.json").read_text())
    assert len(data["comparisons"]) == len(table.comparisons) == 12
    for written, each in zip(data["comparisons"], table.comparisons, strict=True):
        assert written["conclusion"] == each.conclusion
        assert written["difference"]["p_holm"] == each.difference.p_holm
        assert written["difference"]["needed"] is None or set(written["difference"]["needed"]) == {"contexts", "questions"}
    assert data["conclusions"] == table.conclusions() and data["means"][0]["low"] <= data["means"][0]["mean"]
    assert Table.load(folder).comparisons == table.comparisons


def finished(method: str, seed: int, correct: list[bool]) -> Finished:
    return Finished(Cell(method, "error", 6, seed), Prompt(method, "", (), {}), result(method, correct), "error")


def test_methods_are_compared_in_the_contexts_that_both_have():
    some = [True, False, True]
    found = comparisons(
        [finished("io", 0, some), finished("io", 1, some), finished("auto_cot", 1, some), finished("self_exp", 2, some)]
    )
    assert [(each.first, each.second, each.difference.contexts) for each in found] == [("auto_cot", "io", 1)]


def test_names_tell_numbers_of_keywords_apart_only_where_they_must():
    rows = [("io", None), ("random", 4), ("random", 6), ("lime", 6), ("io", None)]
    assert list(names(rows).values()) == ["io", "random-k4", "random-k6", "lime"]


def gain(p: float, contexts: int = 3) -> Difference:
    return Difference(contexts, 200, 9, 3, 0.03, 0.001 if p < 0.05 else -0.01, 0.06, p, p, detectable=0.05)


def test_conclusions_say_each_difference_once_and_join_the_others():
    ps = {"a": 1e-5, "b": 0.02, "c": 0.4, "d": 0.9}
    found = conclusions(
        tuple(
            replace(each, difference=replace(each.difference, detectable=0.05))
            for each in corrected_together([Comparison("error", name, "io", gain(p)) for name, p in ps.items()])
        )
    )
    assert [line.split(" by ")[0] for line in found[:2]] == ["a is better than io", "b may be better than io"]
    assert "corrected for 4 tests" in found[0] and found[2] == "No difference from io was shown for c, d."
    assert (
        found[3].startswith("With 200 questions in 3 contexts and 4 tests, only a difference of 5.0 points or more")
        and len(found) == 4
    )


def test_conclusions_of_one_context_say_that_they_hold_for_its_shots():
    lines = conclusions(corrected_together([Comparison("error", "a", "io", gain(0.4, 1))]))
    assert lines[0].startswith("No difference between a and io was shown (+3.0 points")
    assert lines[-1].startswith("One context: all this holds for these shots only")
    apart = difference(np.arange(60)[None] < 11, (np.arange(60)[None] >= 11) & (np.arange(60)[None] < 14))
    assert apart.low > 0 and apart.verdict == "not shown"
    assert "; the test decides, with p = 0.057)" in conclusions([Comparison("error", "a", "io", apart)])[0]
    both = conclusions([Comparison("error", name, "io", apart) for name in "ab"])
    assert "The interval for a (p = 0.057), b (p = 0.057) excludes 0, but the test decides." in both[0]
    assert conclusions(()) == []
    ways = [Comparison(way, "a", "io", gain(1e-6)) for way in ("success", "error")]
    assert [line.split(" is ")[0] for line in conclusions(corrected_together(ways))] == ["a (success)", "a (error)"]
