"""Whole runs on real questions and real models: select, explain, answer, judge, and all again from the store."""

from dataclasses import replace
from pathlib import Path

import pytest
from small import shared

from selfamplify import DEFAULT, PAPER, Plan, Prompt, Run, ScoredWords, Table, Task, compare, load_model, load_task
from selfamplify.errors import ContextError

MODELS = ("stories260K", "cardputer-chat-3M")
TASKS = {"arc_challenge": ("arc", "selfamplify_ARC-Challenge-Train.csv"), "snarks": ("snarks", "bigbench_snarks_task.json")}
METHODS = ("auto_cot", "gradient_x_activation", "feature_ablation", "random", "self_topk", "self_exp", "zero_shot_cot")


def shortest(corpus: Task) -> Task:
    """The 20 shortest training questions, and the two shortest test questions."""
    train, test = (sorted(side, key=lambda question: len(question.render())) for side in (corpus.train, corpus.test))
    return replace(corpus, train=tuple(train[:20]), test=tuple(test[:2]))


@pytest.mark.long
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", TASKS)
def test_a_comparison_on_real_questions_is_finished_once_and_then_only_read(name: str, model: str, tmp_path: Path):
    answerer = load_model(shared("models", model))
    corpus = load_task(name, shared("data", *TASKS[name]))
    short = shortest(corpus)
    plan = Plan(METHODS, ("random",), keywords=(3,), shots=1, drop_shots=True)
    profile = DEFAULT.with_length(8)
    table = compare(answerer, short, plan, tmp_path, profile=profile)
    done = {row.explainer or row.method for row in table.rows} | {cell.split("-")[0] for cell in table.failed}
    assert done == {"io", *METHODS}
    for row in table.rows:
        assert row.n == 2 and 0 <= row.ci_low <= row.accuracy <= row.ci_high <= 1
    assert {row.explainer or row.method for row in table.rows} >= {"io", "random", "gradient_x_activation", "feature_ablation"}
    assert compare(answerer, short, plan, tmp_path, profile=profile).digest() == table.digest() == Table.load(tmp_path).digest()
    prompt = Prompt.load(tmp_path / "prompts" / "feature_ablation-random-k3-seed0.json")
    for shot in prompt.shots:
        assert shot.reply.startswith("The 3 keywords ") and shot.reply.endswith(f"({shot.question.answer})")
        text = shot.question.render()
        assert isinstance(shot.explanation, ScoredWords) and all(word in text for word in shot.explanation.words)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:Absent words were replaced")  # this profile pads, and the model pads with an end
def test_under_the_papers_profile_a_run_depends_on_the_seed_alone(tmp_path: Path):
    answerer = load_model(shared("models", "stories260K"))
    corpus = load_task("snarks", shared("data", *TASKS["snarks"]))
    short = shortest(corpus)
    plan = Plan(("kernel_shap", "self_exp"), ("random",), shots=1, settings={"samples": 90})
    profile = PAPER.with_length(8)
    table = compare(answerer, short, plan, tmp_path, profile=profile)
    again = compare(answerer, short, plan, tmp_path / "again", profile=profile)
    assert again.digest() == table.digest(), "sampled decoding must depend on the seed alone"
    assert "kernel_shap" in {row.explainer for row in table.rows}
    lines = Run(tmp_path).responses()
    assert {line.rule for line in lines} <= {"judge", "none"}, "under this profile, the model reads every response"
    for row in table.rows:
        read = [line for line in lines if str(line.cell).startswith(row.explainer or row.method)]
        assert len(read) == row.n and sum(line.correct for line in read) == row.correct
        assert row.unparsed == sum(line.label is None for line in read) / row.n


def test_prompts_that_do_not_fit_are_refused_before_any_answer(tmp_path: Path):
    answerer = load_model(shared("models", "cardputer-chat-3M"))
    corpus = load_task("arc_challenge", shared("data", *TASKS["arc_challenge"])).limited(3)
    with pytest.raises(ContextError, match="context of cardputer-chat-3M is 256; use .*`drop_shots=True`"):
        compare(answerer, corpus, Plan(("random",), ("random",), shots=6), tmp_path, profile=DEFAULT.with_length(8))
    assert not (tmp_path / "responses.jsonl").exists()
