"""Records that contradict themselves can't be made, and what a user sees of an object is short."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import question, scripted, talker, task

from selfamplify import (
    DEFAULT,
    Choice,
    Counts,
    Decoding,
    KernelShap,
    Plan,
    Question,
    Run,
    ScoredWords,
    SelfAmplify,
    Session,
    Store,
    Task,
    build,
    compare,
    evaluate,
    load_model,
    load_task,
    select,
)
from selfamplify.errors import DataError, SettingsError
from selfamplify.records import Generation, NamedWords, NextToken, Verdict, WrittenText

TWO = (Choice("A", "yes"), Choice("B", "no"))


@pytest.mark.parametrize(
    ("kind", "made_of", "essential"),
    [
        (Question, ("q", "Which?", TWO, "C"), "'C'.*A, B"),
        (Question, ("q", "Which?", TWO, "a"), "'a'"),
        (Question, ("q", "Which?", (), "A"), "'A'"),
        (Question, ("q", "Which?", (TWO[0], TWO[0]), "A"), "share a label"),
        (Decoding, (0,), "`max_new_tokens=1`"),
        (Decoding, (-3,), "`max_new_tokens=1`"),
        (Decoding, (5, False, 0), "`num_beams=1`"),
        (Decoding, (5, False, 1, -1), "`no_repeat_ngram_size=0`"),
        (ScoredWords, ("q", "x", ("a", "b"), (1.0,)), "1 scores for 2 words"),
        (ScoredWords, ("q", "x", (), (1.0,)), "1 scores for 0 words"),
        (ScoredWords, ("q", "x", ("a", "b"), (1.0, math.nan)), "finite"),
        (ScoredWords, ("q", "x", ("a",), (math.inf,)), "finite"),
        (ScoredWords, ("q", "x", ("a",), (-math.inf,)), "finite"),
        (Task, ("small", (), (question(),), {"A": "A", "B": "B", "C": "C"}), "0 train questions"),
        (Task, ("small", (question(),), (), {"A": "A", "B": "B", "C": "C"}), "0 test questions"),
        (Task, ("small", (question(),), (question(1),), {"A": "A"}), "B, C"),
    ],
)
def test_an_invalid_record_can_not_be_made(kind: type, made_of: tuple[Any, ...], essential: str):
    with pytest.raises(DataError, match=essential) as error:
        kind(*made_of)
    assert isinstance(error.value, ValueError)
    assert "\n" not in str(error.value)


def test_an_invalid_record_can_not_be_made_by_replacing_a_field():
    with pytest.raises(DataError):
        replace(question(), answer="D")
    with pytest.raises(SettingsError):
        DEFAULT.with_length(0)


@pytest.mark.parametrize(
    ("make", "essential"),
    [
        (lambda: select(Session(scripted(talker)), task(), "error", -1, 0), "`shots=8`"),
        (lambda: SelfAmplify(KernelShap(), keywords=0), "`keywords=6`"),
        (lambda: SelfAmplify(KernelShap(), steps=-1), "`steps=3`"),
        (lambda: Plan(("random",), shots=0), "`shots=8`"),
        (lambda: Plan(("random",), shots=-1), "`shots=8`"),
        (lambda: Plan(()), "at least one"),
        (lambda: Plan(("random",), selections=()), "at least one"),
        (lambda: Plan(("random",), keywords=(0,)), "`keywords=6`"),
        (lambda: Plan(("random",), settings={"samples": 3}), "leave `settings={'samples': 3}` out"),
        (lambda: Plan(("kernel_shap",), settings={"samples": 0}), "samples"),
    ],
)
def test_an_invalid_setting_is_refused(make: Any, essential: str):
    with pytest.raises(SettingsError, match=essential) as error:
        make()
    assert "\n" not in str(error.value)


@given(st.lists(st.sampled_from(["success", "error", "discarded", "too_long"])))
def test_counts_add_up(verdicts: list[Any]):
    counts = Counts()
    for verdict in verdicts:
        counts = counts.plus(verdict)
    assert counts.asked == counts.success + counts.error + counts.discarded
    assert all(getattr(counts, verdict) == verdicts.count(verdict) for verdict in get_args(Verdict))


@given(st.lists(st.floats(-50, 0), min_size=2, max_size=4))
def test_the_best_label_has_the_highest_log_probability(logs: list[float]):
    labels = "ABCD"[: len(logs)]
    best = NextToken("x", None, tuple(logs)).best(labels)
    assert best is not None and logs[labels.index(best)] == max(logs)
    assert NextToken("A", "A", ()).best(labels) == "A"
    assert NextToken("x", None, ()).best(labels) is None


@pytest.mark.long
def test_what_a_user_sees_of_an_object_is_short(tmp_path: Path):
    model, corpus = load_model("embedded"), load_task("planted_arc").limited(3)
    prompt = build(model, corpus, tmp_path / "one", method="random", shots=2)
    result = evaluate(model, corpus, prompt, out=tmp_path / "one", io=True)
    table = compare(scripted(talker), task(), Plan(("self_topk", "self_exp"), ("success",), shots=2), tmp_path / "two")
    explained = [shot.explanation for shot in prompt.shots]
    long = " ".join(["word"] * 500)
    many = ScoredWords("q1", "kernel_shap", tuple(long.split()), (0.5,) * 500)
    shown = [corpus, model, scripted(talker), prompt, result, result.io, table, *explained, many]
    shown += [NamedWords("q", "self_topk", ("a", "b")), WrittenText("q", "self_exp", "why")]
    shown += [Run(tmp_path / "one"), Store(tmp_path / "one"), KernelShap(), SelfAmplify()]
    for each in shown:
        assert type(each).__name__ in repr(each)
        assert len(repr(each)) < 200 + len(str(tmp_path)), repr(each)
        assert "\n" not in repr(each)


@pytest.mark.parametrize("kind", [NamedWords, WrittenText])
def test_a_long_text_of_a_model_is_not_shown_whole(kind: type):
    text = "why not? " * 200
    made = NamedWords("q", "self_topk", ("a",) * 300, text) if kind is NamedWords else WrittenText("q", "self_exp", text)
    assert len(repr(made)) < 200


def test_half_a_surrogate_pair_that_a_model_writes_is_replaced():
    assert Generation("so \ud83d it \U0001f600", 3, True).text == "so \ufffd it \U0001f600"
    assert NextToken("\udc00", None, ()).text == "\ufffd"
