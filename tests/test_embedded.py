"""The embedded model and the commands that stand on it: what a user sees first."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binomtest
from typer.testing import CliRunner

from selfamplify import (
    PAPER,
    AutoCot,
    InputOutput,
    KernelShap,
    LocalModel,
    RandomWords,
    Sample,
    SelfAmplify,
    SelfExp,
    SelfTopk,
    Session,
    ZeroShot,
    evaluate,
    load_model,
    load_task,
    select,
)
from selfamplify.cli.app import app
from selfamplify.demo import __file__ as demo
from selfamplify.errors import DataError
from selfamplify.methods.method import AbstractMethod


@pytest.fixture(scope="module")
def embedded() -> LocalModel:
    return load_model()


def test_embedded_model_is_small_and_safe():
    files = list(Path(demo).parent.iterdir())
    assert sum(file.stat().st_size for file in files if file.is_file()) <= 15_000_000
    assert {"model.safetensors", "tokenizer.json", "config.json", "CARD.md"} <= {file.name for file in files}


@pytest.mark.parametrize("name", ["planted_arc", "planted_snarks"])
def test_embedded_model_answers_above_chance_and_better_with_its_own_steps(embedded: LocalModel, name: str):
    task = load_task(name).limited(300)
    plain, own = (
        evaluate(embedded, method.prompt(Session(embedded), task, Sample.of(task.train[:8], 0)).with_length(96), task)
        for method in (InputOutput(), SelfAmplify(SelfExp()))
    )
    assert binomtest(plain.correct, plain.n, 1 / len(task.labels), alternative="greater").pvalue < 1e-2
    assert own.correct > plain.correct and own.p_against(plain) < 1e-3


def test_embedded_model_learns_a_vague_word_from_shots_and_unlearns_it_from_wrong_ones(embedded: LocalModel):
    whole = load_task("planted_arc")
    vague = [tuple(each for each in side if each.text.endswith((" need?", " want?"))) for side in (whole.train, whole.test)]
    task = replace(whole, train=vague[0], test=vague[1][:100])
    shots = task.train[:8]
    wrong = tuple(replace(shot, answer=next(label for label in shot.labels if label != shot.answer)) for shot in shots)
    few, fooled = (
        evaluate(embedded, InputOutput().prompt(Session(embedded), task, Sample.of(shown, 0)), task) for shown in (shots, wrong)
    )
    none = evaluate(embedded, ZeroShot().prompt(Session(embedded), task, Sample.of(shots, 0)), task)
    assert few.correct > none.correct and few.p_against(none) < 1e-3
    assert few.correct > fooled.correct and few.p_against(fooled) < 1e-3


@pytest.mark.parametrize(
    "method",
    [InputOutput(), ZeroShot(), AutoCot(), *(SelfAmplify(e) for e in (KernelShap(), RandomWords(), SelfTopk(), SelfExp()))],
    ids=lambda method: getattr(method, "explainer", method).name,
)
def test_embedded_model_follows_every_format(embedded: LocalModel, method: AbstractMethod):
    task = load_task("planted_arc").limited(24)
    prompt = method.prompt(Session(embedded), task, Sample.of(task.train[:3], 0)).with_length(96)
    result = evaluate(embedded, prompt, task)
    assert result.unparsed <= 0.05
    assert {response.rule for response in result.responses} <= {"stated"}


def test_papers_profile_reads_labels_with_a_real_tokenizer(embedded: LocalModel):
    sample = select(Session(embedded, PAPER), load_task("planted_arc"), "error", 3, 0)
    assert len(sample.questions) == 3 and sample.counts.discarded < sample.counts.asked


def test_shots_among_the_test_questions_are_refused(embedded: LocalModel):
    task = load_task("planted_arc")
    prompt = InputOutput().prompt(Session(embedded), task, Sample.of(task.train[:3], 0))
    with pytest.raises(DataError, match="2 of the 3 shots are among the 4 test questions"):
        evaluate(embedded, prompt, replace(task, test=(*task.test[:2], *task.train[:2])))
    with pytest.raises(DataError, match="use --task planted_arc"):
        evaluate(embedded, prompt, replace(task, name="snarks"))


def test_doctor_and_demo_run(tmp_path: Path):
    runner = CliRunner()
    assert "and says: The answer is (" in runner.invoke(app, ["doctor"]).stdout
    result = runner.invoke(app, ["demo", "--out", str(tmp_path), "--limit", "6"])
    assert result.exit_code == 0 and "kernel_shap" in result.stdout
    rows = json.loads((tmp_path / "results.json").read_text())["rows"]
    wanted = "method explainer selection task model seed n correct accuracy ci_low ci_high p_vs_io unparsed seconds".split()
    assert len(rows) == 14 and all(set(wanted) <= set(row) for row in rows)
