"""Explanations that a model writes: what is wrong with them, and what is done about it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import number_of, question, scripted, task

from selfamplify import (
    DEFAULT,
    AutoCot,
    Choice,
    Decoding,
    Question,
    Sample,
    ScriptedModel,
    SelfExp,
    SelfTopk,
    Session,
    amplify,
    explain_all,
)
from selfamplify.errors import ExplanationError
from selfamplify.methods.asking import asking
from selfamplify.prompting.faults import COPIED, CUT, EMPTY, REPEATED, counts_of, fault, sentences
from selfamplify.prompting.wording import copies_placeholders, listed
from selfamplify.prompting.wordings import LABELS, OURS
from selfamplify.records import Chat, Encoded, Generation, WrittenText

GOOD = "rubbing warms dry palms. Water cools. Oil is slippery."
BAD = {
    "": EMPTY,
    "...": EMPTY,
    "____": EMPTY,
    "It _is_ so.": EMPTY,
    "therefore the answer is (B)": EMPTY,
    "The text shows it.": EMPTY,
    "The author says so. That is why. Therefore the answer is (B)": EMPTY,
    "step1, step2, step3.": COPIED,
    "Rubbing warms. Step2. Step3.": COPIED,
    "Dry palms are warm. Dry palms are warm!": REPEATED,
    "Step 1: Palms warm. Step 2: palms warm.": REPEATED,
    "because the palms are dry and so they are warm because the palms are dry and so they are warm": REPEATED,
}
BAD_WORDS = {
    "": "named no keyword", "word1, word2": COPIED, '"word1", "word2" ... and "word6"': COPIED,
    '"elephant", and "bicycle"': "named no word of the question",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BAD.items())
def test_a_fault_is_named(text: str, expected: str):
    assert fault(text, True, 3) == expected
    assert fault(f" {text}\n", True, 3) == expected, "spaces do not matter"


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "The text is bad",
        "It isn't.",
        "12 > 7.",
        "因为手掌很干。",
        "1. Palms are dry. 2. Dry is warm. 3. So it is.",
        "Mr. B is warm. 2.5 degrees are not.",
        'It says so: "dull, dull, dull".',
        "A step by step look at the word one.",
    ],
)
def test_an_explanation_has_no_fault(text: str):
    assert fault(text, True, 3) is None


def test_what_was_cut_counts_if_its_sentences_are_complete():
    assert fault("One is so. Two is not. Three is", False, 3) == CUT
    assert fault("One is so. Two is not. Three is", False, 2) is None
    assert fault("One is so. Two is not. Three is", True, 3) is None
    assert fault("One is so. One is so. Three is", False, 2) == REPEATED, "the worse fault is told"


SENTENCES = st.lists(st.from_regex(r"\A[A-Z][a-z]{1,6}( [a-z]{2,6}){0,4}[.!?]\Z"), min_size=1, max_size=6)


@pytest.mark.long
@given(SENTENCES)
def test_sentences_are_found_again(parts: list[str]):
    assert sentences("  ".join(parts)) == parts
    assert sentences("\n".join(parts)) == parts


@pytest.mark.long
@given(SENTENCES, st.integers(1, 6), st.booleans())
def test_only_what_is_kept_may_not_repeat(parts: list[str], count: int, finished: bool):
    parts = [f"Palms {part}" for part in parts]  # random words alone may give no reason: "So it is."
    kept = [part.casefold().rstrip(".!?") for part in parts[:count]]
    found = fault(" ".join(parts), finished, count)
    if copies_placeholders(" ".join(parts)):
        return
    assert (found == REPEATED) == (len(set(kept)) < len(kept)) or found in (CUT, None, REPEATED)
    if len(set(parts)) == len(parts) and len({part.casefold().rstrip(".!?") for part in parts}) == len(parts):
        assert found == (None if finished or len(parts) > count else CUT)


@given(st.text(max_size=200), st.booleans(), st.integers(1, 5))
def test_every_text_is_judged(text: str, finished: bool, count: int):
    assert fault(text, finished, count) in (None, EMPTY, COPIED, REPEATED, CUT)


@given(st.lists(st.sampled_from([EMPTY, COPIED, CUT]), min_size=1), st.integers(0, 5))
def test_counts_name_each_fault_once(faults: list[str], more: int):
    said = counts_of(faults, len(faults) + more)
    found = re.findall(r"(\d+) of \d+ explanations? ([a-z ]+)", said)
    assert {name: int(number) for number, name in found} == {name: faults.count(name) for name in set(faults)}
    assert len(found) == len(set(faults)) and "\n" not in said


# Asked again.


def in_turn(*replies: str) -> tuple[ScriptedModel, list[Chat]]:
    """A model that gives these replies one after the other, the last one for good; and the chats so far."""
    chats: list[Chat] = []

    def script(chat: Chat) -> str:
        chats.append(chat)
        return replies[min(len(chats), len(replies)) - 1]

    return scripted(script), chats


@pytest.mark.parametrize("tries", [1, 2, 3, 4])
@pytest.mark.parametrize("wording", [OURS, LABELS], ids=["letters", "names"])
@pytest.mark.parametrize("bad", [text for text, expected in BAD.items() if expected != REPEATED])
def test_a_good_explanation_after_bad_ones_is_kept(bad: str, wording: Any, tries: int):
    model, chats = in_turn(*[bad] * (tries - 1), GOOD)
    asked = replace(question(), answer_style="letter" if wording is OURS else "label")
    found = SelfExp().explain(model, asked, wording, 0)
    assert isinstance(found, WrittenText) and len(chats) == tries
    start = "the text " if wording is LABELS else "Step 1: " if tries > 1 else ""
    said = start + GOOD
    assert found.text == said[0].upper() + said[1:]
    assert len({chat.prefill for chat in chats[1:]}) <= 1
    assert all("step1" not in chat.messages[-1].content for chat in chats[1:]), "no example is shown again"


@pytest.mark.parametrize(("explainer", "bad"), [(SelfExp(), BAD), (SelfTopk(keywords=2), BAD_WORDS)], ids=["exp", "topk"])
def test_explanations_that_stay_bad_are_refused_with_their_numbers(explainer: SelfExp | SelfTopk, bad: dict[str, str]):
    for text, expected in bad.items():
        if expected == REPEATED and "because" not in text:  # not so after the first words, which are given
            continue
        model, chats = in_turn(text)
        with pytest.raises(ExplanationError) as error:
            explainer.explain(model, question(), OURS, 0)
        said = str(error.value)
        assert len(chats) == 4 and f"asked up to 4 times (1 of 1 explanation {expected}; for question q0 it wrote" in said
        assert "\n" not in said and '`explainer="kernel_shap"`' in said


def test_only_the_questions_that_failed_are_asked_again_and_counted():
    asked: list[int] = []

    def script(chat: Chat) -> str:
        asked.append(number_of(chat))
        return {0: GOOD, 1: "step1, step2", 2: "", 3: GOOD}[number_of(chat)]

    questions = [question(number) for number in range(4)]
    with pytest.raises(ExplanationError) as error:
        explain_all(Session(scripted(script)), SelfExp(), questions, 0)
    assert "1 of 4 explanations copied the example; 1 of 4 explanations said nothing; " in str(error.value)
    assert asked[:4] == [0, 1, 2, 3] and set(asked[4:]) == {1, 2}, "the good ones are asked once"


class Watched(ScriptedModel):
    """A scripted model that records how it is to write, and with which seeds."""

    def __init__(self, script: Callable[[Chat], str], finished: bool = True):
        super().__init__(script, "watched")
        self.manners: list[tuple[Decoding, tuple[int, ...]]] = []
        self._finished = finished

    def generated(self, encoded: Sequence[Encoded], decoding: Decoding, seeds: Sequence[int]) -> Any:
        self.manners.append((decoding, tuple(seeds)))
        for place, reply in super().generated(encoded, decoding, seeds):
            yield place, Generation(reply.text, reply.tokens, self._finished)


def test_the_last_attempts_are_drawn_with_seeds_of_their_own():
    model = Watched(lambda chat: "step1")
    given = Decoding(40, num_beams=2, early_stopping=True)
    with pytest.raises(ExplanationError):
        SelfExp(decoding=given).explain(model, question(), OURS, 5)
    assert [manner.do_sample for manner, _ in model.manners] == [False, False, True, True]
    assert [manner.num_beams for manner, _ in model.manners] == [2, 2, 1, 1]
    assert {manner.max_new_tokens for manner, _ in model.manners} == {40}
    assert len({seeds for _, seeds in model.manners}) == 4
    again = Watched(lambda chat: "step1")
    with pytest.raises(ExplanationError):
        SelfExp(decoding=given).explain(again, question(), OURS, 5)
    assert again.manners == model.manners


def test_an_explanation_that_was_cut_is_refused_unless_enough_of_it_is_whole():
    with pytest.raises(ExplanationError, match="ended at the token limit"):
        SelfExp(steps=3).explain(Watched(lambda chat: GOOD, finished=False), question(), OURS, 0)
    found = SelfExp(steps=2).explain(Watched(lambda chat: GOOD, finished=False), question(), OURS, 0)
    assert isinstance(found, WrittenText) and found.text == "Rubbing warms dry palms. Water cools."


def test_an_explanation_has_no_more_sentences_than_asked_for_unless_anything_goes():
    for strict, expected in ((True, 2), (None, 2), (False, 3)):
        found = SelfExp(steps=2, strict=strict).explain(scripted(lambda chat: GOOD), question(), OURS, 0)
        assert isinstance(found, WrittenText) and len(sentences(found.text)) == expected


def test_self_topk_keeps_words_of_the_question_unless_anything_goes():
    said = '"George", "elephant", "rubs thing", "warm soup" and "palms"'
    words = {strict: SelfTopk(keywords=3, strict=strict).explain(scripted(lambda chat: said), question(), OURS, 0)
             for strict in (True, None, False)}  # fmt: skip
    assert words[True].words == words[None].words == ("George", "rubs thing", "warm soup")  # pyright: ignore
    assert words[False].words == ("George", "elephant", "rubs thing")  # pyright: ignore


def test_auto_cot_asks_again_without_the_example_that_was_copied():
    corpus = task()

    def script(copies: Callable[[Chat], bool]) -> Callable[[Chat], str]:
        def say(chat: Chat) -> str:
            if chat.prefill.endswith("("):
                return "B"
            return "step1. step2. step3. Therefore, the answer is (A)" if copies(chat) else "Palms are dry."

        return say

    def shown(chat: Chat) -> bool:
        return "step1" in chat.messages[-1].content

    sample = Sample.of(corpus.train[:3], 0)
    prompt = AutoCot().prompt(Session(scripted(script(shown))), corpus, sample)
    assert all(shot.reply == "Let's think step by step. Palms are dry. Therefore, the answer is (B)" for shot in prompt.shots)
    with pytest.raises(ExplanationError, match="copied the example .* for 3 questions .*use another `method`") as error:
        AutoCot().prompt(Session(scripted(script(lambda chat: True))), corpus, sample)
    assert "\n" not in str(error.value)


def test_a_request_in_label_words_shows_no_example_to_copy():
    asked = Question("r", "A dull film.", (Choice("A", "bad"), Choice("B", "good")), "A", answer_style="label")
    for explainer in (SelfExp(), SelfTopk()):
        for example in (True, False):
            chat = explainer.chat(asked, LABELS, example)
            assert not copies_placeholders(chat.messages[-1].content) and chat.question == "A dull film."
            assert chat.prefill.startswith("The answer is bad") and "good" not in chat.prefill


@given(st.lists(st.from_regex(r"\A[a-z]{1,8}\Z"), min_size=1, max_size=7))
def test_listed_words_are_read_again(words: list[str]):
    said = listed(words)
    assert re.findall(r'"([^"]+)"', said) == words
    assert said.count(" and ") == (len(words) > 1) and said.count(",") == (len(words) - 1 if len(words) > 2 else 0)


def test_written_explanations_in_label_words_end_in_the_name():
    corpus = replace(task(), train=tuple(replace(each, choices=question().choices) for each in task().train),
                     test=tuple(replace(each, choices=question().choices) for each in task().test))  # fmt: skip
    profile, styled = asking(DEFAULT, corpus)
    model = scripted(lambda chat: "says that palms are dry. It is warm. Thus the answer is dry palms")
    prompt = amplify(model, styled, SelfExp(steps=2), selection="random", shots=3, profile=profile)
    for shot in prompt.shots:
        name = shot.question.written(shot.label)
        assert shot.reply == f"The text says that palms are dry. It is warm. Therefore, the answer is {name}"
