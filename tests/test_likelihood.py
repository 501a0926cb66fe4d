"""Deciding by likelihood: against brute force on real weights, and against the paper's equation for calibration."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from serving import Served, serving
from small import Run, left_behind, question, right, scripted, shared, task
from zoo import brute_force

from selfamplify import (
    Choice,
    InputOutput,
    LocalModel,
    Plan,
    Prompt,
    Question,
    Sample,
    Session,
    Task,
    ZeroShot,
    ZeroShotCot,
    compare,
    evaluate,
    load_model,
    load_server,
)
from selfamplify.answering.answer import answer
from selfamplify.answering.asked import ask_after
from selfamplify.answering.batch import batch_calibrated
from selfamplify.answering.deciding import Calibrate, Deciding
from selfamplify.answering.ending import Ending, continued, ending_of
from selfamplify.answering.fitting import fit
from selfamplify.answering.likelihood import CONTENT_FREE, calibrated
from selfamplify.errors import ContextError, ModelError, RunError, SettingsError
from selfamplify.prompting.profiles import DEFAULT
from selfamplify.records import Chat, Cost, Response, Shot

pytestmark = pytest.mark.typed

TASK = task(6, 12)
WORDS = ("bad", "very good indeed")
REVIEWS = tuple(
    Question(f"r{place}", text, (Choice("A", WORDS[0]), Choice("B", WORDS[1])), "AB"[place % 2])
    for place, text in enumerate(("A dull film.", "A joy.", "It drags on and on.", "Bright, quick and warm.", "Fine."))
)


@pytest.fixture(scope="module", params=["stories260K", "cardputer-chat-3M"])
def model(request: pytest.FixtureRequest) -> LocalModel:
    return load_model(str(shared("models", request.param)))


def decided(model: Any, prompt: Prompt, questions: Sequence[Question], calibrate: Calibrate = "off") -> list[Response]:
    session = Session(model)
    asked = ask_after(model, prompt, questions, ending_of(prompt, DEFAULT.wording))
    return answer(session, prompt, asked, 0, Deciding("likelihood", calibrate))


def letters(model: Any, shots: int = 1) -> Prompt:
    return InputOutput().prompt(Session(model), TASK, Sample.of(TASK.train[:shots], 0))


def words(shots: int = 2) -> Prompt:
    """A prompt whose shots answer with the choice's text."""
    replies = [Shot(each, f"Sentiment: {WORDS['AB'.index(each.answer)]}.", each.answer) for each in REVIEWS[:shots]]
    return Prompt("mine", "Is the review bad or very good indeed?", tuple(replies), {"A": "bad", "B": "good"})


@pytest.mark.long
def test_labels_are_compared_by_their_log_probabilities(model: LocalModel):
    prompt = letters(model)
    responses = decided(model, prompt, TASK.test)
    for asked, response in zip(TASK.test, responses, strict=True):
        reading = model.read(replace(prompt.chat(asked), prefill="The answer is ("), asked.labels)
        with torch.inference_mode():
            logits = model.module(input_ids=torch.tensor([reading.ids])).logits[0, -1].float()
        expected = logits.log_softmax(-1)[[reading.answers[label][0] for label in asked.labels]]
        assert np.allclose(response.log_probabilities, expected, atol=1e-4)
        assert response.label == asked.labels[int(expected.argmax())]
        assert (response.rule, response.text, response.finished) == ("likelihood", "", True)


def test_texts_are_compared_by_their_mean_log_probability_per_token(model: LocalModel):
    prompt = words()
    for asked, response in zip(REVIEWS[2:], decided(model, prompt, REVIEWS[2:]), strict=True):
        chat = replace(prompt.chat(asked), prefill="Sentiment: ")
        expected = [float(np.mean(brute_force(model, chat, text))) for text in WORDS]
        assert np.allclose(response.log_probabilities, expected, atol=1e-4)
        assert response.label == "AB"[int(np.argmax(expected))]


