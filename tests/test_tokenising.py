"""A question is rendered and tokenised once after a prompt: for the context check, the key in the store, and the answer."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.tokenising import count_calls
from selfamplify import (
    DEFAULT,
    InputOutput,
    LocalModel,
    Plan,
    Prompt,
    Sample,
    Session,
    compare,
    evaluate,
    load_model,
    load_task,
)
from selfamplify.methods.predicting import ask
from selfamplify.runs.store import Store

QUESTIONS = 40
TASK = load_task("planted_arc").limited(QUESTIONS)


@pytest.fixture(scope="module")
def model() -> LocalModel:
    return load_model("embedded")


def io_prompt(model: LocalModel, length: int) -> Prompt:
    made = InputOutput().prompt(Session(model), TASK, Sample.of(TASK.train[:2], 0))
    return made.with_length(length)


@pytest.mark.long
@pytest.mark.parametrize("drop_shots", [False, True])
@pytest.mark.parametrize("in_folder", [False, True])
def test_each_question_is_rendered_and_tokenised_once(model: LocalModel, drop_shots: bool, in_folder: bool, tmp_path: Path):
    prompt = io_prompt(model, 12)
    calls = count_calls(model)
    result = evaluate(model, TASK, prompt, drop_shots=drop_shots, out=tmp_path if in_folder else None)
    assert result.unparsed == 0, "every reply must be read by rules, or the model is asked for conclusions"
    extra = QUESTIONS + 1 if drop_shots else 0  # the questions alone, of which the longest is tried with the shots
    assert calls.both == (QUESTIONS + extra, QUESTIONS + extra)


def test_a_finished_run_asks_nothing_but_renders_each_question_once_for_its_key(model: LocalModel, tmp_path: Path):
    prompt = io_prompt(model, 12)
    first = evaluate(model, TASK, prompt, out=tmp_path)
    calls = count_calls(model)
    assert evaluate(model, TASK, prompt, out=tmp_path) == first
    assert calls.both == (QUESTIONS, QUESTIONS)


def test_a_training_question_is_encoded_once_and_rendered_once_more_with_its_answers(model: LocalModel, tmp_path: Path):
    asked = TASK.train[:10]
    calls = count_calls(model)
    with Store(tmp_path) as store:
        assert len(list(ask(Session(model, store=store), asked, 0))) == 10
    assert calls.both == (2 * 10, (1 + 4) * 10)


def test_only_conclusions_need_more(model: LocalModel):
    prompt = io_prompt(model, 1)
    calls = count_calls(model)
    result = evaluate(model, TASK, prompt)
    concluded = sum(response.rule == "constrained" for response in result.responses)
    assert concluded == QUESTIONS, "a reply of one token names no answer"
    # A conclusion is measured once, and its labels, of which there are four, are tokenised in one rendering.
    assert calls.both == (QUESTIONS + 2 * concluded, QUESTIONS + (1 + 4) * concluded)


@pytest.mark.long
def test_each_row_of_a_comparison_renders_its_questions_once(model: LocalModel, tmp_path: Path):
    plan = Plan(("random",), ("random",), shots=2)
    calls = count_calls(model)
    table = compare(model, TASK, plan, tmp_path, profile=replace(DEFAULT, balance=False))
    assert [row.unparsed for row in table.rows] == [0.0, 0.0]
    # The training questions that become shots are checked once against the context.
    assert calls.both == (2 * QUESTIONS + 2, 2 * QUESTIONS + 2)
