"""The embedded model, and the commands that use it: what a user sees first."""

from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binomtest
from small import Run

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
    Table,
    ZeroShot,
    evaluate,
    load_model,
    load_task,
    select,
)
from selfamplify.cli.compare import METHODS
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


@pytest.mark.long
@pytest.mark.parametrize("name", ["planted_arc", "planted_snarks"])
def test_embedded_model_answers_above_chance_and_better_with_its_own_steps(embedded: LocalModel, name: str):
    task = load_task(name).limited(160)
    plain, own = (
        evaluate(embedded, task, method.prompt(Session(embedded), task, Sample.of(task.train[:8], 0)).with_length(96))
        for method in (InputOutput(), SelfAmplify(SelfExp()))
    )
    assert binomtest(plain.correct, plain.n, 1 / len(task.labels), alternative="greater").pvalue < 1e-2
    assert own.correct > plain.correct and own.against(plain).p < 1e-3


@pytest.mark.long
def test_embedded_model_learns_a_vague_word_from_shots_and_unlearns_it_from_wrong_ones(embedded: LocalModel):
    whole = load_task("planted_arc")
    vague = [tuple(each for each in side if each.text.endswith((" need?", " want?"))) for side in (whole.train, whole.test)]
    task = replace(whole, train=vague[0], test=vague[1][:100])
    shots = task.train[:8]
    wrong = tuple(replace(shot, answer=next(label for label in shot.labels if label != shot.answer)) for shot in shots)
    few, fooled = (
        evaluate(embedded, task, InputOutput().prompt(Session(embedded), task, Sample.of(shown, 0))) for shown in (shots, wrong)
    )
    none = evaluate(embedded, task, ZeroShot().prompt(Session(embedded), task, Sample.of(shots, 0)))
    assert few.correct > none.correct and few.against(none).p < 1e-3
    assert few.correct > fooled.correct and few.against(fooled).p < 1e-3


@pytest.mark.long
@pytest.mark.parametrize(
    "method",
    [InputOutput(), ZeroShot(), AutoCot(), *(SelfAmplify(e) for e in (KernelShap(), RandomWords(), SelfTopk(), SelfExp()))],
    ids=lambda method: getattr(method, "explainer", method).name,
)
def test_embedded_model_follows_every_format(embedded: LocalModel, method: AbstractMethod):
    task = load_task("planted_arc").limited(24)
    prompt = method.prompt(Session(embedded), task, Sample.of(task.train[:3], 0)).with_length(96)
    result = evaluate(embedded, task, prompt)
    assert result.unparsed <= 0.05
    assert {response.rule for response in result.responses} <= {"stated"}


def test_papers_profile_reads_labels_with_a_real_tokenizer(embedded: LocalModel):
    sample = select(Session(embedded, PAPER), load_task("planted_arc"), "error", 3, 0)
    assert len(sample.questions) == 3 and sample.counts.discarded < sample.counts.asked


def test_shots_among_the_test_questions_are_refused(embedded: LocalModel):
    task = load_task("planted_arc")
    prompt = InputOutput().prompt(Session(embedded), task, Sample.of(task.train[:3], 0))
    with pytest.raises(DataError, match="Shot 1, 2 of 3 are also among the 4 test questions"):
        evaluate(embedded, replace(task, test=(*task.test[:2], *task.train[:2])), prompt)
    with pytest.raises(DataError, match='task="planted_arc"'):
        evaluate(embedded, replace(task, name="snarks"), prompt)


@pytest.mark.long
def test_doctor_lets_the_embedded_model_answer(run: Run):
    code, out, _ = run("doctor")
    assert code == 0 and "its reply: The answer is (" in out and "torch" in out


@pytest.mark.long
def test_demo_compares_all_methods_and_shows_an_example(run: Run, tmp_path: Path):
    code, out, _ = run("demo", "--out", tmp_path, "--limit", "2")
    assert code == 0 and "selfamplify build --model MODEL" in out
    table = Table.load(tmp_path)
    assert not table.failed and {row.n for row in table.rows} == {2}
    assert {row.explainer or row.method for row in table.rows} == {"io", *METHODS.split(",")}
    assert all((row.explainer or row.method) in out for row in table.rows)