@pytest.mark.long
@pytest.mark.parametrize("form", ["letters", "words"])
def test_calibration_divides_by_what_questions_without_content_get(model: LocalModel, form: str):
    prompt, asked = (letters(model), TASK.test[:8:2]) if form == "letters" else (words(), REVIEWS[2:])
    plain, corrected = decided(model, prompt, asked), decided(model, prompt, asked, "content_free")
    empty = [replace(asked[0], id=f"e{place}", text=text) for place, text in enumerate(CONTENT_FREE)]
    free = np.exp([each.log_probabilities for each in decided(model, prompt, empty)]).mean(0)
    for before, after in zip(plain, corrected, strict=True):
        # Zhao et al. 2021, section 4.2: softmax(W p + b), with W = diag(p_cf)^-1 and b = 0
        weighted = np.diag(1 / (free / free.sum())) @ np.exp(before.log_probabilities)
        assert after.label == asked[0].labels[int(weighted.argmax())]
        assert np.allclose(np.exp(after.log_probabilities) * free.sum(), weighted, rtol=1e-3)
        assert after.rule == "calibrated likelihood"


@given(st.lists(st.lists(st.floats(-20, 0), min_size=3, max_size=3), min_size=2, max_size=5))
def test_calibration_removes_what_is_probable_anyway(rows: list[list[float]]):
    scores, *free = rows
    expected = np.log(np.exp(scores) / np.exp(free).mean(0))
    assert np.allclose(calibrated(scores, free), expected, atol=1e-9)
    assert np.allclose(calibrated(scores, [scores]), 0)


@given(
    st.lists(st.tuples(*[st.floats(-20, 0)] * 3), min_size=1, max_size=6),
    st.tuples(*[st.floats(-9, 9)] * 3),
    st.integers(1, 30),
)
def test_batch_calibration_removes_what_every_label_gets_on_average(
    rows: list[tuple[float, float, float]], bias: tuple[float, float, float], count: int
):
    def responses(scores: Sequence[Sequence[float]]) -> list[Response]:
        return [
            Response(f"q{place}", "", "A", "likelihood", Cost(1, 0.0), True, tuple(row)) for place, row in enumerate(scores)
        ]

    asked = [question(place) for place in range(len(rows))]
    found = batch_calibrated(asked, responses(rows), asked, responses(rows))
    scores = np.array([each.log_probabilities for each in found])
    assert np.allclose(scores, np.array(rows) - np.mean(rows, 0)) and np.allclose(scores.mean(0), 0)
    biased = np.array(rows) + bias
    again = batch_calibrated(asked, responses(biased.tolist()), asked, responses(biased.tolist()))
    assert np.allclose([each.log_probabilities for each in again], scores, atol=1e-9), "a bias of the prompt cancels"
    assert [each.label for each in found] == ["ABC"[int(row.argmax())] for row in scores]
    empty = responses([()] * count)
    assert batch_calibrated([question()] * count, empty, asked, responses(rows)) == empty


@pytest.mark.long
def test_batch_calibration_compares_with_training_questions_that_are_no_shots(model: LocalModel):
    corpus = task(30, 6)
    prompt = InputOutput().prompt(Session(model), corpus, Sample.of(corpus.train[:2], 0))
    result = evaluate(model, corpus, prompt, decide="likelihood", calibrate="batch")
    plain = np.array([each.log_probabilities for each in decided(model, prompt, corpus.test)])
    others = np.array([each.log_probabilities for each in decided(model, prompt, corpus.train[2:])])
    for response, expected in zip(result.responses, plain - others.mean(0), strict=True):
        assert np.allclose(response.log_probabilities, expected, atol=1e-4)
        assert (response.rule, response.label) == ("batch-calibrated likelihood", "ABC"[int(expected.argmax())])
    with pytest.raises(SettingsError, match=r"needs 10 training questions besides the shots, and small has 4 such"):
        evaluate(model, TASK, letters(model, 2), decide="likelihood", calibrate="batch")


