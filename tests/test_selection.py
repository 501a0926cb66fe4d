"""Step 1: which questions become shots, what is counted, and that samples depend on the seed alone."""

import random
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from small import mixed, number_of, right, scripted, task, wrong

from selfamplify import DEFAULT, PAPER, Sample, Session, Store, select
from selfamplify.errors import SelectionError, SelfAmplifyWarning, SettingsError
from selfamplify.models.scripted import ScriptedModel
from selfamplify.records import Chat, Encoded

SELECTIONS = ("success", "error", "random")
UNBALANCED = replace(DEFAULT, balance=False)


def ids(sample: Sample) -> list[str]:
    return [question.id for question in sample.questions]


@pytest.mark.parametrize(
    ("script", "qualifies", "counts"),
    [
        (right, "success", "12 looked at, 12 success, 0 error, 0 discarded"),
        (wrong, "error", "12 looked at, 0 success, 12 error, 0 discarded"),
        (lambda chat: "Z", None, "12 looked at, 0 success, 0 error, 12 discarded"),
        (lambda chat: "", None, "12 looked at, 0 success, 0 error, 12 discarded"),
    ],
)
@pytest.mark.parametrize("selection", ["success", "error"])
def test_select_counts_what_the_model_answers(
    script: Callable[[Chat], str], qualifies: str | None, counts: str, selection: str
):
    model = scripted(script)
    if qualifies == selection:
        sample = select(Session(model), task(12), selection, 12, 0)
        assert str(sample.counts) == counts
        assert sorted(ids(sample)) == sorted(question.id for question in task(12).train)
    else:
        with pytest.raises(SelectionError, match=counts) as error:
            select(Session(model), task(12), selection, 3, 0)
        assert "Only 0 of 3" in str(error.value)
        assert "`shots=0`" not in str(error.value)
        assert "use `selection=" in str(error.value)
    assert model.answered <= 12


def test_select_says_how_many_shots_there_are():
    with pytest.raises(SelectionError, match=r"Only 3 of 8 .*use `shots=3`, or `selection=\"random\"`, or more") as error:
        select(Session(scripted(mixed)), task(12), "error", 8, 0)
    assert "12 looked at, 6 success, 3 error, 3 discarded" in str(error.value)
    with pytest.raises(SelectionError) as error:
        select(Session(scripted(mixed)), task(12), "random", 13, 0)
    assert "`selection=" not in str(error.value), "no selection would do"


def test_more_shots_than_training_questions_are_refused_before_the_model_is_asked():
    model = scripted(mixed)
    with pytest.raises(SelectionError, match="12 training questions, too few for 13 shots; use `shots=12`"):
        select(Session(model), task(12), "error", 13, 0)
    assert model.answered == 0


def test_select_refuses_invalid_settings():
    with pytest.raises(SettingsError, match="did you mean 'success'"):
        select(Session(scripted(right)), task(), "sucess", 3, 0)
    with pytest.raises(SettingsError, match="`shots=-1`.*at least 0"):
        select(Session(scripted(right)), task(), "success", -1, 0)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_selecting_no_shots_asks_nothing(selection: str):
    model = scripted(right)
    assert select(Session(model), task(), selection, 0, 0).questions == ()
    assert model.answered == 0


@given(st.integers(0, 2**40), st.integers(0, 7), st.sampled_from(SELECTIONS), st.randoms())
def test_a_sample_depends_on_the_seed_alone(seed: int, shots: int, selection: str, rng: random.Random):
    corpus = task(30)
    rows = list(corpus.train)
    rng.shuffle(rows)
    sample = select(Session(scripted(mixed)), corpus, selection, shots, seed)
    assert select(Session(scripted(mixed)), replace(corpus, train=tuple(rows)), selection, shots, seed) == sample
    assert len(set(ids(sample))) == shots


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_smaller_sample_is_the_start_of_a_larger_one_across_all_batches(selection: str):
    corpus, seed = task(100), 3
    whole = select(Session(scripted(mixed)), corpus, selection, 30, seed)
    for shots in range(30):
        sample = select(Session(scripted(mixed)), corpus, selection, shots, seed)
        assert sample.questions == whole.questions[:shots]
        assert sample.counts.asked <= whole.counts.asked


