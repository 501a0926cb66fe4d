"""Step 1: counts, samples and their independence of everything but the seed."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from small import mixed, right, scripted, task, wrong

from selfamplify import PAPER, Sample, Session, select
from selfamplify.errors import SelectionError, SettingsError
from selfamplify.work.memory import NoMemory


def ids(sample: Sample) -> list[str]:
    return [question.id for question in sample.questions]


@pytest.mark.parametrize(
    ("script", "qualifies", "counts"),
    [
        (right, "success", "12 asked, 12 success, 0 error, 0 discarded"),
        (wrong, "error", "12 asked, 0 success, 12 error, 0 discarded"),
        (lambda chat: "Z", None, "12 asked, 0 success, 0 error, 12 discarded"),
        (lambda chat: "", None, "12 asked, 0 success, 0 error, 12 discarded"),
    ],
)
@pytest.mark.parametrize("selection", ["success", "error"])
def test_select_counts_what_the_model_says(script, qualifies, counts: str, selection: str):
    session = Session(scripted(script))
    if qualifies == selection:
        sample = select(session, task(12), selection, 12, 0)
        assert str(sample.counts) == counts
        assert sorted(ids(sample)) == sorted(question.id for question in task(12).train)
    else:
        with pytest.raises(SelectionError, match=counts) as error:
            select(session, task(12), selection, 3, 0)
        assert "Only 0 of 3" in str(error.value)
        assert "--shots 0" not in str(error.value)
        assert "use --select" in str(error.value)
    assert session.model.answered <= 12  # pyright: ignore[reportAttributeAccessIssue]


def test_select_says_how_many_shots_there_are():
    with pytest.raises(SelectionError, match=r"Only 3 of 8 .*use --shots 3, --select random, or more") as error:
        select(Session(scripted(mixed)), task(12), "error", 8, 0)
    assert "12 asked, 6 success, 3 error, 3 discarded" in str(error.value)
    with pytest.raises(SelectionError) as error:
        select(Session(scripted(mixed)), task(12), "random", 13, 0)
    assert "--select" not in str(error.value)


def test_select_refuses_what_can_not_be():
    with pytest.raises(SettingsError, match="did you mean 'success'"):
        select(Session(scripted(right)), task(), "sucess", 3, 0)
    with pytest.raises(SettingsError, match="--shots 0"):
        select(Session(scripted(right)), task(), "success", -1, 0)


@pytest.mark.parametrize("selection", ["success", "error", "random"])
def test_select_of_no_shots_asks_nothing(selection: str):
    session = Session(scripted(right))
    assert select(session, task(), selection, 0, 0).questions == ()
    assert session.model.answered == 0  # pyright: ignore[reportAttributeAccessIssue]


@given(st.integers(0, 2**40), st.integers(0, 7), st.sampled_from(["success", "error", "random"]), st.randoms())
def test_select_depends_on_the_seed_alone(seed: int, shots: int, selection: str, rng: random.Random):
    corpus = task(30)
    rows = list(corpus.train)
    rng.shuffle(rows)
    sample = select(Session(scripted(mixed)), corpus, selection, shots, seed)
    assert select(Session(scripted(mixed)), replace(corpus, train=tuple(rows)), selection, shots, seed) == sample
    assert len(set(ids(sample))) == shots


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_select_does_not_depend_on_the_batch(size: int, monkeypatch: pytest.MonkeyPatch):
    wanted = select(Session(scripted(mixed)), task(40), "error", 6, 3)
    monkeypatch.setattr("selfamplify.methods.selection._BATCH", size)
    assert select(Session(scripted(mixed)), task(40), "error", 6, 3) == wanted


@given(st.integers(0, 2**40))
def test_select_success_and_error_are_disjoint_and_judged_by_the_prediction(seed: int):
    corpus = task(30)
    success, error = (select(Session(scripted(mixed)), corpus, name, 8, seed) for name in ("success", "error"))
    assert not set(ids(success)) & set(ids(error))
    numbers = [[int(name[1:]) // 3 % 3 for name in ids(sample)] for sample in (success, error)]
    assert numbers == [[0] * 8, [1] * 8]


def test_select_asks_no_more_batches_than_it_needs():
    model = scripted(right)
    select(Session(model, memory=NoMemory()), task(200), "success", 3, 0)
    assert model.answered == 29  # one of the seven equal parts of 200


def test_select_takes_every_question_equally_often():
    # 12 questions of 36 are errors; 3 shots over 400 seeds: each expects 100. Fixed seeds, so the test never flickers.
    drawn = Counter()
    for seed in range(400):
        drawn.update(ids(select(Session(scripted(mixed)), task(36), "error", 3, seed)))
    assert len(drawn) == 12 and sum(drawn.values()) == 1200
    assert chisquare(list(drawn.values())).pvalue > 0.001


def test_select_passes_over_questions_that_are_too_long():
    corpus = task(12)
    long = replace(corpus.train[0], text=corpus.train[0].text + " so" * 200)
    corpus = replace(corpus, train=(long, *corpus.train[1:]))
    sample = select(Session(scripted(right, context=100)), corpus, "success", 11, 0)
    assert long not in sample.questions
    assert sample.counts.too_long == 1
    with pytest.raises(SelectionError, match="11 success, 0 error, 0 discarded, 1 too long"):
        select(Session(scripted(right, context=100)), corpus, "success", 12, 0)


def test_select_reads_a_generated_token_under_the_papers_profile():
    sample = select(Session(scripted(mixed), PAPER), task(36), "error", 4, 0)
    assert {int(name[1:]) // 3 % 3 for name in ids(sample)} == {1}
    assert sample == select(Session(scripted(mixed)), task(36), "error", 4, 0)