def test_too_few_questions_for_a_batch_are_refused_before_anything_is_explained(model: LocalModel, tmp_path: Path):
    plan, reported = Plan(("deep_lift",), ("success",), shots=4), list[str]()
    with pytest.raises(SettingsError, match=r"needs 10 training questions besides the shots, and small has 8 such questions"):
        compare(
            model,
            task(12, 6),
            plan,
            tmp_path,
            decide="likelihood",
            calibrate="batch",
            progress=lambda *what: reported.append(what[0]),
        )
    assert not reported and not list(tmp_path.iterdir())


def test_a_label_without_a_mean_is_refused(model: LocalModel):
    corpus = task(30, 6)
    more = (*corpus.test[0].choices, Choice("D", "cold rain"))
    rare = replace(corpus, test=(replace(corpus.test[0], choices=more),), label_map={label: label for label in "ABCD"})
    prompt = InputOutput().prompt(Session(model), rare, Sample.of(rare.train[:2], 0))
    with pytest.raises(SettingsError, match="28 training questions, none of which offers D"):
        evaluate(model, rare, prompt, decide="likelihood", calibrate="batch")
    known = [Response("q1", "", None, "none", Cost(1, 0.0))]
    scored = [Response("q0", "", "A", "likelihood", Cost(1, 0.0), True, (-1.0, -2.0, -3.0))]
    with pytest.raises(ModelError, match="no mean to compare with"):
        batch_calibrated([question()], scored, [question(1)], known)


def test_batch_calibration_needs_the_same_texts_in_all_questions(model: LocalModel):
    other = replace(REVIEWS[4], choices=(Choice("A", "poor"), Choice("B", "fine")))
    mixed_choices = Task("reviews", REVIEWS[:4], (other,), words().label_map)
    with pytest.raises(SettingsError, match="reviews have different choices"):
        evaluate(model, mixed_choices, words(), decide="likelihood", calibrate="batch")


@pytest.mark.long
@pytest.mark.parametrize("calibrate", ["off", "content_free"])
def test_likelihood_depends_neither_on_the_batch_nor_on_the_order(model: LocalModel, calibrate: Calibrate):
    for prompt, asked in ((letters(model), TASK.test), (words(), REVIEWS)):
        whole = {each.question_id: each for each in decided(model, prompt, asked, calibrate)}
        single = [decided(model, prompt, [each], calibrate)[0] for each in reversed(asked)]
        for response in single:
            other = whole[response.question_id]
            assert response.label == other.label
            assert np.allclose(response.log_probabilities, other.log_probabilities, atol=1e-4)


def test_a_rationale_is_written_first_and_its_own_answer_does_not_count():
    seen: list[str] = []

    def script(chat: Chat) -> str:
        if chat.prefill.endswith("("):
            seen.append(chat.prefill)
            return right(chat)
        return "warmth is friction. Therefore, the answer is (C)\nuser\nNext? The answer is (A)"

    model = scripted(script)
    prompt = ZeroShotCot().prompt(Session(model), TASK, Sample.of((), 0))
    responses = decided(model, prompt, TASK.test)
    assert [each.label for each in responses] == [each.answer for each in TASK.test]
    assert set(seen) == {"Let's think step by step. warmth is friction. Therefore, the answer is ("}
    assert all("Next?" in each.text for each in responses), "the record holds what was written"
    bare = scripted(lambda chat: right(chat) if chat.prefill.endswith("(") else "I wonder.", "bare")
    assert [each.label for each in decided(bare, prompt, TASK.test)] == [each.answer for each in TASK.test]


def hesitant(chat: Chat) -> str:
    """Writes an answer that is often wrong, and finds the right one most probable, or A without a question."""
    return (right(chat) if "#" in chat.question else "A") if chat.prefill.endswith("(") else "The answer is (A)"


def shot(reply: str, number: int = 0) -> Shot:
    return Shot(question(number, choices=("bad", "good"), answer="B"), reply, "B")


