"""A text that makes the logits NaN: that question fails, and no other; if all do, the weights are to blame."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from selfamplify import FeatureAblation, Question, Task, build, evaluate, explain_all, faithfulness, load_model, load_task
from selfamplify.errors import ExplanationError, ModelError, NotFiniteError, SelfAmplifyWarning
from selfamplify.explain.explaining import explain_each
from selfamplify.methods.predicting import ask
from selfamplify.models.local.model import LocalModel
from selfamplify.session import Session

pytestmark = pytest.mark.typed

COUNT = 12


@pytest.fixture(scope="module")
def task() -> Task:
    return load_task("planted_arc").limited(COUNT)


def poisoned(questions: Sequence[Question]) -> tuple[LocalModel, set[str]]:
    """The embedded model with NaN for one word that few of the questions have; and the ids of these questions."""
    model = load_model("embedded")
    assert isinstance(model, LocalModel)
    shown = {question.id: set(model.tokenizer.encode(question.render())) for question in questions}
    for token in sorted(set().union(*shown.values())):
        hit = {name for name, tokens in shown.items() if token in tokens}
        if len(hit) < 4 and str(model.tokenizer.decode([token])).strip().isalpha():
            poison(model, token)
            return model, hit
    raise AssertionError("no such word")


def poison(model: LocalModel, token: int | None) -> None:
    def spoil(module: Any, given: Any, made: torch.Tensor) -> torch.Tensor:
        hit = torch.ones_like(given[0], dtype=torch.bool) if token is None else given[0] == token
        return made.masked_fill(hit[..., None], float("nan"))

    model.embedding.register_forward_hook(spoil)


@pytest.mark.long
@pytest.mark.parametrize("decide", ["generate", "likelihood"])
def test_a_question_whose_logits_are_no_numbers_fails_alone(task: Task, decide: Any, tmp_path: Path):
    sound = load_model("embedded")
    prompt = build(sound, task, tmp_path / "prompt", method="zero_shot", shots=0, check=0)
    model, hit = poisoned(task.test)
    expected = evaluate(sound, task, prompt, decide=decide)
    for window in (64, 5, 1):
        model.window = window
        out = tmp_path / str(window)
        with pytest.warns(SelfAmplifyWarning, match=rf"not numbers for {len(hit)} of {COUNT} questions.*`dtype=\"float32\"`"):
            found = evaluate(model, task, prompt, decide=decide, out=out)
        failed = {each.question_id for each in found.responses if each.rule == "failed"}
        assert failed == hit and all(each.label is None for each in found.responses if each.question_id in hit)
        others = [(a.text, a.label) for a in found.responses if a.question_id not in hit]
        assert others == [(b.text, b.label) for b in expected.responses if b.question_id not in hit]
        assert '"rule": "failed"' in (out / "responses.jsonl").read_text()
        assert found.unparsed >= len(hit) / COUNT
    with pytest.warns(SelfAmplifyWarning, match="not numbers"):
        assert evaluate(model, task, prompt, decide=decide, out=out) == found, "failures are kept, too"


@pytest.mark.long
def test_a_model_whose_logits_are_never_numbers_ends_the_run_with_a_remedy(task: Task, tmp_path: Path):
    prompt = build(load_model("embedded"), task, tmp_path, method="zero_shot", shots=0, check=0)
    model = load_model("embedded")
    assert isinstance(model, LocalModel)
    poison(model, None)
    with pytest.raises(ModelError, match=f'for {COUNT} of {COUNT} questions.*`dtype="float32"`'):
        evaluate(model, task, prompt)
    with pytest.raises(ModelError, match='in a row.*`dtype="float32"`'):
        build(model, task, tmp_path / "other", method="io", selection="success", shots=2)


@pytest.mark.long
def test_a_training_question_without_numbers_is_never_a_shot(task: Task):
    model, hit = poisoned(task.train[:COUNT])
    asked = task.train[:COUNT]
    found = list(ask(Session(model), asked, 0))
    assert {each.question_id for each in found if each.failed} == hit
    assert all(each.label is None for each in found if each.failed)
    expected = list(ask(Session(load_model("embedded")), asked, 0))
    assert [a for a in found if not a.failed] == [b for b in expected if b.question_id not in hit]


@pytest.mark.long
def test_only_what_can_be_explained_is(task: Task, tmp_path: Path):
    model, hit = poisoned(task.test)
    attempts = explain_each(Session(model), FeatureAblation(), task.test, 0)
    assert {question.id for question, each in zip(task.test, attempts, strict=True) if not each.explanation} == hit
    assert all("not numbers" in each.fault for each in attempts if not each.explanation)
    found = faithfulness(model, task, ("feature_ablation",))
    assert found.questions <= COUNT - len(hit)
    with pytest.raises(ExplanationError, match="feature_ablation failed on question .*not numbers"):
        explain_all(Session(model), FeatureAblation(), task.test, 0)
    assert issubclass(NotFiniteError, ModelError)
