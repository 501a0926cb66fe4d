"""Answering test questions: the order of the answers, who reads them, and prompts that are too long."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import number_of, right, scripted, task

from selfamplify import DEFAULT, PAPER, InputOutput, Prompt, Question, Sample, Session, ZeroShotCot, evaluate
from selfamplify.answering.answer import answer
from selfamplify.answering.asked import LABEL_TOKENS, ask_after
from selfamplify.answering.deciding import Decide, Deciding
from selfamplify.answering.ending import ending_of
from selfamplify.answering.fitting import fit
from selfamplify.errors import ContextError, DataError
from selfamplify.models.model import AbstractLanguageModel
from selfamplify.records import Chat, Response

TASK = task(6, 70)


def io_prompt(session: Session, shots: int = 2) -> Prompt:
    return InputOutput().prompt(session, TASK, Sample.of(TASK.train[:shots], 0))


def answered(session: Session, prompt: Prompt, questions: Sequence[Question] = TASK.test) -> list[Response]:
    return answer(session, prompt, ask_after(session.model, prompt, questions), 0)


def longest(model: AbstractLanguageModel, prompt: Prompt) -> int:
    """Tokens of the longest test question after the prompt."""
    return max(model.encode(prompt.chat(question)).length for question in TASK.test)


def plain(chat: Chat) -> str:
    return f"The answer is ({right(chat)})"


@pytest.mark.long
@given(st.permutations(range(40)))
def test_answers_are_in_the_order_of_the_questions(order: list[int]):
    session = Session(scripted(plain))
    questions = [TASK.test[index] for index in order]
    responses = answered(session, io_prompt(session), questions)
    assert [response.question_id for response in responses] == [question.id for question in questions]
    assert [response.label for response in responses] == [question.answer for question in questions]
    assert {response.rule for response in responses} == {"stated"}


def test_the_model_continues_only_responses_that_no_rule_can_read():
    continued: list[Chat] = []

    def script(chat: Chat) -> str:
        if chat.prefill.endswith("("):
            continued.append(chat)
            return right(chat)
        return ["The answer is (C)", "I can't say.", ""][number_of(chat) % 3]

    session = Session(scripted(script))
    responses = answered(session, io_prompt(session))
    for question, response in zip(TASK.test, responses, strict=True):
        stated = int(question.id[1:]) % 3 == 0
        assert (response.label, response.rule) == (("C", "stated") if stated else (question.answer, "constrained"))
    assert {chat.prefill for chat in continued} == {"I can't say, therefore the answer is (", "Therefore the answer is ("}
    assert len(continued) == sum(response.rule == "constrained" for response in responses)


def test_no_label_is_read_if_the_response_has_used_up_the_context():
    def wordy(chat: Chat) -> str:
        return "B" if chat.prefill.endswith("(") else "so " * 40

    session = Session(scripted(wordy))
    prompt = io_prompt(session).with_length(1)
    short = Session(scripted(wordy, context=longest(session.model, prompt) + 20))
    response = answered(short, prompt, TASK.test[:1])[0]
    assert (response.label, response.rule) == (None, "none")


def test_a_judge_reads_every_response():
    judge = scripted(lambda chat: "Z" if "dunno" in chat.messages[0].content else "A", "judge")
    model = scripted(lambda chat: "dunno" if number_of(chat) % 2 else "The answer is (B)")
    session = Session(model, judge=judge)
    responses = answered(session, io_prompt(session))
    assert {(response.text, response.label, response.rule) for response in responses} == {
        ("dunno", None, "none"),
        ("The answer is (B)", "A", "judge"),
    }
    assert model.answered == judge.answered == len(TASK.test)


def test_under_the_papers_profile_the_model_itself_is_the_judge():
    model = scripted(lambda chat: "A" if "Response: hm" in chat.messages[0].content else "hm")
    responses = answered(Session(model, PAPER), io_prompt(Session(model, PAPER)), TASK.test[:3])
    assert {(response.label, response.rule) for response in responses} == {("A", "judge")}


def test_zero_shot_chain_of_thought_opens_every_reply():
    seen: list[Chat] = []
    model = scripted(lambda chat: seen.append(chat) or "so the answer is (A)")
    session = Session(model)
    prompt = ZeroShotCot().prompt(session, TASK, Sample.of(TASK.train, 0))
    assert prompt.shots == ()
    answered(session, prompt, TASK.test[:2])
    assert {chat.prefill for chat in seen} == {"Let's think step by step."}


def test_a_prompt_that_is_too_long_is_refused_before_any_generation():
    model = scripted(plain, context=60)
    prompt = io_prompt(Session(model), 4).with_length(10)
    with pytest.raises(ContextError) as error:
        evaluate(model, TASK, prompt)
    tokens = longest(model, prompt)
    for part in (f"has {tokens} tokens", "by 10", "context of scripted is 60", "`drop_shots=True`, or no shots"):
        assert part in str(error.value)
    assert model.answered == 0
    assert evaluate(model, TASK, prompt, drop_shots=True).n == len(TASK.test)


@pytest.mark.long
@pytest.mark.parametrize("context", range(20, 160, 5))
@pytest.mark.parametrize("decide", ["generate", "likelihood"])
def test_the_refusal_of_a_prompt_names_as_many_shots_as_fit(context: int, decide: Decide):
    model = scripted(plain, context=context)
    session, deciding = Session(model), Deciding(decide)
    short, long = (io_prompt(session, 6).with_length(length) for length in (3, 10))

    def fitting(shots: int) -> bool:
        try:
            fit(session, [prompt.with_shots(shots) for prompt in (short, long)], TASK, False, deciding)
        except ContextError:
            return False
        return True

    kept = [shots for shots in range(7) if fitting(shots)]
    if 6 in kept:
        return
    with pytest.raises(ContextError) as error:
        fit(session, [short, long], TASK, False, deciding)
    ways = {0: "or no shots.", 1: "or at most 1 shot."}
    expected = ways.get(max(kept), f"at most {max(kept)} shots.") if kept else "a model with a longer context, or shorter"
    assert expected in str(error.value), (kept, str(error.value))


@pytest.mark.parametrize("context", range(35, 160, 9))
@pytest.mark.parametrize(("decide", "room"), [("generate", 10), ("likelihood", len("The answer is (".split()) + LABEL_TOKENS)])
def test_fit_drops_no_more_shots_than_necessary(context: int, decide: Decide, room: int):
    model = scripted(plain, context=context)
    session, deciding = Session(model), Deciding(decide)
    prompt = io_prompt(session, 6).with_length(10)
    kept = [shots for shots in range(7) if longest(model, io_prompt(session, shots)) + room <= context]
    if not kept:
        with pytest.raises(ContextError, match="longer context"):
            fit(session, [prompt], TASK, True, deciding)
        return
    [fitted] = fit(session, [prompt], TASK, True, deciding)
    shorter, asked = fitted.prompt, fitted.asked
    assert shorter.shots == prompt.shots[: max(kept)]
    assert shorter.provenance is None or shorter.provenance.dropped_shots == 6 - max(kept)
    ending = ending_of(shorter, DEFAULT.wording) if deciding.likely else None
    assert asked == ask_after(model, shorter, TASK.test, ending), "the questions must be those after the shortened prompt"
    assert model.answered == 0


@pytest.mark.parametrize("limit", [1, 5, None])
def test_evaluate_asks_the_first_test_questions(limit: int | None):
    model = scripted(plain)
    count = limit or len(TASK.test)
    measured = evaluate(model, TASK, io_prompt(Session(model)), limit=limit)
    assert (measured.n, measured.accuracy, model.answered) == (count, 1.0, count)
    assert measured.questions == TASK.test[:count]


def test_evaluate_answers_with_io_on_the_same_shots():
    model = scripted(plain)
    prompt = io_prompt(Session(model))
    assert evaluate(model, TASK, prompt, io=True).io is None, "IO is not compared with itself"
    measured = evaluate(model, TASK, ZeroShotCot().prompt(Session(model), TASK, Sample.of((), 0)), io=True)
    assert measured.io is None, "without shots there is no IO"


def test_evaluate_refuses_a_prompt_of_another_task_or_with_a_shot_that_is_asked():
    model = scripted(plain)
    leaking = InputOutput().prompt(Session(model), TASK, Sample.of(TASK.test[:1], 0))
    with pytest.raises(DataError, match="Shot 1 of 1 is also among"):
        evaluate(model, TASK, leaking)
    other = task(3, 3)
    foreign = InputOutput().prompt(Session(model), other, Sample.of(other.train, 0))
    with pytest.raises(DataError, match='use `task="small"`'):
        evaluate(model, replace(TASK, name="else"), foreign)
    assert model.answered == 0