@pytest.mark.parametrize(
    ("replies", "form", "start", "lead"),
    [
        (["The answer is (B)"] * 2, "letters", "The answer is (", "The answer is ("),
        (["good", "good."], "texts", "", ""),
        (["Sentiment: good"] * 2, "texts", "Sentiment: ", "Sentiment: "),
        (["Answer: B"] * 2, "labels", "Answer: ", "Answer: "),
        (["Warm. So the answer is (B)", "Cold hands. So the answer is (B)"], "letters", None, "the answer is ("),
        (["Warm.\nSentiment: good", "Cold.\nSentiment: good"], "texts", None, "Sentiment: "),
    ],
)
def test_the_shots_show_where_the_answer_is(replies: list[str], form: str, start: str | None, lead: str):
    prompt = Prompt("mine", "?", tuple(shot(reply, place) for place, reply in enumerate(replies)), {"A": "a", "B": "b"})
    found = ending_of(prompt, DEFAULT.wording)
    assert (found.form, found.start) == (form, start)
    assert start is not None or found.lead.strip().endswith(lead.strip())


def test_an_answer_that_is_not_last_can_not_be_compared():
    for replies in (["good, since it is warm"], ["Sentiment: good", "The answer is (B)"]):
        prompt = Prompt("mine", "?", tuple(map(shot, replies)), {"A": "a", "B": "b"})
        with pytest.raises(SettingsError, match='`decide="generate"`'):
            ending_of(prompt, DEFAULT.wording)


@given(st.text(max_size=30), st.sampled_from(["", "Let's think step by step."]))
def test_an_ending_goes_on_directly_to_the_answer(rationale: str, prefill: str):
    ending = Ending("letters", None, "the answer is (", ", therefore the answer is (")
    assert ending.after(f"{prefill} {rationale}".strip()).casefold().endswith("the answer is (")
    assert ending.after(f"{prefill} {rationale} x, so the answer is (B)").endswith("the answer is (")


def test_a_reply_of_nothing_begins_with_the_closing_sentence_as_it_is_written():
    assert continued("", ", therefore the Answer is (") == "Therefore the Answer is ("
    assert continued("", "\nAnswer: ") == "\nAnswer: "
    assert continued("Warm.", "\nAnswer: ") == "Warm\nAnswer: "


def test_what_does_not_go_with_likelihood_is_refused_in_one_line(tmp_path: Path):
    model = scripted(right)
    prompt = letters(model)
    for chosen, remedy in (
        ({"calibrate": "batch"}, '`decide="likelihood"`'),
        ({"decide": "likelihood", "judge": model}, "`judge`"),
    ):
        with pytest.raises(SettingsError) as error:
            evaluate(model, TASK, prompt, out=tmp_path, **chosen)  # pyright: ignore[reportArgumentType]
        assert remedy in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(SettingsError, match="a local model"):
        evaluate(model, Task("reviews", REVIEWS[:2], REVIEWS[2:], words().label_map), words(), decide="likelihood")
    assert model.answered == 0


def test_a_prompt_needs_no_room_for_a_text_that_is_not_written():
    model = scripted(right)
    longest = max(model.encode(letters(model).chat(each)).length for each in TASK.test)
    short = scripted(right, context=longest + 8)
    assert evaluate(short, TASK, letters(short), decide="likelihood").accuracy == 1
    with pytest.raises(ContextError):
        evaluate(short, TASK, letters(short))


def test_questions_are_refused_unless_the_longest_answer_in_tokens_fits(model: LocalModel, monkeypatch: pytest.MonkeyPatch):
    short, long = "the little girl and the dog", "qzxjkwvzqxjkwvzq"
    assert len(short) > len(long), "more characters, and fewer tokens"
    choices = (Choice("A", short), Choice("B", long))
    asked = tuple(replace(each, choices=choices) for each in REVIEWS)
    corpus = Task("reviews", asked[:2], asked[2:], {each.label: each.text for each in choices})
    replies = [
        Shot(each, f"The answer is {each.offered.choices[place].text}", each.answer) for place, each in enumerate(asked[:2])
    ]
    prompt, session = Prompt("mine", "Choose.", tuple(replies), corpus.label_map), Session(model)
    chats = [replace(prompt.chat(each), prefill=f"The answer is {long}") for each in corpus.test]
    most = max(model.encode(chat).length for chat in chats)
    monkeypatch.setattr(model, "context", most)
    [fitted] = fit(session, [prompt], corpus, False, Deciding("likelihood"))
    assert all(each.label for each in answer(session, prompt, fitted.asked, 0, Deciding("likelihood")))
    monkeypatch.setattr(model, "context", most - 1)
    with pytest.raises(ContextError, match=f"has {most} tokens"):
        fit(session, [prompt], corpus, False, Deciding("likelihood"))


