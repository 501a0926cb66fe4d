"""Racing, choosing and testing: on made-up answers against brute force, and with models, the test questions unseen."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from scipy.stats import norm
from small import Run, number_of, right, scripted, task, wrong

from selfamplify import Budget, Prompt, ScriptedModel, SearchSpace, SettingsError, Tuning, build, evaluate, tune, tuning_table
from selfamplify.errors import RunError, SelfAmplifyWarning
from selfamplify.models.local.origin import EMBEDDED
from selfamplify.records import Chat
from selfamplify.runs.begun import begun
from selfamplify.tuning.budget import Clock, as_budget
from selfamplify.tuning.racing import entrants, race, within_one_error

SMALL = SearchSpace(("random",), ("random",), (0, 1), shots=(2,), keywords=(2,), orders=("xry",))


@given(st.integers(0, 4000), st.integers(3, 40), st.sampled_from([0, 50]))
def test_the_first_round_takes_half_of_the_answers_unless_few_arms_are_left(affordable: int, arms: int, extra: int):
    found = entrants(affordable, arms, extra, 3)
    if not found:
        assert affordable < 3 * (20 + extra)
        return
    assert 3 <= found <= arms and found * (20 + extra) <= affordable
    assert found == 3 or found * (20 + extra) <= affordable / 2
    assert found == arms or (found + 1) * (20 + extra) > affordable / 2


def matrix(accuracies: Sequence[float], questions: int, seed: int) -> np.ndarray:
    """Answers of arms with these true accuracies; what is hard for one is hard for all."""
    drawn = np.random.default_rng(seed)
    hard = drawn.normal(size=questions)
    own = drawn.normal(size=(len(accuracies), questions))
    scores = 0.7 * hard + np.sqrt(1 - 0.49) * own
    return scores < norm.ppf(accuracies)[:, None]


def raced(answers: np.ndarray, allowed: int) -> list[list[bool]]:
    """A race on these answers, each of which is asked for once and in the order of the questions."""
    asked = np.zeros(len(answers), dtype=int)

    def ask(place: int, start: int, stop: int, round_of: str) -> list[bool]:
        assert start == asked[place] < stop
        asked[place] = stop
        return answers[place, start:stop].tolist()

    arms, questions = answers.shape
    found = race(ask, arms, questions, allowed)
    assert [len(each) for each in found] == asked.tolist() and asked.sum() <= allowed
    assert all(own == answers[place, : len(own)].tolist() for place, own in enumerate(found))
    return found


@given(st.integers(1, 30), st.integers(1, 120), st.integers(0, 3000), st.integers(0, 99))
def test_a_race_ends_with_one_arm_all_questions_or_no_answers_left(arms: int, questions: int, allowed: int, seed: int):
    found = raced(np.random.default_rng(seed).random((arms, questions)) < 0.5, allowed)
    most = max(map(len, found))
    staying = len(within_one_error([each for each in found if len(each) == most])) if most else arms
    assert most == questions or staying == 1 or allowed - sum(map(len, found)) < staying


def test_an_arm_leaves_when_it_is_behind_by_more_than_one_error():
    answers = np.zeros((3, 60), dtype=bool)
    answers[0], answers[1, ::2], answers[2, 1:] = True, True, True  # the last one errs once: 0.05 behind, and so is the error
    assert [len(each) for each in raced(answers, 1000)] == [60, 20, 60]


def test_a_race_finds_an_arm_about_as_good_as_all_answers_do_for_a_quarter_of_them():
    accuracies = np.array([0.5, 0.45, *np.linspace(0.5, 0.75, 25)])
    lost, share = np.zeros((2, 400)), np.zeros(400)
    for seed in range(400):
        answers = matrix(accuracies.tolist(), 180, seed)
        found = raced(answers, answers.size)
        most = max(map(len, found))
        best = max((place for place, each in enumerate(found) if len(each) == most), key=lambda place: sum(found[place]))
        share[seed] = sum(map(len, found)) / answers.size
        lost[:, seed] = 0.75 - accuracies[[best, answers.sum(axis=1).argmax()]]
    assert share.mean() <= 0.25 and lost[0].mean() <= lost[1].mean() + 0.01


@given(st.lists(st.lists(st.booleans(), min_size=8, max_size=8), min_size=1, max_size=6))
def test_arms_within_one_error_are_those_of_the_definition(correct: list[list[bool]]):
    best = max(correct, key=sum)
    expected = []
    for place, own in enumerate(correct):
        lost = [int(a) - int(b) for a, b in zip(best, own, strict=True)]
        mean = sum(lost) / 8
        deviation = (sum((each - mean) ** 2 for each in lost) / 7) ** 0.5
        if mean <= deviation / 8**0.5 + 1e-9:
            expected.append(place)
    assert within_one_error(correct) == expected


@pytest.mark.parametrize(
    ("text", "budget"),
    [("90s", Budget(90.0)), ("5m", Budget(300.0)), (" 1.5 h", Budget(5400.0)), ("calls=20", Budget(calls=20))],
)
def test_budgets_are_read(text: str, budget: Budget):
    assert as_budget(text) == budget and as_budget(budget) is budget


@pytest.mark.parametrize("text", ["", "5", "m", "0m", "calls=0", "calls=-3", "5 minutes"])
def test_what_is_no_budget_is_refused(text: str):
    with pytest.raises(SettingsError, match=r"`budget=\"5m\"`"):
        as_budget(text)


@pytest.mark.parametrize("given", [{}, {"seconds": 5.0, "calls": 5}, {"seconds": 0.0}, {"calls": -1}])
def test_a_budget_is_either_a_time_or_a_number_of_answers(given: dict[str, Any]):
    with pytest.raises(SettingsError, match=r"`Budget\(calls=2000\)`"):
        Budget(**given)


def test_arms_are_each_one_way_to_make_a_prompt_and_the_baselines_come_first():
    arms = SearchSpace().arms()
    assert len(set(map(str, arms))) == len(set(arms)) == len(arms)
    assert [arm.method for arm in arms[:6]] == ["io", "zero_shot", "deep_lift", "self_exp", "self_topk", "auto_cot"]
    assert all(arm.keywords is None and arm.steps is None and arm.order == "xry" for arm in arms if arm.method == "io")
    with pytest.raises(SettingsError, match="unknown_method|is not a method|no method"):
        SearchSpace(("unknown_method",))
    with pytest.raises(SettingsError, match="not a tuple"):
        SearchSpace(shots=())


def helped(chat: Chat) -> str:
    """Right if the shots have keywords, else right for every third question only."""
    said = chat.messages[1].content if len(chat.messages) > 2 else ""
    answered = right(chat) if "keyword" in said or number_of(chat) % 3 == 0 else wrong(chat)
    return answered if chat.prefill.endswith("(") else f"the answer is ({answered})"


def test_settings_go_to_the_methods_that_have_them():
    space = replace(SMALL, methods=("kernel_shap", "random"), settings={"samples": 64})
    own = {arm.method: dict(arm.settings) for arm in space.arms()}
    assert own == {"io": {}, "zero_shot": {}, "kernel_shap": {"samples": 64}, "random": {}}
    assert all("samples=64" in str(arm) for arm in space.arms() if arm.method == "kernel_shap")
    with pytest.raises(SettingsError, match="None of the methods random has a setting 'samples'"):
        replace(SMALL, settings={"samples": 64})


def test_the_better_prompt_is_chosen_and_tested_on_questions_that_nothing_before_saw(tmp_path: Path):
    corpus = task(120, 90)
    unseen = {question.text for question in corpus.test}
    log: list[str] = []

    def script(chat: Chat) -> str:
        log.append(chat.question)
        return helped(chat)

    def seen(what: str, done: int, total: int) -> None:
        if not what.startswith("test"):
            assert not any(text in question for question in log for text in unseen)

    found = tune(scripted(script), corpus, tmp_path, budget="calls=600", space=SMALL, progress=seen)
    evidence = found.evidence
    assert evidence.arm.startswith("random-random-n2-k2") and evidence.accuracy == 1.0
    assert [rival.arm.split("-")[0] for rival in evidence.rivals] == ["io", "zero_shot"]
    assert all(rival.difference > 0.5 and rival.p < 0.001 for rival in evidence.rivals)
    assert evidence.conclusion.count(f"{evidence.arm} is better than") == 2
    shots = {shot.question.id for shot in found.prompt.shots}
    assert not shots & {question.id for question in corpus.test}
    assert found.calls["race"] + found.calls["test"] <= 600
    saved = Prompt.load(tmp_path)
    assert saved.evidence == evidence and saved.digest() == found.prompt.digest()
    assert json.loads((tmp_path / "tuning.json").read_text())["evidence"]["arm"] == evidence.arm
    asked = len(log)
    again = tune(scripted(script), corpus, tmp_path, budget="calls=600", space=SMALL)
    assert len(log) == asked and again == replace(found, settings=again.settings)
    assert evaluate(scripted(helped), corpus, saved).accuracy == 1.0


def test_an_interrupted_race_continues(tmp_path: Path):
    asked: list[str] = []

    def script(chat: Chat) -> str:
        asked.append(chat.question)
        if len(asked) == 150:
            raise KeyboardInterrupt
        return helped(chat)

    model = scripted(script)
    with pytest.raises(KeyboardInterrupt):
        tune(model, task(120, 90), tmp_path, budget="calls=600", space=SMALL)
    found = tune(model, task(120, 90), tmp_path, budget="calls=600", space=SMALL)
    whole = tune(scripted(helped), task(120, 90), tmp_path / "whole", budget="calls=600", space=SMALL)
    assert found.evidence == whole.evidence and found.raced == whole.raced


@pytest.mark.long
def test_where_answers_have_nothing_to_do_with_the_prompt_nothing_is_said_to_be_better(tmp_path: Path):
    claims = 0
    for seed in range(20):
        drawn = np.random.default_rng(seed)

        def script(chat: Chat, drawn: np.random.Generator = drawn) -> str:
            letter = "ABC"[drawn.integers(3)]
            return letter if chat.prefill.endswith("(") else f"the answer is ({letter})"

        found = tune(scripted(script), task(120, 90), tmp_path / str(seed), budget="calls=400", space=SMALL)
        claims += "better than io" in found.evidence.conclusion
    assert claims <= 1


def test_budgets_that_are_too_small_and_questions_that_are_too_few_are_refused(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"`budget=\"calls=9\"` does not suffice"):
        tune(scripted(helped), task(120, 9), tmp_path / "a", budget="calls=9", space=SMALL)
    with pytest.raises(SettingsError, match="12 training questions"):
        tune(scripted(helped), task(12, 9), tmp_path / "b", space=SMALL)
    with pytest.raises(SettingsError, match="validation=60"):
        tune(scripted(helped), task(120, 9), tmp_path / "c", space=SMALL, validation=90)


@pytest.mark.long
def test_the_answers_of_batch_calibration_are_part_of_the_budget_and_of_its_count(run: Run, tmp_path: Path):
    given = ["--methods", "random", "--seeds", 0, "--select", "random", "--shots", 1, "--keywords", 3, "--budget", "calls=330"]
    likely = ["--model", EMBEDDED, "--task", "planted_arc", "--decide", "likelihood", "--calibrate", "batch"]
    code, out, err = run("tune", *given, *likely, "--out", tmp_path)
    assert code == 0, err
    tuning, units = Tuning.load(tmp_path), begun(tmp_path).units
    answers = {name: sum(n for stage, n in units.items() if name in stage) for name in ("answering with", "calibrating with")}
    assert answers["calibrating with"] == 150 and sum(answers.values()) == tuning.calls["race"] + tuning.calls["test"] <= 330
    assert tuning.calls["grid"] == 3 * (tuning.settings["validation"] + 50)
    assert f"The race took {tuning.calls['race']} answers (asking all arms everything takes {tuning.calls['grid']})" in out


@pytest.mark.long
def test_one_folder_has_the_prompt_of_one_command(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tune(scripted(helped), task(120, 9), tmp_path / "tuned", budget="calls=240", space=SMALL)
    build(scripted(helped), task(120, 9), tmp_path / "built", method="io", selection="random", shots=2)
    before = {file: file.read_bytes() for file in tmp_path.glob("*/prompt.json")}

    def loaded(*given: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("selfamplify.runs.build.as_model", loaded)
    monkeypatch.setattr("selfamplify.tuning.tune.as_model", loaded)
    monkeypatch.setattr("selfamplify.cli.model_options.ModelOptions.load", loaded)
    with pytest.raises(RunError, match="tuned was made by `selfamplify tune`, whose prompt would be replaced.*tuned-2"):
        build("embedded", task(120, 9), tmp_path / "tuned", method="io", selection="random", shots=2)
    with pytest.raises(RunError, match="built was made by `selfamplify build`.*built-2"):
        tune("embedded", task(120, 9), tmp_path / "built", budget="calls=240", space=SMALL)
    for command, folder in (("tune", "built"), ("build", "tuned")):
        code, _, err = run(command, "--task", "planted_arc", "--out", tmp_path / folder)
        assert code == 2 and f"--out {tmp_path / folder}-2" in err and err.count("error:") == 1
    assert len(before) == 2 and all(file.read_bytes() == held for file, held in before.items())


def test_arms_that_the_budget_does_not_suffice_for_are_named(tmp_path: Path):
    space = replace(SMALL, seeds=tuple(range(12)))
    found = tune(scripted(helped), task(400, 90), tmp_path, budget="calls=600", space=space)
    raced = [str(each.arm) for each in found.raced]
    assert found.left_out and set(raced) | set(found.left_out) | set(found.failed) == set(map(str, space.arms()))
    assert not set(raced) & set(found.left_out) and Tuning.load(tmp_path).left_out == found.left_out


def test_replies_that_name_no_label_are_counted(tmp_path: Path):
    def silent(chat: Chat) -> str:
        return helped(chat) if chat.prefill.endswith("(") or number_of(chat) % 2 else "I do not know"

    found = tune(scripted(silent), task(120, 90), tmp_path, budget="calls=600", space=SMALL)
    for each in found.raced:
        asked = evaluate(scripted(silent), task(120, 90), found.prompt).unparsed
        assert each.unparsed is not None and abs(each.unparsed - asked) < 0.2
    assert found.evidence.unparsed == pytest.approx(evaluate(scripted(silent), task(120, 90), found.prompt).unparsed)
    console = Console(width=120)
    with console.capture() as shown:
        console.print(tuning_table(found))
    assert "unparsed" in shown.get()


def test_a_test_that_begins_after_the_time_is_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("selfamplify.tuning.budget.monotonic", itertools.count(0.0, 100.0).__next__)
    with pytest.warns(SelfAmplifyWarning, match="of 300s for the test; it asks 50 test questions all the same"):
        found = tune(scripted(helped), task(120, 90), tmp_path, budget="5m", space=SMALL, begun=0.0)
    assert found.evidence.test_questions == 50


def test_a_budget_of_time_counts_from_when_it_began(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("selfamplify.tuning.budget.monotonic", itertools.count(100.0, 10.0).__next__)
    clock = Clock.start(Budget(seconds=60.0), begun=70.0)
    assert (clock.seconds, clock.left) == (30.0, 20.0), "30 seconds were over, and 10 passed since"
    assert Clock.start(Budget(calls=9), begun=0.0).left == inf
    with pytest.raises(
        SettingsError,
        match='`budget="60s"` was used up by loading the model and the questions, which took 2.3 minutes; use a larger one',
    ):
        Clock.start(Budget(seconds=60.0), begun=0.0)


def test_the_command_line_counts_loading_the_model(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seconds = itertools.count()

    def loading(*_: object) -> ScriptedModel:
        next(seconds)
        return scripted(helped)

    def tuned(*given: object, begun: float, **further: object) -> None:
        assert next(seconds) - begun == 2, "a second for loading, and the next one now"
        raise SettingsError("enough")

    monkeypatch.setattr("selfamplify.cli.tune.monotonic", lambda: next(seconds))
    monkeypatch.setattr("selfamplify.cli.model_options.ModelOptions.load", loading)
    monkeypatch.setattr("selfamplify.tune", tuned)
    code, _, err = run("tune", "--task", "planted_arc", "--out", tmp_path)
    assert code == 2 and "enough" in err


def test_a_budget_of_time_with_room_asks_everything(tmp_path: Path):
    found = tune(scripted(helped), task(120, 90), tmp_path, budget="1h", space=SMALL)
    assert isinstance(found, Tuning) and found.evidence.test_questions == 90
    assert {each.n for each in found.raced} == {20, 60}, "the better ones are asked everything"


@pytest.mark.long
def test_command_line(run: Run, tmp_path: Path):
    given = ["--task", "planted_arc", "--model", EMBEDDED, "--methods", "self_exp", "--seeds", 0, "--select", "success"]
    code, out, err = run("tune", *given, "--shots", 2, "--budget", "calls=240", "--out", tmp_path, "--validation", 60)
    assert code == 0, err
    assert "chosen" in out and "test questions that the choice did not see" in out and "wrote the prompt to" in out
    assert Prompt.load(tmp_path).evidence is not None
    code, _, err = run("tune", *given, "--budget", "soon", "--out", tmp_path / "x")
    assert code == 2 and "--budget 5m" in err and err.count("error:") == 1
    assert run("evaluate", tmp_path, "--limit", 5)[0] == 0


def test_a_folder_with_another_race_is_refused_with_what_decides_its_arms(tmp_path: Path):
    tune(scripted(helped), task(120, 9), tmp_path, budget="calls=240", space=SMALL)
    with pytest.raises(
        RunError, match=r"The tuning in .* was started with other settings \(other arms \(`methods`, `selections`"
    ):
        tune(scripted(helped), task(120, 9), tmp_path, budget="calls=240", space=replace(SMALL, shots=(3,)))
