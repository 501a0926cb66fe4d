"""Step 3 at work: answers in order, who reads them, and prompts that are too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import number_of, right, scripted, task

from selfamplify import PAPER, InputOutput, Prompt, Sample, Session, ZeroShotCot, evaluate
from selfamplify.answering.answer import answer
from selfamplify.answering.fitting import fit
from selfamplify.errors import ContextError
from selfamplify.records import Chat

TASK = task(6, 70)


def io_prompt(session: Session, shots: int = 2) -> Prompt:
    return InputOutput().prompt(session, TASK, Sample.of(TASK.train[:shots], 0))


def plain(chat: Chat) -> str:
    return f"The answer is ({right(chat)})"


@given(st.permutations(range(40)))
def test_answer_keeps_the_order_of_the_questions(order: list[int]):
    session = Session(scripted(plain))
    questions = [TASK.test[index] for index in order]
    responses = answer(session, io_prompt(session), questions, 0)
    assert [response.question_id for response in responses] == [question.id for question in questions]
    assert [response.label for response in responses] == [question.answer for question in questions]
    assert {response.rule for response in responses} == {"stated"}


def test_answer_continues_only_responses_that_no_rule_reads():
    continued: list[Chat] = []

    def script(chat: Chat) -> str:
        if chat.prefill.endswith("("):
            continued.append(chat)
            return right(chat)
        return ["The answer is (C)", "I can't say.", ""][number_of(chat) % 3]

    session = Session(scripted(script))
    responses = answer(session, io_prompt(session), TASK.test, 0)
    for question, response in zip(TASK.test, responses, strict=True):
        stated = int(question.id[1:]) % 3 == 0
        assert (response.label, response.rule) == (("C", "stated") if stated else (question.answer, "constrained"))
    assert {chat.prefill for chat in continued} == {"I can't say, therefore the answer is (", "Therefore the answer is ("}
    assert len(continued) == sum(response.rule == "constrained" for response in responses)


def test_answer_reads_no_label_where_the_response_used_the_context_up():
    session = Session(scripted(lambda chat: "B" if chat.prefill.endswith("(") else "so " * 40))
    prompt = io_prompt(session).with_length(1)
    room = max(len(session.model.tokens(prompt.chat(question))) for question in TASK.test) + 20
    short = Session(scripted(lambda chat: "B" if chat.prefill.endswith("(") else "so " * 40, context=room))
    response = answer(short, prompt, TASK.test[:1], 0)[0]
    assert (response.label, response.rule) == (None, "none")


def test_answer_lets_a_judge_read():
    judge = scripted(lambda chat: "Z" if "dunno" in chat.messages[0].content else "A", "judge")
    model = scripted(lambda chat: "dunno" if number_of(chat) % 2 else "The answer is (B)")
    session = Session(model, judge=judge)
    responses = answer(session, io_prompt(session), TASK.test, 0)
    assert {(response.text, response.label, response.rule) for response in responses} == {
        ("dunno", None, "none"),
        ("The answer is (B)", "A", "judge"),
    }
    assert model.answered == judge.answered == len(TASK.test)


def test_papers_profile_lets_the_model_itself_judge():
    model = scripted(lambda chat: "A" if "Response: hm" in chat.messages[0].content else "hm")
    responses = answer(Session(model, PAPER), io_prompt(Session(model, PAPER)), TASK.test[:3], 0)
    assert {(response.label, response.rule) for response in responses} == {("A", "judge")}


def test_zero_shot_chain_of_thought_opens_every_reply():
    seen: list[Chat] = []
    model = scripted(lambda chat: seen.append(chat) or "so the answer is (A)")
    session = Session(model)
    prompt = ZeroShotCot().prompt(session, TASK, Sample.of(TASK.train, 0))
    assert prompt.shots == ()
    answer(session, prompt, TASK.test[:2], 0)
    assert {chat.prefill for chat in seen} == {"Let's think step by step."}


def test_too_long_a_prompt_is_refused_before_any_generation():
    model = scripted(plain, context=60)
    prompt = io_prompt(Session(model), 4).with_length(10)
    longest = max(len(model.tokens(prompt.chat(question))) for question in TASK.test)
    with pytest.raises(ContextError) as error:
        evaluate(model, prompt, TASK)
    for part in (f"has {longest} tokens", "continued by 10", "context of scripted is 60", "fewer shots than 4", "--drop-shots"):
        assert part in str(error.value)
    assert model.answered == 0


@pytest.mark.parametrize("context", range(35, 160, 9))
def test_fit_drops_as_many_whole_shots_as_it_must(context: int):
    model = scripted(plain, context=context)
    session = Session(model)
    prompt = io_prompt(session, 6).with_length(10)

    def needed(shots: int) -> int:
        kept = io_prompt(session, shots)
        return max(len(model.tokens(kept.chat(question))) for question in TASK.test) + 10

    kept = [shots for shots in range(7) if needed(shots) <= context]
    if not kept:
        with pytest.raises(ContextError, match="a longer context, or shorter questions"):
            fit(session, [prompt], TASK.test)[0]
        return
    shorter = fit(session, [prompt], TASK.test)[0]
    assert shorter.shots == prompt.shots[: max(kept)]
    assert shorter.provenance.get("dropped_shots", 0) == 6 - max(kept)
    assert model.answered == 0


def test_evaluate_asks_the_first_questions_of_the_test_side():
    model = scripted(plain)
    measured = evaluate(model, io_prompt(Session(model)), TASK, limit=5)
    assert (measured.n, measured.accuracy, model.answered) == (5, 1.0, 5)
    assert measured.questions == TASK.test[:5]