def test_an_answer_at_the_start_of_a_reply_has_no_space_before_it():
    chat = Chat((), "")
    assert [replace(chat, prefill=start).answered("good").prefill for start in ("", "It is", "It is ", 'It is "')] == [
        "good", "It is good", "It is good", 'It is "good',
    ]  # fmt: skip


def test_a_run_is_continued_only_as_it_was_begun(tmp_path: Path):
    model = scripted(hesitant)
    plan = Plan(("zero_shot_cot",), ("random",), shots=2)
    table = compare(model, TASK, plan, tmp_path / "a", decide="likelihood", calibrate="content_free")
    assert (table.settings["decide"], table.settings["calibrate"]) == ("likelihood", "content_free")
    first, asked = left_behind(tmp_path / "a"), model.answered
    assert compare(model, TASK, plan, tmp_path / "a", decide="likelihood", calibrate="content_free").digest() == table.digest()
    assert left_behind(tmp_path / "a") == first and model.answered == asked
    plain: dict[str, Any] = {}
    likely: dict[str, Any] = {"decide": "likelihood"}
    for other in (plain, likely):
        with pytest.raises(RunError, match='calibrate="content_free"` then, `calibrate="off"` now'):
            compare(model, TASK, plan, tmp_path / "a", **other)
    others = [compare(model, TASK, plan, tmp_path / name, **how).digest() for name, how in (("b", plain), ("c", likely))]
    assert len({*others, table.digest()}) == 3


def test_the_store_tells_the_ways_apart(tmp_path: Path):
    model = scripted(hesitant)
    prompt = ZeroShot().prompt(Session(model), TASK, Sample.of((), 0))
    found = evaluate(model, TASK, prompt, decide="likelihood", out=tmp_path)
    assert found.accuracy == 1 and {each.rule for each in found.responses} == {"likelihood"}
    lines = (tmp_path / "responses.jsonl").read_text().splitlines()
    assert all('"rule": "likelihood"' in line and '"log_probabilities": [' in line for line in lines)


def test_servers_decide_by_the_most_probable_tokens():
    served = Served(lambda chat: "B", odds=lambda chat, word: [("B", -0.5), ("A", -1.5), (" C", -3.0)])
    with serving(served):
        model = load_server(served.url)
        prompt = letters(model)
        found = evaluate(model, TASK, prompt, decide="likelihood")
        assert {each.log_probabilities for each in found.responses} == {(-1.5, -0.5, -3.0)}
        even = evaluate(model, TASK, prompt, decide="likelihood", calibrate="content_free")
        assert np.allclose([each.log_probabilities for each in even.responses], 0)
    blind = Served(lambda chat: "B", kind="serve")
    with serving(blind):
        model = load_server(blind.url, model="tiny")
        with pytest.raises(SettingsError, match="returns no log-probabilities"):
            evaluate(model, TASK, letters(model), decide="likelihood")
        assert blind.asked == []


@pytest.mark.long
def test_command_line_decides_by_likelihood(run: Run, tmp_path: Path):
    chosen = ["--model", shared("models", "stories260K"), "--task", "file", "--data", shared("cases", "k9_chinese.csv")]
    code, out, err = run("build", *chosen, "--method", "random", "--select", "random", "--shots", "1", "--out", tmp_path)
    assert code == 0, err
    code, out, err = run("evaluate", tmp_path, *chosen, "--calibrate", "batch", "--no-io")
    assert code == 2 and "--decide likelihood" in err
    code, out, err = run(
        "evaluate", tmp_path, *chosen, "--max-new-tokens", "8", "--decide", "likelihood", "--calibrate", "content_free"
    )
    assert code == 0 and "calibrated" in out
