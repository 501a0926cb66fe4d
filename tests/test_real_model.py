"""The whole road on a real small model, SmolLM2, and real sentences, where the model's package is installed.

Figures differ a little between machines, so only properties are checked, and wide margins.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import mean

import pytest
from small import Run, left_behind

import selfamplify
from selfamplify import (
    DEFAULT,
    LocalModel,
    NamedWords,
    Plan,
    Prompt,
    ScoredWords,
    Session,
    Task,
    WrittenText,
    attribute,
    build,
    compare,
    evaluate,
    explain_all,
    load_model,
    load_task,
    make_explainer,
    precision_at_k,
)
from selfamplify.cli import demo
from selfamplify.evaluation.precision import chance_of_precision
from selfamplify.methods.asking import asking
from selfamplify.models.local.named import SMOLLM2
from selfamplify.prompting.wording import copies_placeholders
from selfamplify.runs.responses import load_responses
from selfamplify.text.question_words import question_words

pytestmark = [
    pytest.mark.skipif(SMOLLM2.where() is None, reason=f"SmolLM2 is not installed; run: {SMOLLM2.install}"),
    # With few shots, this model now and then says the same to nearly all questions, and a note says so.
    pytest.mark.filterwarnings("ignore:.* answers of "),
]
SHOTS, KEYWORDS = 4, 3
SHORT = DEFAULT.with_length(60)

Build = Callable[[str], Prompt]


@pytest.fixture(scope="module")
def model() -> LocalModel:
    pytest.importorskip("gguf", reason="the package gguf is not installed")
    return load_model("smollm2", device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def task() -> Task:
    """The reviews, with so few training questions that calibration asks only 12 of them."""
    whole = load_task("reviews")
    return replace(whole, train=whole.train[: 12 + SHOTS])


@pytest.fixture(scope="module")
def built(model: LocalModel, task: Task, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A prompt of each method, made once."""
    folder = tmp_path_factory.mktemp("built")

    @cache
    def prompt(method: str) -> Prompt:
        settings = {"method": method, "selection": "success", "shots": SHOTS, "keywords": KEYWORDS, "profile": SHORT}
        return build(model, task, folder / method, **settings)

    return prompt


