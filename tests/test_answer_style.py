"""Answers as letters, as the names of labels, and as texts: how questions and shots look, and how answers are read again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from games import shapley_by_subsets
from hypothesis import given
from hypothesis import strategies as st
from serving import Served, serving
from small import question, scripted, task
from zoo import TRAINED, brute_force, model_of

from selfamplify import (
    DEFAULT,
    Choice,
    DeepLift,
    InputOutput,
    KernelShap,
    Prompt,
    Question,
    RandomWords,
    Sample,
    ScriptedModel,
    SelfExp,
    Session,
    ShapleyValues,
    Task,
    amplify,
    evaluate,
    load_server,
)
from selfamplify.answering.asked import ask_after
from selfamplify.answering.ending import ending_of
from selfamplify.answering.likelihood import likely_answers
from selfamplify.answering.recovery import recover
from selfamplify.errors import SettingsError
from selfamplify.games.question import question_game, text_game
from selfamplify.methods.asking import asked_as, asking
from selfamplify.methods.io import same_shots_io
from selfamplify.models.served.labels import label_in, label_of
from selfamplify.prompting.wordings import LABELS, TEXTS
from selfamplify.records import AnswerStyle, Chat, Message, ScoredWords, Shot
from selfamplify.text.question_words import question_words

pytestmark = pytest.mark.typed

STYLES: tuple[AnswerStyle, ...] = ("letter", "label", "text")
NAMES = ("negative", "positive")
REVIEWS = (
    "A dull film.", "Pure joy.", "It drags on and on.", "Bright, quick and warm.", "Fine acting, fine songs.", "No plot.",
    "I slept.", "I laughed for two hours.", "Nobody liked it.", "Everybody cheered.",
)  # fmt: skip


def reviews(names: Sequence[str] = NAMES, train: int = 6) -> Task:
    """A classification; odd reviews have the second label."""
    choices = tuple(map(Choice, "ABCD", names))
    made = [Question(f"r{place}", text, choices, "AB"[place % 2], attributed="text") for place, text in enumerate(REVIEWS)]
    return Task("reviews", tuple(made[:train]), tuple(made[train:]), dict(zip("ABCD", names, strict=False)))


def said(chat: Chat) -> str:
    """The true label of a review, as the start of a reply or in a sentence."""
    name = NAMES[REVIEWS.index(chat.question.split("\n")[-1]) % 2]
    return name if chat.prefill.rstrip().endswith("answer is") else f"The answer is {name}"


def built(model: Any, corpus: Task, style: AnswerStyle, shots: int = 2, **chosen: Any) -> tuple[Session, Task, Prompt]:
    profile, styled = asking(replace(DEFAULT, answer_style=style, **chosen), corpus)
    session = Session(model, profile)
    return session, styled, InputOutput().prompt(session, styled, Sample.of(styled.train[:shots], 0))


# How questions look.

TEXT = st.text("abc ()-\n", max_size=12)
CHOICES = st.lists(st.text("xyz", min_size=1, max_size=4), min_size=2, max_size=4, unique=True)


@given(TEXT, CHOICES, st.sampled_from(STYLES), st.data())
def test_an_answer_is_written_and_read_again(text: str, choices: list[str], style: AnswerStyle, data: st.DataObject):
    offered = tuple(map(Choice, "ABCD", choices))
    asked = Question("q", text, offered, data.draw(st.sampled_from("ABCD"[: len(choices)])), answer_style=style)
    assert [asked.label_of(asked.written(label)) for label in asked.labels] == list(asked.labels)
    assert asked.answers == tuple(map(asked.written, asked.labels))
    assert set(asked.named) == (set() if style == "text" else set(asked.answers))
    assert [asked.called(label) for label in asked.labels] == (choices if style == "label" else list(asked.labels))
    assert asked.label_of(None) is None and asked.label_of("no such answer") is None
    assert (asked.label_of("A") == "A") == (style == "letter")
    assert text.strip("\n") in asked.render(), "a question keeps its text"


def test_a_style_says_what_of_its_choices_a_question_shows():
    asked = question(1, ("wet moss", "dry palms"), "B", "Which?")
    shown = {style: replace(asked, answer_style=style).render() for style in STYLES}
    assert shown == {
        "letter": "Which? (A) wet moss (B) dry palms",
        "label": "Which?",
        "text": "Which?\n- wet moss\n- dry palms",
    }
    bare = replace(asked, text="")
    assert [replace(bare, answer_style=style).render() for style in STYLES] == [
        "(A) wet moss (B) dry palms", "", "- wet moss\n- dry palms"
    ]  # fmt: skip
    assert repr(asked) == repr(replace(asked, answer_style="label")), "prompts record digests of the repr"


def test_a_task_is_asked_in_label_words_if_all_questions_have_the_same_choices():
    assert reviews().classification and not task().classification
    assert {each.answer_style for each in reviews().styled().test} == {"label"}
    assert {each.answer_style for each in task().styled().train} == {"letter"}
    for style in STYLES:
        assert {each.answer_style for each in reviews().styled(style).train} == {style}
        assert reviews().styled(style).styled("letter") == reviews()
    swapped = replace(reviews().train[0], choices=tuple(map(Choice, "AB", reversed(NAMES))))
    assert not replace(reviews(), train=(swapped, *reviews().train[1:])).classification


def with_choices(*texts: str) -> Task:
    return reviews(texts)


@pytest.mark.parametrize(
    ("corpus", "style", "remedy"),
    [
        (task(), "label", '`answer_style="letter"` or `answer_style="text"`'),
        (with_choices("good", "Good "), "label", '`answer_style="letter"`'),
        (with_choices("good", ""), "text", '`answer_style="letter"`'),
        (replace(reviews(), train=tuple(replace(each, attributed="choices") for each in reviews().train)), "label",
         '`attribute="text"`'),
    ],
)  # fmt: skip
def test_a_style_that_does_not_suit_the_questions_is_refused_in_one_line(corpus: Task, style: AnswerStyle, remedy: str):
    with pytest.raises(SettingsError) as error:
        amplify(scripted(said), corpus, profile=replace(DEFAULT, answer_style=style))
    assert remedy in str(error.value) and "\n" not in str(error.value)


# How prompts look.


def test_a_classification_is_built_and_evaluated_in_label_words():
    model = scripted(said)
    prompt = amplify(model, reviews(), RandomWords(), selection="success", shots=4, keywords=2)
    assert prompt.answer_style == "label" and prompt.provenance and prompt.provenance.labels == NAMES
    assert prompt.instruction == (
        "Which label fits this text: negative or positive? First name the 2 words of the text that matter most for the answer."
    )
    for shot, turn in zip(prompt.shots, prompt.context[1::2], strict=True):
        assert shot.reply == turn["content"] and shot.reply.endswith(f"that the answer is {shot.question.called(shot.label)}")
        assert shot.label == shot.question.answer
    assert "(A)" not in str(prompt.context) and "(B)" not in str(prompt.context)
    result = evaluate(model, reviews(), prompt, io=True)
    assert result.accuracy == 1 and result.io is not None and result.io.accuracy == 1
    assert set(result.given) == set(NAMES) and {each.label for each in result.responses} == {"A", "B"}


def test_choices_that_differ_are_answered_by_their_texts():
    corpus = task()

    def script(chat: Chat) -> str:
        assert "\n- dry palms" in chat.question and "(B)" not in chat.messages[-1].content
        return "dry palms" if chat.prefill.endswith("answer is") else "The answer is dry palms"

    model = scripted(script)
    prompt = amplify(model, corpus, RandomWords(), selection="random", shots=3, profile=replace(DEFAULT, answer_style="text"))
    assert prompt.instruction.startswith(TEXTS.preamble) and prompt.provenance and prompt.provenance.labels == ()
    assert all(shot.reply.endswith(f"the answer is {shot.question.written(shot.label)}") for shot in prompt.shots)
    result = evaluate(model, corpus, prompt)
    assert {each.label for each in result.responses} == {"B"}
    assert set(result.given) == {"B"}, "texts that differ are counted by their letters"


def test_evaluating_uses_the_style_the_instruction_and_the_system_turn_of_the_prompt(tmp_path: Path):
    seen: list[Chat] = []

    def script(chat: Chat) -> str:
        seen.append(chat)
        return said(chat)

    profile = replace(DEFAULT, instruction="Is the review {good} or bad?", system="Be brief.")
    prompt = amplify(scripted(script), reviews(), RandomWords(), selection="random", shots=2, profile=profile)
    assert prompt.instruction.startswith("Is the review {good} or bad? First name the 6 words"), "braces are no placeholders"
    saved = Prompt.load(prompt.save(tmp_path))
    assert saved == prompt and saved.digest() == prompt.digest()
    seen.clear()
    result = evaluate(scripted(script), reviews(), tmp_path, io=True)
    assert result.accuracy == 1 and len(seen) == 8
    for chat in seen:
        assert chat.messages[0].role == "system" and chat.messages[0].content == "Be brief."
        assert chat.messages[1].content.startswith("Is the review {good} or bad?")
        assert chat.messages[-1].content in REVIEWS[6:]
    plain = {chat.messages[1].content.split("\n")[0] for chat in seen} - {prompt.instruction}
    assert plain == {"Is the review {good} or bad?"}, "IO on the same shots asks with the same words, without rationales"


@pytest.mark.parametrize("style", STYLES)
def test_io_on_the_same_shots_is_io_in_the_same_style(style: AnswerStyle):
    model = scripted(lambda chat: "The answer is (A)")
    session, styled, io = built(model, reviews(), style, 3, instruction="Choose.", system="Be brief.", shot_order="similar")
    prompt = amplify(
        model, reviews(), RandomWords(), selection="random", shots=3,
        profile=replace(DEFAULT, answer_style=style, instruction="Choose.", system="Be brief.", shot_order="similar"),
    )  # fmt: skip
    profile, _ = asked_as(prompt, DEFAULT, reviews())
    again = same_shots_io(Session(model, profile), prompt)
    expected = InputOutput().prompt(session, styled, Sample.of([shot.question for shot in prompt.shots], 0))
    for name in ("instruction", "shots", "answer_style", "system", "similar_last", "prefill", "digest"):
        found, wanted = getattr(again, name), getattr(expected, name)
        assert (found() == wanted()) if name == "digest" else found == wanted
    assert io.answer_style == style


def test_io_on_the_shots_of_a_handmade_prompt_names_its_labels():
    shots = tuple(Shot(each, f"So it is {NAMES['AB'.index(each.answer)]}", each.answer) for each in reviews().train[:2])
    prompt = Prompt("mine", "?", shots, reviews().label_map, answer_style="label")
    profile, _ = asked_as(prompt, DEFAULT, reviews())
    io = same_shots_io(Session(scripted(said), profile), prompt)
    assert io.instruction == "Which label fits this text: negative or positive?"
    assert [shot.reply for shot in io.shots] == ["The answer is negative", "The answer is positive"]


# How replies are read.


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("A slow film. The answer is negative", "A"),
        ("A slow film. The answer is positive", "B"),
        ("The answer is B, I mean negative", "A"),
        ("The answer is Negative.", "A"),
        ("NEGATIVE", "A"),
        ("**positive**", "B"),
        ("Answer: positive", "B"),
        ("positive\nExplanation: A film like A, not B, and the answer is plain", "B"),
        ('The 2 keywords "positive" and "slow" are important to predict that the answer is negative', "A"),
        ("The text says A. It says B. Therefore, the answer is positive", "B"),
        ("A", None),
        ("(B)", None),
        ("The answer is (A)", None),
        ("So the answer is B", None),
        ("positively so", None),
        ("It is not negative. It is positive", "B"),
        ("not positive", None),
        ("", None),
    ],
)
def test_names_of_labels_are_read_and_letters_are_not(reply: str, expected: str | None):
    asked = reviews().styled().train[0]
    found = recover(reply, asked)
    assert (found and found[0]) == expected
    if expected is not None and "(A)" not in reply:
        other = replace(asked, answer=next(label for label in asked.labels if label != asked.answer))
        assert recover(reply, other) == found, "the true answer plays no part"


@pytest.mark.parametrize(
    ("names", "reply", "expected"),
    [
        (("entailment", "not entailment"), "The answer is not entailment", "B"),
        (("entailment", "not entailment"), "The answer is entailment", "A"),
        (("toxic", "not toxic"), "not toxic", "B"),
        (("good", "very good"), "It's a good film. The answer is very good.", "B"),
        (("good", "very good"), "The answer is good, not bad.", "A"),
        (("no", "yes"), "No, the answer is yes", "B"),
        (("World", "Business", "Sci/Tech"), "The answer is Sci/Tech", "C"),
        (("3", "30"), "The answer is 30", "B"),
        (("不好", "很好"), "答案是很好", "B"),
    ],
)
def test_names_that_contain_each_other_are_told_apart(names: tuple[str, ...], reply: str, expected: str):
    assert (recover(reply, reviews(names).styled().train[0]) or [None])[0] == expected


@pytest.mark.parametrize("names", [("good", "Good."), ("a b", "a  b"), ("x", "*x*"), ("ok", "...")])
def test_names_that_are_alike_without_their_marks_do_not_stop_a_run(names: tuple[str, str]):
    asked = reviews(names).styled().train[0]
    for reply in (*names, "The answer is it", f"The answer is {names[0]}"):
        found = recover(reply, asked)
        assert found is None or found[0] in "AB"


# How probable answers are.


def decided(session: Session, styled: Task, prompt: Prompt) -> list[Any]:
    asked = ask_after(session.model, prompt, styled.test, ending_of(prompt, session.profile.wording))
    return likely_answers(session, prompt, asked, 0, "off", "asking")


@pytest.mark.long
@pytest.mark.parametrize("name", ["llama", "gpt2", *TRAINED])
@pytest.mark.parametrize("style", ["label", "text"])
def test_names_are_compared_by_sums_and_texts_by_means(name: str, style: AnswerStyle):
    model, names = model_of(name), ("bad", "very good indeed")
    session, styled, prompt = built(model, reviews(names), style)
    for asked, response in zip(styled.test, decided(session, styled, prompt), strict=True):
        chat = replace(prompt.chat(asked), prefill="The answer is ")
        tokens = [brute_force(model, chat, answer) for answer in names]
        expected = [sum(own) if style == "label" else float(np.mean(own)) for own in tokens]
        assert response.log_probabilities == pytest.approx(expected, abs=1e-3)
        assert response.label == "AB"[int(np.argmax(expected))] and response.rule == "likelihood"


def test_likelihood_of_names_needs_a_model_that_compares_texts():
    session, styled, prompt = built(scripted(said), reviews(), "label")
    assert [each.label for each in decided(session, styled, prompt)] == [each.answer for each in styled.test]
    with pytest.raises(SettingsError, match="returns log-probabilities of the next token only"):
        evaluate(scripted(said), reviews(), prompt, decide="likelihood")
    model = scripted(said)
    model.likelihoods = "texts"
    assert evaluate(model, reviews(), prompt, decide="likelihood").accuracy == 1


# How words are scored.

SINGLE, SEVERAL = ("x", "y"), ("negative", "very positive indeed")


def review(names: Sequence[str], text: str = "A slow but warm film") -> Question:
    return Question("r", text, tuple(map(Choice, "AB", names)), "B", attributed="text", answer_style="label")


@pytest.mark.long
@pytest.mark.parametrize("names", [SINGLE, SEVERAL], ids=["short", "long"])
@pytest.mark.parametrize("name", ["llama", "gemma", "gpt2", *TRAINED])
def test_deep_lift_is_complete_on_names(name: str, names: tuple[str, ...]):
    model, asked = model_of(name), review(names)
    explanation = DeepLift().explain(model, asked, LABELS, 0)
    assert isinstance(explanation, ScoredWords)
    full, empty = question_game(model, asked, LABELS).ends()
    assert sum(explanation.scores) == pytest.approx(full - empty, rel=2e-3, abs=2e-3)


@pytest.mark.long
@pytest.mark.parametrize("names", [SINGLE, SEVERAL], ids=["short", "long"])
@pytest.mark.parametrize("name", ["llama", "stories260K"])
def test_shapley_values_of_names_are_those_of_plain_passes(name: str, names: tuple[str, ...]):
    model, asked = model_of(name), review(names)
    reading = model.read(Chat(question_chat(asked).messages, "The answer is", asked.text), names)
    words = question_words(asked)
    offset = reading.question[0]
    own = [
        [
            place for place, (start, end) in enumerate(reading.spans)
            if start < word.end + offset and end > word.start + offset and place >= reading.prefix
        ]
        for word in words
    ]  # fmt: skip
    blank, answer = model.baseline("auto").token, reading.answers[names[1]]
    values = np.empty(2 ** len(words))
    for coalition in range(len(values)):
        gone = {place for word, places in enumerate(own) if not coalition >> word & 1 for place in places}
        ids = [blank if place in gone else token for place, token in enumerate(reading.ids)]
        with torch.inference_mode():
            logits = model.module(input_ids=torch.tensor([[*ids, *answer[:-1]]])).logits[0].double()
        if len(names[1].split()) == 1 and all(len(each) == 1 for each in reading.answers.values()):
            values[coalition] = float(logits[-1, answer[0]])
        else:
            scores = logits.log_softmax(-1)[len(ids) - 1 :]
            values[coalition] = float(scores[range(len(answer)), list(answer)].sum())
    expected = shapley_by_subsets(len(words), values)
    for explainer in (KernelShap(), ShapleyValues()):
        explanation = explainer.explain(model, asked, LABELS, 0)
        assert isinstance(explanation, ScoredWords)
        assert explanation.words == tuple(word.text for word in words) == ("A", "slow", "but", "warm", "film")
        assert explanation.scores == pytest.approx(expected, abs=2e-3)


def question_chat(asked: Question) -> Chat:
    """The chat that asks a question in label words, put together by hand."""
    names = " or ".join(asked.answers)
    return Chat((Message("user", f"Which label fits this text: {names}?\n{asked.text}"),), "The answer is", asked.text)


def test_names_are_never_among_the_words_unless_the_text_has_them():
    for style in STYLES:
        asked = replace(review(SEVERAL), answer_style=style)
        for game in (question_game(model_of("llama"), asked, LABELS), text_game(scripted(said), asked, LABELS, "logprob")):
            assert set(game.words).isdisjoint({"negative", "positive", "very", "indeed"})
    both = replace(review(SEVERAL), attributed="both")
    assert [word.text for word in question_words(both)] == ["A", "slow", "but", "warm", "film"], "a name is not shown there"
    said_so = review(SEVERAL, "A positive surprise")
    assert [word.text for word in question_words(said_so)] == ["A", "positive", "surprise"]


def test_a_letter_in_the_text_is_a_word_if_answers_are_none():
    asked = review(NAMES, "Vitamin B helps")
    assert [word.text for word in question_words(asked)] == ["Vitamin", "B", "helps"]


# Served models.


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SELFAMPLIFY_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def asked_of(served: Served, names: Sequence[str]) -> tuple[Any, list[dict[str, Any]]]:
    with serving(served):
        model = load_server(served.url, model="tiny")
        (token,) = model.next_token([question_chat(review(names[:2]))], [names])
        return token, served.asked


def odds(*top: tuple[str, float]) -> Any:
    return lambda chat, word: list(top)


@pytest.mark.usefixtures("no_key")
def test_a_server_compares_names_by_their_first_tokens_whatever_their_case():
    served = Served(lambda chat: "positive", odds=odds((" Pos", -0.5), (" neg", -1.0), ("Negative", -0.75), ("x", -3.0)))
    token, sent = asked_of(served, NAMES)
    assert token.log_probabilities == (-0.75, -0.5) and token.best(NAMES) == token.label == "positive"
    assert [(each["max_tokens"], each["logprobs"]) for each in sent] == [(1, True)]


@pytest.mark.usefixtures("no_key")
def test_a_server_writes_names_that_begin_alike():
    served = Served(lambda chat: "Very good, I think", odds=odds((" very", -0.1), ("x", -3.0)))
    token, sent = asked_of(served, ("very bad", "very good"))
    assert token.log_probabilities == () and token.label == token.best(("very bad", "very good")) == "very good"
    assert sent[0]["max_tokens"] > 1 and "logprobs" not in sent[0]


@pytest.mark.usefixtures("no_key")
@pytest.mark.parametrize("kind", ["vllm", "llama", "serve"])
def test_label_words_go_through_a_server_as_through_a_scripted_model(kind: str):
    def script(chat: Chat) -> str:
        last = chat.messages[-1].content
        text, _, told = last.partition("\nYour reply begins with")
        name = NAMES[REVIEWS.index(text.split("\n")[-1]) % 2]
        prefill = chat.prefill or told.partition("<<<")[2].removesuffix(">>>")
        if "because the text" in prefill:
            return f"is plainly {name}."
        return name.upper() if prefill.endswith("answer is") else f"The answer is {name}"

    def tops(chat: Chat, word: str) -> list[tuple[str, float]]:
        return [(f" {word[:3]}", -0.2), (" x", -5.0)]

    with serving(Served(script, kind=kind, odds=tops)) as served:
        model = load_server(served.url, model="tiny")
        prompt = amplify(model, reviews(), SelfExp(), selection="success", shots=4, profile=replace(DEFAULT, levelled=False))
        assert [shot.label for shot in prompt.shots] == [shot.question.answer for shot in prompt.shots]
        assert all(shot.reply.startswith("The text is plainly ") for shot in prompt.shots)
        assert evaluate(model, reviews(), prompt).accuracy == 1


def test_names_are_found_in_tokens_and_texts_in_any_case():
    words = ("positive", "negative", "Sci/Tech")
    found = {token: label_of(token, words) for token in ("Pos", " NEG", "sci", "Sci/Tech", "(negative", "x", "")}
    assert found == {"Pos": "positive", " NEG": "negative", "sci": "Sci/Tech", "Sci/Tech": "Sci/Tech",
                     "(negative": "negative", "x": None, "": None}  # fmt: skip
    for text, label in {
        "Positive, since": "positive", "the answer is negative": "negative", "SCI/TECH": "Sci/Tech", "positively": None,
        "is Positive": "positive", "the answer is (negative)": "negative", "s positive": None,
        "well (Negative)": "negative", "": None,
    }.items():  # fmt: skip
        assert label_in(text, "The answer is", words) == label, text
    assert label_of("a", ("A", "B")) is None and label_in("b", "The answer is (", ("A", "B")) is None, "letters have a case"


def test_a_scripted_model_reads_names_in_step_one():
    model = ScriptedModel(said)
    session, styled, _ = built(model, reviews(), "label")
    (token,) = model.next_token([question_chat(styled.train[1])], [NAMES])
    assert token.label == "positive" and session.profile.reading is None


@pytest.mark.parametrize("name", ["sports", "Islam", "answer", "s", "isabella", "the arts"])
def test_a_name_may_begin_with_letters_with_which_the_prefill_ends(name: str):
    for text in (name, f" {name}.", f"is {name}", f"The answer is {name}", name.upper()):
        assert label_in(text, "The answer is", (name, "xyz xyz")) == name or len(name) == 1
