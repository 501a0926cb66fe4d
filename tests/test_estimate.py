"""What a comparison will take, against what it took, and against counts of the comparison itself."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from small import scripted, talker, task
from typer.testing import CliRunner

import selfamplify
from selfamplify import Estimate, Plan, Work, compare, estimate, estimate_table
from selfamplify.cli.app import app
from selfamplify.errors import SettingsError
from selfamplify.estimating.gpus import GPUS, gpu, on_gpu, weights_of
from selfamplify.methods.selection import SelectionName
from selfamplify.runs.begun import begun
from selfamplify.text.lines import duration


@pytest.fixture(scope="module")
def embedded() -> selfamplify.AbstractLanguageModel:
    return selfamplify.load_model("embedded")


def _works(found: Estimate) -> dict[str, Work]:
    return {each.what: each for each in found.works}


@pytest.mark.long
def test_the_estimate_counts_the_work_of_the_comparison(embedded: selfamplify.AbstractLanguageModel, tmp_path: Path):
    plan = Plan(("deep_lift", "self_exp"), ("success",), keywords=(4, 6), seeds=(0, 1), shots=4, limit=20)
    found = _works(estimate(embedded, "planted_arc", plan))
    table = compare(embedded, "planted_arc", plan, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "responses.jsonl").read_text().splitlines()]
    for name in ("io", "deep_lift", "self_exp"):
        rows = [row for row in table.rows if (row.explainer or row.method) == name]
        assert found[f"answering with {name}"].items == sum(row.n for row in rows) > 0
        assert found[f"answering with {name}"].groups == len(rows)
    assert sum(each.items for what, each in found.items() if what.startswith("answering")) == len(lines)
    # Both rows of deep_lift explain the same shots; self_exp has one row.
    assert found["explaining with deep_lift"].items == found["explaining with self_exp"].items == 2 * 4


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("selections", [("success", "error"), ("random", "success")])
def test_the_estimate_counts_every_question_that_the_comparison_asks(
    selections: tuple[SelectionName, ...], calibrated: bool, tmp_path: Path
):
    plan, asked = Plan(("zero_shot", "zero_shot_cot"), selections, shots=3, limit=5), task(200, 9)
    deciding: dict[str, Any] = {"decide": "likelihood", "calibrate": "batch"} if calibrated else {}
    if calibrated:
        plan = replace(plan, methods=("zero_shot",))
    found = estimate(scripted(talker), asked, plan, **deciding)
    model = scripted(talker)
    compare(model, asked, plan, tmp_path, **deciding)
    assert sum(each.items for each in found.works) == model.answered > 0


_SAMPLING = replace(selfamplify.DEFAULT, decoding=selfamplify.Decoding(do_sample=True))


@pytest.mark.long
@pytest.mark.parametrize(
    ("deciding", "zero_shot", "zero_shot_cot"),
    [
        ({}, 5, 5),
        ({"self_consistency": 2}, 10, 10),
        ({"profile": _SAMPLING}, 10, 10),
        ({"profile": _SAMPLING, "decide": "likelihood"}, 5, 10),  # nothing is written before the answer
    ],
)
def test_prompts_without_shots_are_answered_once_unless_replies_are_drawn(
    deciding: dict[str, Any], zero_shot: int, zero_shot_cot: int, tmp_path: Path
):
    plan = Plan(("zero_shot", "zero_shot_cot"), ("random", "success"), seeds=(0, 1), shots=3, limit=5)
    found = estimate(scripted(talker), task(200, 9), plan, **deciding)
    compare(scripted(talker), task(200, 9), plan, tmp_path, **deciding)
    units, replies = begun(tmp_path).units, deciding.get("self_consistency", 1)
    for name, items in (("io", 20), ("zero_shot", zero_shot), ("zero_shot_cot", zero_shot_cot)):
        kept = sum(count for stage, count in units.items() if stage.startswith(f"answering with {name} "))
        assert _works(found)[f"answering with {name}"].items == items == kept / replies
        assert _works(found)[f"answering with {name}"].groups == items // 5


@pytest.mark.long
def test_a_small_comparison_is_estimated_from_a_few_of_its_questions(embedded: selfamplify.AbstractLanguageModel):
    found = estimate(embedded, "planted_arc", Plan(("self_exp",), ("random",), shots=8, limit=20))
    assert {each.measured for each in found.works if each.what.startswith("answering")} == {4}
    assert _works(found)["explaining with self_exp"].measured == 2
    assert set(found.uncertain) == {each.what for each in found.works}
    large = estimate(embedded, "planted_arc", Plan(("self_exp",), ("random",), shots=8, limit=200))
    assert {each.measured for each in large.works if each.what.startswith("answering")} == {16}
    assert _works(large)["explaining with self_exp"].measured == 8


@pytest.mark.long
def test_prompts_of_ones_own_are_counted_once_for_all_samples(embedded: selfamplify.AbstractLanguageModel, tmp_path: Path):
    plan = Plan(("random",), ("random", "success"), shots=2, limit=6)
    mine = selfamplify.build(embedded, "planted_arc", tmp_path, method="io", selection="random", shots=3)
    found = _works(estimate(embedded, "planted_arc", plan, prompts={"mine": mine}))["answering with mine"]
    assert (found.items, found.groups) == (6, 1) and found.read + found.shared > 0
    drawn = _works(estimate(embedded, "planted_arc", replace(plan, seeds=(0, 1)), prompts={"mine": mine}, self_consistency=2))
    assert drawn["answering with mine"].items == 12


@pytest.mark.long
def test_tokens_are_those_of_the_replies(embedded: selfamplify.AbstractLanguageModel, tmp_path: Path):
    plan = Plan(("random",), ("random",), shots=2, limit=16)
    found = _works(estimate(embedded, "planted_arc", plan))
    assert isinstance(embedded, selfamplify.LocalModel)
    compare(embedded, "planted_arc", plan, tmp_path)
    texts = [json.loads(line)["text"] for line in (tmp_path / "responses.jsonl").read_text().splitlines()]
    written = sum(len(embedded.tokenizer.encode(text, add_special_tokens=False)) for text in texts)
    assert sum(each.written for each in found.values()) == pytest.approx(written, rel=0.02)


def test_a_method_that_can_not_be_explained_is_named(tmp_path: Path):
    found = estimate(scripted(talker), task(), Plan(("self_exp",), ("random",), shots=2, limit=2))
    assert "self_exp" in found.failed or "explaining with self_exp" in _works(found)
    assert "answering with io" in _works(found)
    assert found.seconds == sum(each.seconds for each in found.works)


@pytest.mark.long
def test_a_few_answers_of_every_method_are_measured_although_the_time_is_over(embedded: selfamplify.AbstractLanguageModel):
    plan = Plan(("random", "zero_shot"), ("random",), shots=2, limit=16)
    found = estimate(embedded, "planted_arc", plan, seconds=0.0)
    answered = [each for each in found.works if each.what.startswith("answering")]
    assert len(answered) == 3 and all(each.measured == 4 and each.seconds > 0 for each in answered)
    assert found.uncertain == tuple(each.what for each in answered)


def test_sums_hold_for_the_parts():
    work = Work("answering with io", 10, 2, 100, 50, 40, 9, 3.0, 5)
    found = Estimate("here", (work, work), {}, 1.0, 1.0, 0.1)
    assert (found.seconds, found.read, found.written) == (6.0, 280.0, 100.0)


def test_a_gpu_takes_longer_for_larger_models_and_less_time_with_more_operations():
    work = Work("explaining with kernel_shap", 8, 8, 2_000_000, 0, 0, 0, 100.0, 2)
    found = Estimate("here", (work,), {}, 1e9, 1e6, 1.0)
    small, large = (on_gpu(found, gpu("h100"), weights) for weights in (1e9, 7e9))
    assert small.seconds < large.seconds < on_gpu(found, gpu("t4"), 7e9).seconds
    assert large.read == found.read and large.fits and not on_gpu(found, gpu("t4"), 13e9).fits
    # 350 coalitions of 65 tokens took 0.86 s after 200 tokens and 1.03 s after 1,500, on an H200 with a model of this shape.
    measured = Work("explaining with kernel_shap", 1, 1, 350 * 65, 0, 0, 0, 0.0, 1)
    assert on_gpu(Estimate("", (measured,), {}, 0.0, 0.0, 0.0), gpu("h200"), 7.24e9).seconds == pytest.approx(1.0, rel=0.15)


def test_writing_on_a_gpu_takes_a_pass_per_token():
    # 64 questions of 50 tokens in a window took 1.84 s on an H200 with 32 layers.
    work = Work("answering with io", 64, 1, 64 * 60, 64 * 50, 1500, 50, 0.0, 64)
    assert on_gpu(Estimate("", (work,), {}, 0.0, 0.0, 0.0), gpu("h200"), 7.24e9).seconds == pytest.approx(2.1, rel=0.25)


@pytest.mark.parametrize(("size", "weights"), [("7b", 7e9), ("1.5B", 1.5e9), (" 135m ", 135e6), (None, None)])
def test_sizes_are_read(size: str | None, weights: float | None):
    assert weights_of(size) == weights


@pytest.mark.parametrize("size", ["7", "b", "0b", "7bb", "-1b"])
def test_other_sizes_are_refused(size: str):
    with pytest.raises(SettingsError, match='size="7b"'):
        weights_of(size)


def test_unknown_gpus_are_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="h100"):
        gpu("h10")
    with pytest.raises(SettingsError, match=next(iter(sorted(GPUS)))):
        gpu("abacus")


def test_a_model_without_weights_needs_a_size():
    plan = Plan(("random",), ("random",), shots=2, limit=2)
    with pytest.raises(SettingsError, match='`size="7b"`'):
        estimate(scripted(talker), task(), plan, on="h100")
    assert estimate(scripted(talker), task(), plan, on="h100", size="7b").machine.startswith("h100")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "less than 0.1 seconds"), (12.3, "12 seconds"), (200.0, "3.3 minutes"), (9000.0, "2.5 hours"), (1e6, "12 days")],
)
def test_durations_are_said_in_the_largest_unit_of_which_there_are_two(seconds: float, said: str):
    assert duration(seconds) == said


@pytest.mark.long
def test_the_table_has_a_line_for_each_part_and_the_sums(embedded: selfamplify.AbstractLanguageModel):
    found = estimate(embedded, "planted_arc", Plan(("random",), ("random",), shots=2, limit=4))
    console = Console(width=120)
    with console.capture() as shown:
        console.print(estimate_table(found))
    text = shown.get()
    assert all(each.what in text for each in found.works) and duration(found.seconds) in text


_COMMAND = ["compare", "--task", "planted_arc", "--methods", "random", "--select", "random", "--shots", "2", "--limit", "4"]


@pytest.mark.long
def test_the_command_needs_no_folder_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(app, [*_COMMAND, "--estimate"])
    assert shown.exit_code == 0 and re.search(r"About .* GB of memory, and \d+ MB in the run folder", shown.output)
    there = CliRunner().invoke(app, [*_COMMAND, "--estimate", "--gpu", "t4", "--size", "13b", "--out", "runs/none"])
    assert "does not fit on one such GPU" in there.output.replace("\n", " ") and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "--estimate"),
        (["--gpu", "h100", "--out", "runs/x"], "add --estimate"),
        (["--estimate", "--size", "7b"], "--gpu h100"),
    ],
)
def test_options_that_mean_nothing_together_are_refused(given: list[str], said: str):
    shown = CliRunner().invoke(app, [*_COMMAND, *given])
    assert isinstance(shown.exception, SettingsError) and said in str(shown.exception)