@pytest.mark.long
def test_model_is_found_by_its_name_and_answers(model: LocalModel, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(selfamplify, "load_model", lambda name, **_: {"smollm2": model}[name])
    code, out, _ = run("doctor", "--model", "smollm2")
    assert code == 0 and f"model smollm2: {SMOLLM2.where()}" in out and "smollm2 is loaded on cpu, in float32" in out
    assert out.partition("its reply: ")[2].strip()
    rates = re.findall(r"([\d.]+) GFLOP/s in (\w+)", out)
    assert [name for _, name in rates] == ["float32", "bfloat16"] and all(float(rate) > 0 for rate, _ in rates)


@pytest.mark.long
@pytest.mark.parametrize("method", ["io", "self_topk", "self_exp", "deep_lift"])
def test_shots_are_balanced_and_end_in_label_words_without_placeholders(built: Build, task: Task, method: str):
    prompt = built(method)
    assert prompt.answer_style == "label" and "(A)" not in str(prompt.context)
    assert Counter(shot.label for shot in prompt.shots) == {"A": SHOTS // 2, "B": SHOTS // 2}
    asked = {question.id: question for question in task.train}
    for shot in prompt.shots:
        assert shot.label == asked[shot.question.id].answer and not copies_placeholders(shot.reply)
        assert shot.reply.lower().endswith(f"the answer is {shot.question.called(shot.label)}")
    assert len({shot.reply for shot in prompt.shots}) == (2 if method == "io" else SHOTS)


@pytest.mark.parametrize("method", ["self_topk", "deep_lift"])
def test_keywords_are_words_of_their_sentence(built: Build, method: str):
    for shot in built(method).shots:
        assert isinstance(shot.explanation, NamedWords | ScoredWords)
        own = [word.text for word in question_words(shot.question)]
        assert set(shot.explanation.words) <= set(own)
        assert sum(f'"{word}"' in shot.reply for word in set(own)) == KEYWORDS


def test_explanations_in_sentences_say_something_of_their_own(built: Build):
    texts = [shot.explanation.text for shot in built("self_exp").shots if isinstance(shot.explanation, WrittenText)]
    assert len({*texts}) == SHOTS and all(4 <= len(text.split()) <= 60 for text in texts)


@pytest.mark.long
def test_replies_are_written_like_the_shots(model: LocalModel, task: Task, built: Build, tmp_path: Path):
    prompt = built("deep_lift")
    result = evaluate(model, task, prompt, limit=8, out=tmp_path)
    assert result.unparsed <= 0.25 and {*result.given} <= {"negative", "positive"}
    assert mean("keywords" in response.text for response in result.responses) >= 0.75
    assert result.cut <= 0.25 and left_behind(tmp_path)["results.json"]


@pytest.mark.long
def test_label_words_say_more_than_letters_by_calibrated_likelihood(
    model: LocalModel, task: Task, built: Build, tmp_path: Path
):
    """Measured: 83 % against 64 %. Half of the answers are right by chance."""
    lettered = replace(SHORT, answer_style="letter")
    letters = build(model, task, tmp_path, method="io", selection="success", shots=SHOTS, profile=lettered)
    wider = load_task("reviews")
    wider = replace(wider, train=wider.train[: 20 + SHOTS])
    words, letter = (
        evaluate(model, wider, prompt, limit=36, decide="likelihood", calibrate="batch").accuracy
        for prompt in (built("io"), letters)
    )
    assert words >= 0.6 and words >= letter + 0.04, (words, letter)


class _Stop(Exception):
    """Ends a run in its middle."""


@pytest.mark.long
def test_comparison_continues_and_a_finished_one_asks_nothing(
    model: LocalModel, task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    plan = Plan(("deep_lift",), ("success",), (KEYWORDS,), shots=2, limit=2, settings={"value": "margin"})
    stages: list[str] = []

    def stop(what: str, done: int, total: int) -> None:
        if what.startswith("answering with deep_lift"):
            raise _Stop

    def note(what: str, done: int, total: int) -> None:
        stages.append(what)

    with pytest.raises(_Stop):
        compare(model, task, plan, tmp_path, profile=SHORT, decide="likelihood", progress=stop)
    table = compare(model, task, plan, tmp_path, profile=SHORT, decide="likelihood", progress=note)
    assert {*stages} == {f"answering with deep_lift (success, {KEYWORDS} keywords)"}  # what was done before is not done again
    assert not table.failed and [row.explainer or row.method for row in table.rows] == ["io", "deep_lift"]
    before = left_behind(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the model is asked again")

    for name in ("next_token", "generated", "last_logits", "logits_from_embeddings"):
        monkeypatch.setattr(LocalModel, name, refuse)
    again = compare(model, task, plan, tmp_path, profile=SHORT, decide="likelihood")
    assert again.digest() == table.digest() and left_behind(tmp_path) == before


@pytest.mark.long
def test_deep_lift_finds_more_deciding_words_than_chance(model: LocalModel):
    """Measured on 40 reviews: 0.61 against 0.32."""
    profile, asked = asking(DEFAULT, load_task("reviews").limited(12))
    found = explain_all(Session(model, profile), make_explainer("deep_lift", {"value": "margin"}), asked.test, 0)
    gaps = [each.completeness_gap for each in found if isinstance(each, ScoredWords)]
    assert len(gaps) == 12 and all(gap is not None and gap < 0.01 for gap in gaps)
    words = zip(found, asked.test, strict=True)
    precision = mean(precision_at_k(each, question) for each, question in words if isinstance(each, ScoredWords))
    assert precision > mean(map(chance_of_precision, asked.test)) + 0.1


@pytest.mark.long
def test_question_is_explained_on_the_command_line(model: LocalModel, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(selfamplify, "load_model", lambda name, **_: {"smollm2": model}[name])
    question = load_task("reviews").test[0]
    line = ("explain", "--model", "smollm2", "--task", "reviews", "--question", question.id, "--explainer", "deep_lift")
    code, out, err = run(*line, "--keywords", KEYWORDS)
    assert code == 0, err
    assert question.text in " ".join(out.split()) and "score (margin)" in out
    name = {"A": "negative", "B": "positive"}[question.answer]
    assert f"are important to predict that the answer is {name}" in out.replace("\n", " ")


@pytest.mark.long
def test_any_answer_is_explained(model: LocalModel):
    review = "The plot is dull, and the ending is awful."
    found = attribute(
        model, f"Is this review negative or positive? {review}", "The review is negative", "deep_lift", span=review
    )
    assert [unit.text for unit in found.units] == ["The", "plot", "is", "dull", "and", "the", "ending", "is", "awful"]
    assert found.completeness_gap is not None and found.completeness_gap < 0.01


@pytest.mark.long
def test_demo_decides_by_likelihood_after_rationales_and_says_what_it_does_not_show(
    model: LocalModel, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    task = load_task("reviews")
    few = replace(task, train=task.train[:18])
    monkeypatch.setattr(selfamplify, "load_model", lambda name, **_: {"smollm2": model}[name])
    monkeypatch.setattr(selfamplify, "load_task", lambda name: {"reviews": few}[name])
    monkeypatch.setattr(demo, "_EXPLAINERS", ("deep_lift",))
    code, out, err = run("demo", "--real", "--limit", "2", "--out", tmp_path)
    assert code == 0, err
    parts = (
        "by batch-calibrated",
        "orked question",
        "The words that decide",
        "deep_lift",
        "What this does not show",
        "Next, use",
    )
    places = [out.rfind(part) for part in parts]
    assert -1 not in places and places == sorted(places), out
    for line in load_responses(tmp_path):
        assert line.rule == "batch-calibrated likelihood" and len(line.log_probabilities) == 2
        assert bool(line.text) == (line.cell.method == "deep_lift")