@given(st.integers(0, 2**40))
def test_success_and_error_are_disjoint_and_judged_by_the_prediction(seed: int):
    corpus = task(30)
    success, error = (select(Session(scripted(mixed)), corpus, name, 8, seed) for name in ("success", "error"))
    assert not set(ids(success)) & set(ids(error))
    numbers = [[int(name[1:]) // 3 % 3 for name in ids(sample)] for sample in (success, error)]
    assert numbers == [[0] * 8, [1] * 8]


@pytest.mark.parametrize("shots", [1, 3, 40])
def test_select_asks_at_most_one_batch_more_than_it_needs(shots: int):
    model = scripted(right)
    sample = select(Session(model, UNBALANCED), task(200), "success", shots, 0)
    assert sample.counts.asked == shots
    assert shots <= model.answered <= shots + 32


def test_a_stored_prediction_is_not_asked_again(tmp_path: Path):
    model = scripted(mixed)
    with Store(tmp_path) as store:
        sample = select(Session(model, store=store), task(60), "error", 4, 0)
        asked = model.answered
        assert select(Session(model, store=store), task(60), "error", 4, 0) == sample
        assert model.answered == asked
        select(Session(model, store=store), task(60), "success", 20, 0)
        assert model.answered <= 60, "both selections rest on the same predictions"


def test_select_takes_every_question_equally_often():
    # 12 questions of 36 are errors; 3 shots over 400 seeds: each is expected 100 times. The seeds are fixed, so the test
    # always has the same result.
    drawn = Counter()
    for seed in range(400):
        drawn.update(ids(select(Session(scripted(mixed), UNBALANCED), task(36), "error", 3, seed)))
    assert len(drawn) == 12 and sum(drawn.values()) == 1200
    assert chisquare(list(drawn.values())).pvalue > 0.001


def test_shots_with_one_answer_are_noted():
    def always(label: str) -> Callable[[Chat], str]:
        return lambda chat: label

    with pytest.warns(SelfAmplifyWarning, match=r"6 of the 6 shots have the answer \(B\)"):
        select(Session(scripted(always("B"))), task(60), "success", 6, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        select(Session(scripted(right)), task(60), "success", 30, 0)


@pytest.mark.parametrize("selection", ["success", "random"])
def test_the_context_is_checked_only_for_the_questions_that_come_up(selection: str):
    class Counting(ScriptedModel):
        encoded = 0

        def encode(self, chat: Chat) -> Encoded:
            self.encoded += 1
            return super().encode(chat)

    model = Counting(right)
    select(Session(model), task(2000), selection, 8, 0)
    assert model.encoded <= 2 * 32


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_pool_of_questions_that_are_all_too_long_says_so(selection: str):
    with pytest.raises(SelectionError, match="the model was not asked, 12 too long.*a longer context"):
        select(Session(scripted(right, context=3)), task(12), selection, 3, 0)


def test_select_skips_questions_that_are_too_long():
    corpus = task(12)
    long = replace(corpus.train[0], text=corpus.train[0].text + " so" * 200)
    corpus = replace(corpus, train=(long, *corpus.train[1:]))
    sample = select(Session(scripted(right, context=100)), corpus, "success", 11, 0)
    assert long not in sample.questions
    assert sample.counts.too_long == 1
    with pytest.raises(SelectionError, match="11 success, 0 error, 0 discarded, 1 too long"):
        select(Session(scripted(right, context=100)), corpus, "success", 12, 0)


def test_under_the_papers_profile_a_generated_token_is_read():
    sample = select(Session(scripted(mixed), PAPER), task(36), "error", 4, 0)
    assert {int(name[1:]) // 3 % 3 for name in ids(sample)} == {1}
    assert sample == select(Session(scripted(mixed), UNBALANCED), task(36), "error", 4, 0)


@given(st.integers(0, 2**40), st.integers(1, 12), st.sampled_from(SELECTIONS), st.sampled_from(["ABC", "AAAB", "AABBBC"]))
def test_answers_are_as_even_as_the_qualified_questions_allow(seed: int, shots: int, selection: str, answers: str):
    corpus = task(120, answers=answers)

    def says(chat: Chat) -> str:
        number = number_of(chat)
        true = answers[number % len(answers)]
        return true if number // 6 % 2 else "ABC"["ABC".index(true) - 1]

    counts = Counter(question.answer for question in select(Session(scripted(says)), corpus, selection, shots, seed).questions)
    assert sum(counts.values()) == shots
    even = [counts[label] for label in set(answers)]
    assert max(even) - min(even) <= 1


def test_labels_that_never_qualify_are_not_looked_for_without_end():
    model = scripted(lambda chat: "B")
    with pytest.warns(SelfAmplifyWarning, match=r"6 of the 6 shots have the answer \(B\)"):
        sample = select(Session(model), task(2000), "success", 6, 0)
    assert sample.counts.asked <= 6 * 3 * 4 + 256 + 32


def test_a_label_that_hardly_any_question_has_is_not_looked_for():
    corpus = task(300, answers="AB" * 140 + "C")
    sample = select(Session(scripted(mixed)), corpus, "random", 8, 0)
    assert Counter(question.answer for question in sample.questions)["A"] >= 3
