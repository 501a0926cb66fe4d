"""Explanations as sentences: the paper's wording, and which keywords in which order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfamplify import Prompt, layout_for
from selfamplify.errors import ExplanationError
from selfamplify.prompting.chosen import best_pair, keywords
from selfamplify.prompting.formats.answer import AnswerFormat
from selfamplify.prompting.formats.decisive import DecisiveFormat
from selfamplify.prompting.formats.keywords import KeywordFormat
from selfamplify.prompting.formats.pair import PairFormat
from selfamplify.prompting.formats.steps import StepFormat
from selfamplify.prompting.formats.thought import ThoughtFormat
from selfamplify.prompting.wording import listed
from selfamplify.prompting.wordings import APPENDIX, LABELS, OURS
from selfamplify.records import DecisiveWords, NamedWords, ScoredPairs, ScoredWords, WrittenText
from selfamplify.text.stop_words import STOP_WORDS

SCORED = ScoredWords(
    "q", "x", ("The", "cat", "sat", "not", "on", "the", "Cat", "mat"), (9.0, 3.0, -1.0, 0.5, 8.0, 7.0, 4.0, 2.0)
)
WRITTEN = WrittenText("q", "self_exp", "why")
DECISIVE = DecisiveWords("q", "counterfactual", ("not", "mat"), "A", "B", True)
PAIRS = ScoredPairs("q", "x", ("The", "cat", "not", "Cat", "mat"), (9.0, 1.0, -4.0, 0.0, 1.0),
                    (9.0, 9.0, 9.0, 9.0, 0.5, 8.0, 0.2, 1.5, 2.5, -1.0), "logit")  # fmt: skip


def test_a_keyword_rationale_is_the_papers_sentence():
    # Section 3.3: "The k keywords <word1>, <word2>, ..., and <wordk> are important to predict that the answer is <y>".
    said = KeywordFormat(OURS, 3).reply(SCORED, "B")
    assert said == 'The 3 keywords "not", "Cat", and "mat" are important to predict that the answer is (B)'
    assert KeywordFormat(OURS, 1).reply(SCORED, "C") == 'The keyword "Cat" is important to predict that the answer is (C)'


def test_a_keyword_rationale_of_two_words():
    said = KeywordFormat(OURS, 2).reply(SCORED, "A")
    assert said == 'The 2 keywords "Cat" and "mat" are important to predict that the answer is (A)'


def test_a_keyword_rationale_with_fewer_words_than_k_states_their_true_number():
    said = KeywordFormat(OURS, 6).reply(SCORED, "B")
    assert said.startswith('The 4 keywords "sat", "not", "Cat", and "mat" are')


def test_keywords_are_not_stop_words_even_if_these_have_the_highest_scores():
    assert keywords(SCORED, 2) == ["Cat", "mat"]
    assert {"not", "no", "most", "least", "before", "after"}.isdisjoint(STOP_WORDS)


def test_stop_words_alone_make_no_rationale():
    with pytest.raises(ExplanationError, match="q has only stop words"):
        KeywordFormat(OURS, 2).reply(ScoredWords("q", "x", ("the", "of"), (1.0, 2.0)), "A")


def test_named_keywords_keep_their_order_and_may_be_stop_words():
    named = NamedWords("q", "self_topk", ("mat", "before", "on", "Mat"))
    assert keywords(named, 6) == ["mat", "before", "on"]
    assert keywords(named, 2) == ["mat", "before"]


WORDS = st.lists(
    st.tuples(
        st.text("abAB", min_size=1, max_size=2) | st.sampled_from(["the", "Of", "not"]), st.floats(-9, 9, allow_nan=False)
    ),
    min_size=1,
    max_size=12,
)


@given(WORDS, st.integers(1, 14))
def test_keywords_are_the_distinct_words_with_the_highest_scores_in_the_order_of_the_text(
    pairs: list[tuple[str, float]], k: int
):
    chosen = keywords(ScoredWords("q", "x", tuple(word for word, _ in pairs), tuple(score for _, score in pairs)), k)
    candidates = {word.lower() for word, _ in pairs} - STOP_WORDS
    best = {word: max(score for other, score in pairs if other.lower() == word) for word in candidates}
    assert len(chosen) == min(k, len(candidates))
    lowered = [word.lower() for word in chosen]
    assert len(set(lowered)) == len(lowered) and set(lowered) <= candidates
    left_out = [best[word] for word in candidates - set(lowered)]
    assert not left_out or max(left_out) <= min(best[word] for word in lowered)
    text = iter(word for word, _ in pairs)
    assert all(word in text for word in chosen), "the keywords are not in the order of the text"


def test_a_step_rationale_is_the_papers_sentence():
    written = WrittenText("q", "self_exp", "It rains, so it is wet. Wet is slow;")
    said = StepFormat(OURS, 3).reply(written, "B")
    assert said == "3-step rationale: It rains, so it is wet. Wet is slow, therefore the answer is (B)"


def test_thought_and_answer_formats():
    thought = WrittenText("q", "auto_cot", "Wet is slow.")
    assert ThoughtFormat(OURS).reply(thought, "C") == "Let's think step by step. Wet is slow. Therefore, the answer is (C)"
    assert AnswerFormat(OURS).reply(None, "D") == "The answer is (D)"


@pytest.mark.parametrize(
    ("words", "answer", "without", "said"),
    [
        (("not", "mat"), "A", "B", 'If "not" and "mat" were not there, the answer would be (B), therefore the answer is (A)'),
        (("not",), "A", "A", 'If "not" were not there, (A) would be a less likely answer, therefore the answer is (A)'),
        (
            ("not",),
            "B",
            "A",
            'If "not", which might suggest (B), were not there, the answer would be (A), therefore the answer is (A)',
        ),
        (
            ("a", "b", "c"),
            "B",
            "B",
            'If "a", "b", and "c", which might suggest (B), were not there, (A) would be a more likely answer, '
            "therefore the answer is (A)",
        ),
    ],
)
def test_a_rationale_by_decisive_words_says_what_the_model_answers(words, answer, without, said):
    assert DecisiveFormat(OURS).reply(DecisiveWords("q", "x", words, answer, without, True), "A") == said


def test_decisive_words_and_pairs_of_a_classification_name_its_labels():
    said = DecisiveFormat(LABELS).reply(DecisiveWords("q", "x", ("dull",), "negative", "positive", True), "negative")
    assert said == 'If "dull" were not there, the answer would be positive. Therefore, the answer is negative'
    said = PairFormat(LABELS).reply(PAIRS, "negative")
    assert said == 'The words "cat" and "mat" together are important to predict that the answer is negative'


def test_a_pair_is_the_highest_of_two_different_keywords_that_support_the_answer():
    assert best_pair(PAIRS) == (1, 4)  # not and mat do more together, but with what they do alone they count against the answer
    assert PairFormat(OURS).reply(PAIRS, "A").startswith('The words "cat" and "mat" together')
    against = ScoredPairs("q", "x", ("cat", "mat", "hat"), (-1.0, -1.0, -1.0), (-3.0, -1.0, -2.0), "logit")
    assert best_pair(against) == (0, 2), "no pair supports the answer"
    with pytest.raises(ExplanationError, match="fewer than two different keywords"):
        PairFormat(OURS).reply(ScoredPairs("q", "x", ("cat", "the", "Cat"), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), "logit"), "A")


def test_instructions_name_the_labels_the_number_and_an_example():
    # Appendix A.3, including its spelling in the paper's wording.
    said = KeywordFormat(APPENDIX, 6).instruction("ABCD")
    assert said == (
        "You are presented with multiple choice question, where choices will look like (A), (B), (C) or (D), generate 6 "
        "keywords providing hints and generate the right single answer\nOuput example: The 6 keywords "
        '"word1", "word2" ... and "word6" are important to predict that the answer is (A)'
    )
    assert StepFormat(OURS, 2).instruction("AB").endswith("2-step rationale: step1, step2, therefore the answer is (A)")
    assert (
        DecisiveFormat(OURS)
        .instruction("AB")
        .endswith('If "word1" and "word2" were not there, the answer would be (B), therefore the answer is (A)')
    )
    assert PairFormat(OURS).instruction("AB").endswith(PairFormat(OURS).opening + 'word1" and "word2" together are important '
                                                       "to predict that the answer is (A)")  # fmt: skip
    assert "(A) or (B)." in AnswerFormat(OURS).instruction("AB")
    assert OURS.choices("A") == "(A)"


def test_the_layout_depends_on_the_kind_of_the_explanations():
    named = NamedWords("q", "self_topk", ("mat",))
    for words in (SCORED, named):
        assert layout_for([words], OURS, 4, 3) == KeywordFormat(OURS, 4)
    assert layout_for([WRITTEN], OURS, 4, 2) == StepFormat(OURS, 2)
    assert layout_for([DECISIVE], OURS) == DecisiveFormat(OURS) and layout_for([PAIRS], OURS) == PairFormat(OURS)


@pytest.mark.parametrize(
    ("layout", "unsuitable"),
    [
        (KeywordFormat(OURS), (None, WRITTEN)),
        (StepFormat(OURS), (None, SCORED)),
        (DecisiveFormat(OURS), (None, SCORED)),
        (PairFormat(OURS), (None, SCORED)),
        (ThoughtFormat(OURS), (None, SCORED)),
    ],
)
def test_a_format_refuses_an_explanation_of_another_kind(layout, unsuitable):
    for explanation in unsuitable:
        with pytest.raises(TypeError, match="is written from"):
            layout.reply(explanation, "A")


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4), st.text(min_size=1))
def test_texts_are_inserted_and_never_used_as_templates(words: list[str], text: str):
    hostile = NamedWords("q", "x", tuple(f"{word}{{label}}{{0}}" for word in words))
    assert listed(keywords(hostile, 9)) in KeywordFormat(OURS, 9).reply(hostile, "A")
    said = ThoughtFormat(OURS).reply(WrittenText("q", "x", text + "{thought}"), "A")
    assert said == f"Let's think step by step. {text}{{thought}} Therefore, the answer is (A)"


@pytest.mark.parametrize(
    ("layout", "explanation", "opening"),
    [
        (AnswerFormat(OURS), None, "The answer is ("),
        (KeywordFormat(OURS, 3), SCORED, 'The 3 keywords "'),
        (DecisiveFormat(OURS), DECISIVE, 'If "'),
        (PairFormat(OURS), PAIRS, 'The words "'),
        (KeywordFormat(APPENDIX, 1), SCORED, 'The keyword "'),
        (StepFormat(OURS, 2), WRITTEN, "2-step rationale:"),
        (ThoughtFormat(OURS), WRITTEN, "Let's think step by step."),
    ],
)
def test_every_reply_begins_with_the_opening(layout: Any, explanation: Any, opening: str):
    assert layout.opening == opening
    assert layout.reply(explanation, "B").startswith(opening)
    written = layout.reply(explanation, "B").removeprefix(opening)
    prompt = Prompt("mine", "?", (), {}, prefill=opening)
    assert prompt.reply(written.strip()) == layout.reply(explanation, "B")
