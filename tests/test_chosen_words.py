"""self_topk on a local model: it chooses among the words of the question, by whole-text probabilities."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small import scripted
from zoo import TRAINED, model_of, tiny_model

from selfamplify import Choice, LocalModel, NamedWords, Question, SelfTopk
from selfamplify.errors import ContextError, ExplanationError
from selfamplify.models.local.chat import render
from selfamplify.prompting.formats.keywords import KeywordFormat
from selfamplify.prompting.wording import Wording, listed
from selfamplify.prompting.wordings import LABELS, OURS
from selfamplify.records import AnswerStyle, Attributed, Chat
from selfamplify.text.question_words import question_words
from selfamplify.text.stop_words import LISTS, StopWords

CHOICES = (Choice("A", "bad"), Choice("B", "very good"))
FILM = Question(
    "film", "The slow film of the Film club is not very warm", CHOICES, "B", attributed="text", answer_style="label"
)


def whole_text(model: LocalModel, chat: Chat, said: str) -> float:
    """The log-probability of a chat and a reply together, from one plain pass."""
    text = render(model.tokenizer, replace(chat, prefill=chat.prefill + said))
    ids = model.tokenizer(text, add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        scores = model.module(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
    return float(scores[range(len(ids) - 1), ids[1:]].sum())


def chosen(model: LocalModel, question: Question, k: int, wording: Wording = LABELS) -> tuple[str, ...]:
    found = SelfTopk(keywords=k).explain(model, question, wording, 0)
    assert isinstance(found, NamedWords) and found.cost.forward_passes == len(found.words)
    assert found.text == listed(found.words)
    return found.words


@pytest.mark.long
@pytest.mark.parametrize("name", ["llama", "gemma", "gpt2", *TRAINED])
def test_each_word_is_the_most_probable_one_that_is_left(name: str) -> None:
    model = model_of(name)
    chat = SelfTopk(keywords=3).chat(FILM, LABELS, example=False)
    assert chat.prefill == 'The answer is very good, and the 3 words that matter most are "'
    left, expected = ["slow", "film", "club", "not", "warm"], list[str]()
    for _ in range(3):
        before = "".join(f'{word}", "' for word in expected)
        scores = {word: whole_text(model, chat, f'{before}{word}"') for word in left}
        expected.append(max(scores, key=lambda word: scores[word]))
        left.remove(expected[-1])
    assert chosen(model, FILM, 3) == tuple(expected)


@pytest.mark.long
@pytest.mark.parametrize("stop_words", LISTS)
@pytest.mark.parametrize("style", ["letter", "label", "text"])
@pytest.mark.parametrize("part", ["text", "choices", "both"])
def test_chosen_words_are_distinct_words_of_their_part_and_no_stop_words(
    stop_words: StopWords, style: AnswerStyle, part: Attributed
) -> None:
    question = replace(FILM, attributed=part, answer_style=style)
    wording = replace(OURS if style == "letter" else LABELS, stop_words=stop_words)
    offered = [word.text for word in question_words(question)]
    if not offered:
        with pytest.raises(ExplanationError, match="no word that could be a keyword"):
            SelfTopk().explain(model_of("llama"), question, wording, 0)
        return
    words = chosen(model_of("llama"), question, 20, wording)
    lower = [word.lower() for word in words]
    assert set(words) <= set(offered) and len(set(lower)) == len(lower)
    assert set(lower) == {word.lower() for word in offered} - LISTS[stop_words], "all are named if there are fewer than k"
    said = KeywordFormat(wording, 20).reply(SelfTopk(keywords=20).explain(model_of("llama"), question, wording, 0), "B")
    assert all(f'"{word}"' in said for word in words)


@settings(max_examples=15)
@given(
    st.lists(st.sampled_from("warm Warm dull the The of not film Film über".split()), min_size=1, max_size=9), st.integers(1, 6)
)
def test_no_text_breaks_the_choice(words: list[str], k: int) -> None:
    question = replace(FILM, text=" ".join(words))
    usual = {word.lower() for word in words} - LISTS["default"]
    found = chosen(model_of("llama"), question, k)
    candidates = usual or {word.lower() for word in words}
    assert len(found) == min(k, len(candidates)) and {word.lower() for word in found} <= candidates


def test_a_longer_list_begins_with_a_shorter_one_and_questions_do_not_meet() -> None:
    model = tiny_model()
    other = replace(FILM, id="other", text="A quick joke about two cold hands", answer="A")
    explainer = SelfTopk(keywords=3)
    together = explainer.explain_all(model, [FILM, other], LABELS, [0, 1])
    for question, found in zip((FILM, other), together, strict=True):
        assert isinstance(found, NamedWords)
        assert replace(explainer.explain(model, question, LABELS, 9), cost=found.cost) == found, "nothing is drawn"
    two = replace(FILM, id="two", text="two cold")
    costs = [each.cost.forward_passes for each in explainer.explain_all(model, [FILM, two], LABELS, [0, 1])]
    assert costs == [3, 2], "a list is asked as often as it has words"
    fair = replace(LABELS, topk_reply="The answer is {label}, and these words matter most:")
    assert chosen(model, FILM, 4, fair)[:2] == chosen(model, FILM, 2, fair)


def test_a_question_without_a_word_and_one_that_is_too_long_are_refused() -> None:
    with pytest.raises(ExplanationError, match="no word that could be a keyword; leave it out"):
        SelfTopk().explain(model_of("llama"), replace(FILM, text="+ = ?!"), LABELS, 0)
    with pytest.raises(ContextError):
        SelfTopk().explain(model_of("llama"), replace(FILM, text="warm films " * 300), LABELS, 0)


def test_anything_goes_if_it_is_not_strict() -> None:
    model = scripted(lambda chat: '"cold", "slow" and "very good"')
    for strict, expected in ((False, ("cold", "slow", "very good")), (True, ("slow",))):
        found = SelfTopk(strict=strict).explain(model, FILM, LABELS, 0)
        assert isinstance(found, NamedWords) and found.words == expected


def test_words_are_matched_as_words() -> None:
    found = SelfTopk(keywords=9).explanation(FILM, '"low", "slow film", "Slow", "film club", "club Film", "very warm", "not"')
    assert isinstance(found, NamedWords) and found.words == ("slow film", "Slow", "film club", "very warm", "not")
