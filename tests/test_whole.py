"""Answers of any number of tokens, compared as wholes: against plain passes of the transformers module over whole texts."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from observed import ObservedModel
from small import number_of, question, scripted
from zoo import QUESTIONS, TRAINED, model_of, tiny_model

from selfamplify import Choice, InputOutput, LocalModel, Question, Sample, Session, Task
from selfamplify.errors import ModelError
from selfamplify.methods.asking import asking
from selfamplify.models.local import whole
from selfamplify.models.local.chat import render
from selfamplify.models.nested import apart, by_longest
from selfamplify.models.served.labels import begin_differently, label_in
from selfamplify.prompting.chats import reading_chat
from selfamplify.prompting.profiles import DEFAULT
from selfamplify.prompting.wordings import LABELS
from selfamplify.records import Chat, Message, NextToken

MODELS = ("llama", "mistral-window", "gemma", "gpt2", "gpt-neox", *TRAINED)
ANSWERS = {
    "apart": ("negative", "positive"),
    "alike": ("very bad", "very good", "very good indeed", "verily so"),
    "nested": ("bad", "badly", "badly made"),
    "going on": ("the milk", "the milk in the morning", "the milk in the heat", "the milk in", "warm"),
    "letters": ("x", "y", "z"),
    "other": ("schlecht (böse)", "gut – sehr", "不好", 'so "so"'),
}
TEXT = "Which animal would a farmer keep to get milk in the morning?"


def whole_text(model: LocalModel, chat: Chat, answer: str) -> float:
    """The log-probability of a whole text, prompt and answer together, from one plain pass."""
    space = "" if not chat.prefill or chat.prefill[-1] in ' "' else " "
    text = render(model.tokenizer, replace(chat, prefill=f"{chat.prefill}{space}{answer}"))
    ids = model.tokenizer(text, add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        scores = model.module(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
    return float(scores[range(len(ids) - 1), ids[1:]].sum())


def whole_texts(model: LocalModel, chat: Chat, answers: Sequence[str]) -> np.ndarray:
    return np.array([whole_text(model, chat, answer) for answer in answers])


def exhausted(model: LocalModel, chat: Chat, answers: Sequence[str]) -> np.ndarray:
    """The log-probability that a reply begins with each answer and with no longer one, by a look at every next token."""
    reading = model.read(chat, answers)

    def escaping(before: tuple[int, ...], longer: list[tuple[int, ...]]) -> float:
        with torch.inference_mode():
            probable = model.module(input_ids=torch.tensor([before])).logits[0, -1].double().softmax(-1).tolist()
        rest = 0.0
        for token, share in enumerate(probable):
            going_on = [ids[1:] for ids in longer if ids[0] == token]
            if () not in going_on:
                rest += share * (escaping((*before, token), going_on) if going_on else 1.0)
        return rest

    found: list[float] = []
    for answer, ids in reading.answers.items():
        longer = [those[len(ids) :] for those in reading.answers.values() if those != ids and those[: len(ids)] == ids]
        found.append(whole_text(model, chat, answer) + float(np.log(escaping((*reading.ids, *ids), longer))))
    return np.array(found)


def differences(scores: Sequence[float] | np.ndarray) -> np.ndarray:
    """Scores relative to the first one: what all answers have in common, the prompt, cancels."""
    return np.array(scores) - scores[0]


def few_shot(text: str = TEXT, count: int = 3, prefill: str = "The answer is") -> Chat:
    shots = [
        (Message("user", f"Is thing {place} warm?"), Message("assistant", f"The answer is {'yes' if place % 2 else 'no'}"))
        for place in range(count)
    ]
    return Chat((*chain.from_iterable(shots), Message("user", f"Say it.\n{text}")), prefill, text)


@pytest.mark.long
@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("name", MODELS)
def test_whole_answers_are_as_probable_as_in_one_plain_pass(name: str, answers: tuple[str, ...]) -> None:
    model = model_of(name)
    chats = [few_shot(count=0), few_shot(count=3), few_shot("Why?", 2, 'The words are "'), few_shot("Why?", 1, "")]
    found = model.next_token(chats, [answers] * len(chats))
    for chat, token in zip(chats, found, strict=True):
        expected = exhausted(model, chat, answers)
        assert differences(token.log_probabilities) == pytest.approx(differences(expected), abs=2e-3)
        assert token.label == token.text == token.best(answers) == answers[int(np.argmax(token.log_probabilities))]
        reading = model.read(chat, answers)
        assert token.lengths == tuple(len(reading.answers[answer]) for answer in answers)


def test_an_answer_that_begins_a_longer_one_can_be_less_probable() -> None:
    model = model_of("cardputer-chat-3M")
    texts = "I love New York City|she lives in New York City|the tent was wet and cold|a bright dry day came".split("|")
    for names in (("New York", "New York City"), ("hot", "hot dog"), ("no", "no idea")):
        chats = [few_shot(text, 0) for text in texts]
        for chat, token in zip(chats, model.next_token(chats, [names] * len(chats)), strict=True):
            short, long = whole_texts(model, chat, names)
            assert short > long, "the sums alone always prefer the beginning"
            assert token.log_probabilities[0] - token.log_probabilities[1] == pytest.approx(
                np.log(np.expm1(short - long)), abs=2e-3
            )
    certain = np.log([[1.0, 1.0, 0.5], [0.9, 0.7, 0.1]])
    found = np.exp(apart(certain, [(1,), (1, 2), (3,)]))
    assert found[1] == pytest.approx([0.2, 0.7, 0.1])
    assert 0 < found[0, 0] < 1e-5 and found[0, 1:] == pytest.approx([1.0, 0.5]), "still a number, and still the last"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6, unique=True), st.integers(0, 99))
def test_the_scores_of_answers_that_begin_no_other_stay_as_they_are(answers: list[tuple[int, int]], seed: int) -> None:
    scores = -np.random.default_rng(seed).exponential(5, (3, len(answers)))
    assert np.array_equal(apart(scores, answers), scores)
    longer = [(*answers[0], 1), *answers]
    sums = np.concatenate([scores[:, :1] - 1, scores], 1)
    found = apart(sums, longer)
    assert np.array_equal(np.delete(found, 1, 1), np.delete(sums, 1, 1))
    assert np.allclose(np.exp(found[:, 0]) + np.exp(found[:, 1]), np.exp(sums[:, 1])), "together they are all replies"


def test_only_answers_that_begin_another_change_a_key() -> None:
    for answers in (("negative", "positive"), ("A", "B"), ("York", "New York")):
        assert by_longest(answers) == []
    for answers in (("New York", "New York City"), ("No idea", "no"), ("bad", "badly")):
        assert by_longest(answers)


@pytest.mark.parametrize("name", MODELS)
def test_the_sum_is_that_of_the_answers_own_tokens(name: str) -> None:
    model, answers, chat = model_of(name), ANSWERS["apart"], few_shot()
    (token,) = model.next_token([chat], [answers])
    reading = model.read(chat, answers)
    for answer, found in zip(answers, token.log_probabilities, strict=True):
        ids = [*reading.ids, *reading.answers[answer]]
        assert str(model.tokenizer.decode(ids, clean_up_tokenization_spaces=False)).endswith(f"The answer is {answer}")
        with torch.inference_mode():
            scores = model.module(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
        places = range(len(reading.ids) - 1, len(ids) - 1)
        assert found == pytest.approx(float(scores[places, ids[len(reading.ids) :]].sum()), abs=1e-3)


def test_an_answer_takes_only_tokens_of_its_own() -> None:
    for name in MODELS:
        for answers in ANSWERS.values():
            model, chat = model_of(name), few_shot()
            reading = model.read(chat, answers)
            assert all(reading.spans[place][0] < len(reading.text) for place in range(len(reading.ids)))
            start = reading.text.rindex(answers[0])
            assert reading.spans[-1][1] <= start, "no token of an answer is among those of the prompt"
            assert len(set(reading.answers.values())) == len(answers)


def test_both_ways_of_sharing_give_the_same_and_the_cheaper_one_is_taken() -> None:
    short, long = few_shot("Why?", 6), few_shot(" ".join([TEXT] * 4), 0)
    many = tuple(f"{word} {other}" for word in ("warm", "cold", "dry", "wet") for other in ("hands", "feet", "ears"))
    model = ObservedModel()
    prefixes: list[int] = []
    plain = model.last_logits

    def last_logits(rows: Sequence[Sequence[int]], prefix: int, keep: int = 1, tokens: Sequence[int] | None = None):
        prefixes.append(prefix)
        return plain(rows, prefix, keep, tokens)

    model.last_logits = last_logits
    for chat, answers, shares_question in ((short, ANSWERS["apart"], False), (long, many, True)):
        prefixes.clear()
        (token,) = model.next_token([chat], [answers])
        reading = model.read(chat, answers)
        assert set(prefixes) == {len(reading.ids) - 1 if shares_question else reading.prefix}
        assert differences(token.log_probabilities) == pytest.approx(differences(whole_texts(model, chat, answers)), abs=2e-3)


def test_answers_that_differ_in_their_last_token_share_a_row() -> None:
    model = ObservedModel()
    chats = [few_shot(f"{TEXT} {place}") for place in range(5)]
    for name, rows in (("letters", 5), ("alike", None)):
        model.rows.clear()
        model.next_token(chats, [ANSWERS[name]] * 5)
        read = [model.read(chat, ANSWERS[name]).answers.values() for chat in chats]
        beginnings = sum(len({ids[:-1] for ids in own}) for own in read)
        assert sum(map(len, model.rows)) == beginnings == (rows or beginnings)


@pytest.mark.parametrize("places", [1, 5, 256])
def test_neither_the_batch_nor_the_order_changes_an_answer(places: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "_PLACES", places)
    model = model_of("llama")
    chats = [few_shot(f"{TEXT} {place}" * (place + 1), place) for place in range(4)]
    names = [list(ANSWERS.values())[place] for place in range(4)]
    together = model.next_token(chats, names)
    apart = [model.next_token([chat], [own])[0] for chat, own in zip(reversed(chats), reversed(names), strict=True)]
    for one, other in zip(together, reversed(apart), strict=True):
        assert one.label == other.label and one.lengths == other.lengths
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)


def test_letters_and_words_are_asked_in_one_call() -> None:
    model = model_of("llama")
    lettered, worded = few_shot(prefill="The answer is ("), few_shot()
    mixed = model.next_token([lettered, worded, lettered], [("A", "B"), ("good", "bad"), ("A", "B")])
    (alone,) = model.next_token([lettered], [("A", "B")])
    for token in (mixed[0], mixed[2]):
        assert token.text == alone.text and token.log_probabilities == pytest.approx(alone.log_probabilities, abs=1e-4)
    assert mixed[1].label == model.next_token([worded], [("good", "bad")])[0].label
    assert mixed[0].lengths == () and len(mixed[1].lengths) == 2


def test_answers_that_are_the_same_to_a_tokenizer_are_refused_in_one_line() -> None:
    with pytest.raises(ModelError, match="can't tell the answers") as error:
        tiny_model().next_token([few_shot()], [("good", "good")])
    assert "\n" not in str(error.value)


def test_reading_in_label_words_is_that_of_one_question() -> None:
    names = ("bad", "very good")
    asked = [replace(each, choices=tuple(map(Choice, "AB", names)), answer="A", answer_style="label") for each in QUESTIONS]
    model = model_of("llama")
    chats = [reading_chat(each, LABELS) for each in asked]
    for chat, each in zip(chats, asked, strict=True):
        assert chat.messages[-1].content == f"Which label fits this text: bad or very good?\n{each.text}"
        assert chat.prefill == "The answer is" and chat.question == each.text
    tokens = model.next_token(chats, [each.answers for each in asked])
    for chat, token in zip(chats, tokens, strict=True):
        expected = whole_texts(model, chat, names)
        assert token.best(names) == names[int(expected.argmax())]
        assert differences(token.log_probabilities) == pytest.approx(differences(expected), abs=2e-3)


def test_the_best_answer_is_the_most_probable_one_whatever_was_read() -> None:
    assert NextToken("x", "b", (-3.0, -1.0), lengths=(1, 2)).best(("a", "b")) == "b"
    assert NextToken("x", "b", ()).best(("a", "b")) == "b"


def test_a_scripted_model_answers_with_the_longest_name_that_its_reply_begins_with() -> None:
    model = scripted(lambda chat: "very good indeed")
    (token,) = model.next_token([few_shot()], [("very good", "very good indeed", "bad")])
    assert token.label == "very good indeed" and token.best(("very good", "very good indeed", "bad")) == token.label


def test_a_served_model_is_asked_for_a_text_of_which_the_longest_name_counts() -> None:
    names = ("New York", "New York City", "Boston")
    assert not begin_differently(names)
    for text, label in (("New York City.", "New York City"), ("new york, of course", "New York"), ("Boston", "Boston")):
        assert label_in(text, "The answer is", names) == label


def test_shots_in_label_words_are_a_shared_prefix() -> None:
    made = [question(number, ("cold", "warm"), "AB"[number % 2]) for number in range(8)]
    profile, task = asking(DEFAULT, Task("warmth", tuple(made[:4]), tuple(made[4:]), {"A": "cold", "B": "warm"}))
    model = ObservedModel()
    prompt = InputOutput().prompt(Session(model, profile), task, Sample.of(task.train[:2], 0))
    chats = [replace(prompt.chat(each), prefill="The answer is") for each in task.test]
    assert [number_of(chat) for chat in chats] == [number_of(prompt.chat(each)) for each in task.test]
    prefixes = {model.encode(chat).prefix for chat in chats}
    assert len(prefixes) == 1
    for chat, token in zip(chats, model.next_token(chats, [each.answers for each in task.test]), strict=True):
        expected = whole_texts(model, chat, ("cold", "warm"))
        assert differences(token.log_probabilities) == pytest.approx(differences(expected), abs=2e-3)


def test_answers_of_one_question_may_be_many() -> None:
    model, chat = model_of("llama"), few_shot("Why?")
    names = tuple(f"{first}{second}" for first in "abcdefghijklmnopqrst" for second in "uvwxyzabcdefghi")
    (token,) = model.next_token([chat], [names])
    some = list(range(0, len(names), 37))
    expected = whole_texts(model, chat, [names[place] for place in some])
    found = [token.log_probabilities[place] for place in some]
    assert differences(found) == pytest.approx(differences(expected), abs=2e-3)


def test_questions_keep_their_own_answers() -> None:
    one = Question("q1", "Warm?", (Choice("A", "yes"), Choice("B", "no")), "A", answer_style="text")
    other = Question(
        "q2", "Who?", (Choice("A", "a farmer"), Choice("B", "the cow"), Choice("C", "no one")), "C", answer_style="text"
    )
    model = model_of("llama")
    chats = [reading_chat(each, LABELS) for each in (one, other)]
    tokens = model.next_token(chats, [one.answers, other.answers])
    assert [len(token.log_probabilities) for token in tokens] == [2, 3]
    assert one.label_of(tokens[0].best(one.answers)) in one.labels
    assert other.label_of(tokens[1].best(other.answers)) in other.labels
