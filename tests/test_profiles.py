"""Profiles: rationales before or after the answer, instructions of one's own, system turns, orders of shots, and stop words."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from games import types_unchecked
from hypothesis import given
from hypothesis import strategies as st
from small import right, scripted, task
from test_answer_style import NAMES, REVIEWS, reviews, said
from zoo import TRAINED, model_of, tiny_model

from selfamplify import (
    DEFAULT,
    PAPER,
    Choice,
    FeatureAblation,
    InputOutput,
    Prompt,
    Question,
    RandomWords,
    Sample,
    ScriptedModel,
    SelfExp,
    Session,
    Task,
    amplify,
    evaluate,
    select,
)
from selfamplify.answering.ending import ending_of
from selfamplify.errors import ModelError, SettingsError
from selfamplify.methods.asking import asked_as, asking
from selfamplify.prompting.chats import reading_chat
from selfamplify.prompting.chosen import keywords
from selfamplify.prompting.formats.answer import AnswerFormat
from selfamplify.prompting.formats.decisive import DecisiveFormat
from selfamplify.prompting.formats.keywords import KeywordFormat
from selfamplify.prompting.formats.pair import PairFormat
from selfamplify.prompting.formats.steps import StepFormat
from selfamplify.prompting.formats.thought import ThoughtFormat
from selfamplify.prompting.profiles import PROFILES, Profile
from selfamplify.prompting.wording import Wording, placeholders
from selfamplify.prompting.wordings import APPENDIX, LABELS, OURS, TEXTS, WORDINGS
from selfamplify.records import AnswerStyle, Chat, DecisiveWords, NextToken, ScoredPairs, ScoredWords, WrittenText
from selfamplify.text.replies import through_last_line
from selfamplify.text.stop_words import LISTS, StopWords

STYLES: tuple[AnswerStyle, ...] = ("letter", "label", "text")
AFTER = replace(DEFAULT, order="xyr")
WRITTEN = WrittenText("q", "self_exp", "It is dull. So it is")


# The paper's sentences.


def test_the_papers_requests_are_those_of_its_appendix():
    assert PAPER.answer_style == "letter" and PAPER.asking("letter", "ABCD").wording == APPENDIX
    asked = Question("q", "Which?", tuple(map(Choice, "ABCD", "wxyz")), "C")
    opened = "You are presented with multiple choice question, where choices will look like (A), (B), (C) or (D), "
    assert KeywordFormat(APPENDIX, 3).instruction("ABCD") == (
        f"{opened}generate 3 keywords providing hints and generate the right single answer\nOuput example: "
        'The 3 keywords "word1", "word2" ... and "word3" are important to predict that the answer is (A)'
    )
    assert f"{PAPER.wording.topk_example('A', 6)}" == (
        'The answer is (A), the 6 most important keywords to make the prediction are "word1", ... and "word6"'
    )
    assert APPENDIX.explain_example("A", 3) == "The answer is (A), 3-step explanation: step1, step2,...,step3."
    topk, steps = FeatureAblation(), SelfExp(steps=3)
    chat = steps.chat(asked, APPENDIX)
    assert chat.messages[0].content == (
        "Choose the right answer and generate a concise 3-step explanation, with only one sentence per step.\nExample: "
        f"{APPENDIX.explain_example('A', 3)}\n{asked.render()}"
    )
    assert chat.prefill == "The answer is (C), 3-step explanation:" and topk.name == "feature_ablation"
    assert APPENDIX.keywords.format(k=2, keywords="x", label="B").endswith("important to predict that the answer is (B)")


@given(st.integers(1, 9), st.sampled_from([OURS, APPENDIX]))
def test_output_examples_begin_with_the_first_placeholder_and_end_with_the_last(count: int, wording: Wording):
    words, steps = placeholders("word", count), placeholders("step", count)
    for shown in (wording.example_words(count), wording.topk_example("A", count)):
        found = [shown.index(f'"{word}"') for word in words if f'"{word}"' in shown]
        assert found == sorted(found) and f'"{words[0]}"' in shown and shown.endswith(f'"{words[-1]}"')
        assert wording is APPENDIX or len(found) == count
    assert wording.example_steps(count).startswith(steps[0]) and wording.example_steps(count).endswith(steps[-1])


def test_no_wording_of_names_or_texts_mentions_letters_or_shows_an_example():
    for wording in (LABELS, TEXTS):
        formats = (AnswerFormat, KeywordFormat, StepFormat, ThoughtFormat, DecisiveFormat, PairFormat)
        for layout in (made(wording) for made in formats):
            said = layout.instruction(NAMES if wording is LABELS else ())
            assert "(" not in said and "xample" not in said and "word1" not in said and "step1" not in said
            assert (NAMES[0] in said) == (wording is LABELS)


@pytest.mark.parametrize(
    "setting", [{"answer_style": "labels"}, {"order": "yxr"}, {"stop_words": "mine"}, {"shot_order": "sorted"}]
)
def test_an_unknown_setting_of_a_profile_is_refused_in_one_line(setting: dict[str, Any]):
    (name,) = setting
    with pytest.raises(SettingsError, match=f"`{name}=.*is invalid; use one of") as error, types_unchecked():
        replace(DEFAULT, **setting)
    assert "\n" not in str(error.value)


# Rationales after the answer.


def layouts(wording: Wording, own: str) -> dict[str, tuple[Any, Any]]:
    scored = ScoredWords("q", "x", ("warm", "palms"), (1.0, 2.0))
    return {"keywords": (KeywordFormat(wording, 2), scored), "keyword": (KeywordFormat(wording, 1), scored),
            "steps": (StepFormat(wording, 2), WRITTEN),
            "pair": (PairFormat(wording), ScoredPairs("q", "x", ("warm", "palms"), (1.0, 2.0), (1.0,), "logit")),
            "decisive": (DecisiveFormat(wording), DecisiveWords("q", "x", ("warm",), own, "other", True)),
            "replaced": (DecisiveFormat(wording, True), DecisiveWords("q", "x", ("a",), own, "else", True, instead=("dry",))),
            "misleading": (DecisiveFormat(wording), DecisiveWords("q", "x", ("warm",), "other", own, True))}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("made", ["keywords", "keyword", "steps", "pair", "decisive", "replaced", "misleading"])
def test_a_rationale_may_follow_its_answer(style: AnswerStyle, made: str):
    names = {"letter": ("A", "B"), "label": NAMES, "text": ()}[style]
    written = {"letter": "(A)", "label": "negative", "text": "dry palms"}[style]
    profile = AFTER.asking(style, names)
    layout, explanation = layouts(profile.wording, written.strip("()"))[made]
    reply = layout.reply(explanation, written.strip("()"))
    first, _, rest = reply.partition("\n")
    assert first == f"The answer is {written}" and rest and "\n" not in rest and "answer is" not in rest
    assert through_last_line(reply, profile.decoding.last_line) == first, "decoding stops after the answer"
    assert layout.opening and reply.startswith(layout.opening)
    before, _ = layouts(DEFAULT.asking(style, names).wording, "")[made]
    assert before.reply(explanation, written.strip("()")).endswith(f"answer is {written}")
    assert layout.instruction(names) != before.instruction(names)


def test_answers_come_first_in_prompts_and_are_read_there():
    seen: list[str] = []

    def script(chat: Chat) -> str:
        seen.append(chat.prefill)
        name = NAMES[REVIEWS.index(chat.question) % 2]
        other = NAMES[1 - NAMES.index(name)]
        return f'The answer is {name}\nThe 2 keywords "{other}" and "so" are important; the answer is not {other}'

    prompt = amplify(scripted(script), reviews(), RandomWords(), selection="random", shots=4, keywords=2, profile=AFTER)
    assert prompt.provenance and prompt.provenance.order == "xyr"
    for shot in prompt.shots:
        assert shot.reply.startswith(f"The answer is {shot.question.written(shot.label)}\nThe 2 keywords ")
    assert prompt.instruction.endswith("Give the answer, and then 2 keywords that explain it.")
    assert evaluate(scripted(script), reviews(), prompt).accuracy == 1


@pytest.mark.long
@pytest.mark.parametrize("name", ["llama", *TRAINED])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("ends_in_the_answer", [False, True])
def test_likelihood_decides_before_the_rationale(name: str, style: AnswerStyle, ends_in_the_answer: bool):
    profile = replace(AFTER, answer_style=style)
    prompt = amplify(scripted(said), reviews(), RandomWords(), selection="random", shots=2, keywords=1, profile=profile)
    if ends_in_the_answer:
        answers = [shot.question.written(shot.label) for shot in prompt.shots]
        replies = [f"{shot.reply} {answer}" for shot, answer in zip(prompt.shots, answers, strict=True)]
        changed = [replace(shot, reply=reply) for shot, reply in zip(prompt.shots, replies, strict=True)]
        prompt = replace(prompt, shots=tuple(changed))
    ending = ending_of(prompt, asking(profile, reviews())[0].wording)
    start = "The answer is (" if style == "letter" else "The answer is "
    assert (ending.form, ending.start) == ({"letter": "letters", "label": "names", "text": "texts"}[style], start)
    result = evaluate(model_of(name), reviews(), prompt, decide="likelihood", limit=2)
    assert all(each.text == "" and each.rule == "likelihood" for each in result.responses), "nothing is written"


@pytest.mark.parametrize("style", STYLES)
def test_a_reply_with_its_answer_first_is_read_after_it_has_been_saved(style: AnswerStyle, tmp_path: Any):
    def script(chat: Chat) -> str:
        place = REVIEWS.index(chat.question.split(" (A)")[0].split("\n")[0])
        return f"The answer is {('(A)', '(B)')[place % 2] if style == 'letter' else NAMES[place % 2]}"

    profile = replace(AFTER, answer_style=style, instruction="Judge {it}.")
    prompt = amplify(scripted(script), reviews(), RandomWords(), selection="random", shots=2, profile=profile)
    prompt.save(tmp_path)
    result = evaluate(scripted(script), reviews(), tmp_path, io=True)
    assert result.accuracy == 1 and result.io and result.io.accuracy == 1
    again, _ = asked_as(Prompt.load(tmp_path), DEFAULT, reviews())
    assert (again.order, again.instruction, again.answer_style) == ("xyr", "Judge {it}.", style)
    assert again.wording == profile.asking(style, NAMES if style == "label" else ()).wording


# Instructions and system turns.


@given(st.text(min_size=1, max_size=30).filter(str.strip), st.sampled_from(STYLES), st.sampled_from(["xry", "xyr"]))
def test_an_instruction_of_ones_own_opens_every_request_word_for_word(text: str, style: AnswerStyle, order: Any):
    profile = replace(DEFAULT, instruction=text, order=order).asking(style, NAMES)
    asked = Question("q", "Fine.", tuple(map(Choice, "AB", NAMES)), "A", answer_style=style)
    wording = profile.wording
    for layout in (AnswerFormat(wording), KeywordFormat(wording), StepFormat(wording), ThoughtFormat(wording)):
        assert layout.instruction(asked.named).startswith(text.strip())
    assert reading_chat(asked, wording).messages[0].content.startswith(text.strip())
    if style != "letter":
        assert SelfExp().chat(asked, wording).messages[0].content.startswith(text.strip())


def test_a_system_turn_goes_before_everything():
    seen: list[Chat] = []

    def script(chat: Chat) -> str:
        seen.append(chat)
        return "is fresh." if "because" in chat.prefill else said(chat)

    profile = replace(DEFAULT, system="You are brief.")
    prompt = amplify(scripted(script), reviews(), SelfExp(steps=1), selection="success", shots=2, profile=profile)
    evaluate(scripted(script), reviews(), prompt)
    assert {(chat.messages[0].role, chat.messages[0].content) for chat in seen} == {("system", "You are brief.")}
    assert all([turn.role for turn in chat.messages[1:]].count("system") == 0 for chat in seen)
    assert prompt.context[0] == {"role": "system", "content": "You are brief."}


def test_a_system_turn_without_a_template_is_refused_in_one_line():
    corpus = reviews()
    for model in (tiny_model("gpt2", template=False), model_of("gpt2")):
        with pytest.raises(ModelError, match="no chat template, and so no system turn") as error:
            amplify(model, corpus, RandomWords(), selection="random", shots=1, profile=replace(DEFAULT, system="Be brief."))
        assert "\n" not in str(error.value)
    prompt = amplify(tiny_model(), corpus, RandomWords(), selection="random", shots=1, profile=replace(DEFAULT, system="Be."))
    assert prompt.system == "Be."


# Orders of shots.


@given(st.integers(0, 99), st.integers(0, 8))
def test_shuffled_shots_are_the_drawn_ones_in_an_order_fixed_by_the_seed(seed: int, shots: int):
    corpus = task(12, 2)
    orders = {
        name: select(Session(scripted(right), replace(DEFAULT, shot_order=name)), corpus, "random", shots, seed)
        for name in ("drawn", "shuffled", "similar")
    }
    again = select(Session(scripted(right), replace(DEFAULT, shot_order="shuffled")), corpus, "random", shots, seed)
    assert again == orders["shuffled"]
    assert {each.id for each in again.questions} == {each.id for each in orders["drawn"].questions}
    assert len(again.questions) == shots and orders["similar"] == orders["drawn"]


def test_shuffling_changes_most_orders():
    corpus = task(12, 2)
    sessions = [Session(scripted(right), replace(DEFAULT, shot_order=name)) for name in ("drawn", "shuffled")]
    moved = sum(
        select(sessions[0], corpus, "random", 8, seed).questions != select(sessions[1], corpus, "random", 8, seed).questions
        for seed in range(20)
    )
    assert moved >= 18


def test_similar_shots_are_recorded_and_asked_so(tmp_path: Any):
    seen: list[Chat] = []

    def script(chat: Chat) -> str:
        seen.append(chat)
        return said(chat)

    profile = replace(DEFAULT, shot_order="similar")
    prompt = amplify(scripted(script), reviews(), RandomWords(), selection="random", shots=4, profile=profile)
    assert prompt.similar_last and Prompt.load(prompt.save(tmp_path)).similar_last
    seen.clear()
    evaluate(scripted(script), reviews(), tmp_path)
    for chat in seen:
        assert chat.messages == prompt.chat(chat.question).messages


# Stop words.


def test_every_list_of_stop_words_reaches_keywords_and_games():
    scored = ScoredWords("q", "x", ("The", "film", "was", "not", "dull"), (5.0, 4.0, 3.0, 2.0, 1.0))
    names: list[StopWords] = list(LISTS)
    found = {name: keywords(scored, 3, name) for name in names}
    assert found == {"none": ["The", "film", "was"], "authors": ["film", "was", "not"], "default": ["film", "not", "dull"]}
    assert LISTS["none"] < LISTS["authors"] < LISTS["default"]
    for name in names:
        expected = found[name]
        wording = replace(DEFAULT, stop_words=name).asking("label", NAMES).wording
        said = KeywordFormat(wording, 3).reply(scored, "negative")
        assert all(f'"{word}"' in said for word in expected) and said.count('"') == 6
        profile = replace(DEFAULT, stop_words=name)
        prompt = amplify(
            model_of("llama"), reviews(), FeatureAblation(), selection="random", shots=2, profile=profile, keywords=6
        )
        written = {word for shot in prompt.shots for word in shot.reply.lower().split('"')[1::2]}
        assert written and not written & LISTS[name]


# Step 1 in label words.


class Biased(ScriptedModel):
    """Knows the true labels, but has a constant bias toward one of them, which outweighs what it knows."""

    def __init__(self, bias: Sequence[float], known: float = 1.0):
        super().__init__(lambda chat: "The answer is negative", "biased")
        self._bias, self._known = bias, known

    def next_token(self, chats: Sequence[Chat], answers: Sequence[Sequence[str]]) -> list[NextToken]:
        found: list[NextToken] = []
        for chat, names in zip(chats, answers, strict=True):
            self.answered += 1
            true = REVIEWS.index(chat.question.split(" (A)")[0].split(" #")[0]) % 2
            scores = [bias + self._known * (place == true) for place, bias in enumerate(self._bias)]
            best = names[scores.index(max(scores))]
            found.append(NextToken(best, best, tuple(scores)))
        return found


def many(count: int = 80) -> Task:
    """Reviews with numbers, as many of each label."""
    offered = tuple(map(Choice, "AB", NAMES))
    made = [Question(f"r{n}", f"{REVIEWS[n % 10]} #{n}", offered, "AB"[n % 2], attributed="text") for n in range(count)]
    return Task("many", tuple(made[:-10]), tuple(made[-10:]), dict(zip("AB", NAMES, strict=True)))


@pytest.mark.parametrize("bias", [(-1.0, -9.0), (-9.0, -1.0), (-1.0, -1.0)])
@pytest.mark.parametrize("seed", range(3))
def test_a_constant_bias_toward_one_label_does_not_choose_the_shots(bias: tuple[float, float], seed: int):
    profile, corpus = asking(DEFAULT, many())
    sample = select(Session(Biased(bias), profile), corpus, "success", 6, seed)
    assert sorted(each.answer for each in sample.questions) == ["A"] * 3 + ["B"] * 3
    assert sample.counts.error == 0, "relative to its average, it is always right"


def test_without_levelling_a_bias_decides_and_letters_are_never_levelled():
    biased = Biased((-1.0, -9.0))
    for chosen in (replace(DEFAULT, levelled=False), replace(DEFAULT, answer_style="letter")):
        profile, corpus = asking(chosen, many())
        with pytest.warns(Warning, match="have the answer"):
            sample = select(Session(biased, profile), corpus, "success", 6, 0)
        assert {each.answer for each in sample.questions} == {"A"}
    assert PAPER.levelled is False and PROFILES["paper-no-ban"].levelled is False and DEFAULT.levelled is True


def test_levelling_changes_no_answer_of_a_model_without_a_bias():
    profile, corpus = asking(DEFAULT, many())
    level = select(Session(Biased((-1.0, -1.0)), profile), corpus, "success", 6, 1)
    plain = select(Session(Biased((-1.0, -1.0)), replace(profile, levelled=False)), corpus, "success", 6, 1)
    assert level.questions == plain.questions


def test_levelling_knows_only_the_first_questions_in_the_order_of_the_draw():
    profile, corpus = asking(DEFAULT, many())
    order = list(corpus.train)
    random.Random(0).shuffle(order)
    moved = replace(corpus, train=tuple(order))
    samples = [select(Session(Biased((-2.0, -7.0)), profile), each, "error", 0, 3) for each in (corpus, moved)]
    assert samples[0] == samples[1]
    samples = [select(Session(Biased((-2.0, -7.0), 0.0), profile), each, "success", 4, 3) for each in (corpus, moved)]
    assert [each.id for each in samples[0].questions] == [each.id for each in samples[1].questions]


# Letters stay as they were.


def test_a_profile_for_letters_changes_nothing_but_what_was_asked_for():
    asked = DEFAULT.asking("letter", "ABC")
    assert asked == replace(DEFAULT, answer_style="letter", wording=replace(OURS, system="", stop_words="default"))
    assert asked.decoding == DEFAULT.decoding and asked.reading == DEFAULT.reading
    assert set(WORDINGS) == set(STYLES)
    drawn = PAPER.asking("letter", "ABCD")
    assert (drawn.wording, drawn.decoding, drawn.reading) == (APPENDIX, PAPER.decoding, PAPER.reading)
    assert isinstance(drawn, Profile) and drawn.name == "paper"


def test_names_are_read_as_wholes_even_where_letters_are_generated():
    asked = replace(PAPER, answer_style="label").asking("label", NAMES)
    assert asked.reading is None and asked.wording.name == "labels"


def test_io_in_every_style_ends_like_the_instruction_asks():
    for style in STYLES:
        profile, styled = asking(replace(DEFAULT, answer_style=style), reviews())
        prompt = InputOutput().prompt(Session(scripted(said), profile), styled, Sample.of(styled.train[:2], 0))
        empty = InputOutput().prompt(Session(scripted(said), profile), styled, Sample.of((), 0))
        for each in (prompt, empty):
            assert ending_of(each, profile.wording).form == {"letter": "letters", "label": "names", "text": "texts"}[style]
