"""The endpoint of ``selfamplify serve`` on the embedded model: its replies are those of ``evaluate``, whoever asks them."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import openai
import pytest
from endpoint import PATH, Endpoint, endpoint

from selfamplify import (
    DEFAULT,
    Decoding,
    LocalModel,
    Message,
    Prompt,
    Result,
    Task,
    amplify,
    build,
    evaluate,
    load_model,
    load_server,
    load_task,
)  # fmt: skip
from selfamplify.records import AnswerStyle, Chat

GREETING = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def model() -> LocalModel:
    return load_model("embedded")


@pytest.fixture(scope="module")
def task() -> Task:
    return load_task("planted_arc").limited(100)


@pytest.fixture(scope="module")
def prompt(model: LocalModel, task: Task) -> Prompt:
    return amplify(model, task, "random", selection="random", shots=4)


@pytest.fixture(scope="module")
def result(model: LocalModel, task: Task, prompt: Prompt) -> Result:
    return evaluate(model, task, prompt)


@pytest.fixture(scope="module")
def served(model: LocalModel, prompt: Prompt) -> Iterator[Endpoint]:
    with endpoint(model, prompt) as made:
        yield made


@pytest.fixture(scope="module")
def plain(model: LocalModel) -> Iterator[Endpoint]:
    with endpoint(model, decoding=Decoding(max_new_tokens=12)) as made:
        yield made


@pytest.mark.long
def test_a_hundred_requests_at_once_get_the_replies_of_evaluate(served: Endpoint, task: Task, result: Result):
    async def ask_all() -> list[httpx2.Response]:
        limits = httpx2.Limits(max_connections=100)
        async with httpx2.AsyncClient(base_url=served.url, limits=limits, timeout=300, trust_env=False) as client:
            bodies = [{"messages": [{"role": "user", "content": each.render()}]} for each in task.test]
            return await asyncio.gather(*(client.post(PATH, json=body) for body in bodies))

    replies = [reply.json() for reply in asyncio.run(ask_all())]
    assert len(replies) == 100 == len({reply["id"] for reply in replies})
    assert [reply["choices"][0]["message"]["content"] for reply in replies] == [each.text for each in result.responses]
    read = [reply["selfamplify"] for reply in replies]
    assert [(each["label"], each["rule"]) for each in read] == [(each.label, each.rule) for each in result.responses]
    for each, question in zip(read, task.test, strict=True):
        assert each["answer"] == next((c.text for c in question.choices if c.label == each["label"]), None)
    assert served.faults == []


def test_usage_counts_the_tokens_of_prompt_and_reply(served: Endpoint, model: LocalModel, prompt: Prompt, task: Task):
    question = task.test[0]
    reply = served.ask(question.render()).json()
    (written,) = model.generate([prompt.chat(question)], prompt.decoding, [0])
    tokens = model.encode(prompt.chat(question)).length
    assert reply["usage"] == {
        "prompt_tokens": tokens, "completion_tokens": written.tokens, "total_tokens": tokens + written.tokens,
    }  # fmt: skip
    assert reply["choices"][0]["finish_reason"] == "stop" and reply["model"] == "embedded"


def test_the_whole_prompt_with_a_question_is_not_shown_twice(served: Endpoint, prompt: Prompt, task: Task):
    text = task.test[1].render()
    alone, whole = served.ask(text).json(), served.send(prompt.messages(text)).json()
    assert whole["usage"] == alone["usage"] and whole["choices"] == alone["choices"]


@pytest.mark.long
@pytest.mark.parametrize("style", ["label", "letter", "text"])
@pytest.mark.parametrize("method", ["random", "zero_shot"])
def test_every_answer_style_is_asked_as_by_evaluate(model: LocalModel, style: AnswerStyle, method: str, tmp_path: Path):
    reviews = load_task("planted_arc" if style == "text" else "reviews").limited(6)
    profile = replace(DEFAULT, answer_style=style)
    made = build(model, reviews, tmp_path, method=method, selection="random", shots=2, profile=profile).with_length(20)
    expected = evaluate(model, reviews, made)
    with endpoint(model, made) as running:
        for question, response in zip(reviews.styled(style).test, expected.responses, strict=True):
            for messages in ([{"role": "user", "content": question.render()}], made.messages(question.render())):
                reply = running.send(messages).json()
                assert reply["choices"][0]["message"]["content"] == response.text
                assert reply["selfamplify"]["label"] == response.label and reply["selfamplify"]["rule"] == response.rule


def test_a_stream_holds_the_same_reply(served: Endpoint, task: Task):
    text = task.test[2].render()
    whole = served.ask(text).json()
    stream = served.ask(text, stream=True, stream_options={"include_usage": True})
    assert stream.headers["content-type"].startswith("text/event-stream")
    *events, last = [line.removeprefix("data: ") for line in stream.text.split("\n\n") if line]
    chunks = [json.loads(event) for event in events]
    assert last == "[DONE]" and all(chunk["object"] == "chat.completion.chunk" for chunk in chunks)
    written = "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])
    assert written == whole["choices"][0]["message"]["content"]
    assert chunks[1]["selfamplify"] == whole["selfamplify"] and chunks[1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[2]["usage"] == whole["usage"] and chunks[2]["choices"] == []


@pytest.mark.long
def test_drawn_replies_repeat_with_their_seed_and_not_without(served: Endpoint, task: Task):
    text = task.test[3].render()

    def texts(**more: object) -> list[str]:
        reply = served.ask(text, temperature=2.0, n=4, max_tokens=20, **more).json()
        return [choice["message"]["content"] for choice in reply["choices"]]

    drawn = texts(seed=7)
    assert len(set(drawn)) > 1 and drawn == texts(seed=7) != texts(seed=8)
    assert len({*map(tuple, (texts() for _ in range(3)))}) > 1


def test_max_tokens_cuts_a_reply_and_says_so(served: Endpoint, task: Task):
    for name in ("max_tokens", "max_completion_tokens"):
        reply = served.ask(task.test[4].render(), **{name: 2}).json()
        assert reply["choices"][0]["finish_reason"] == "length" and reply["usage"]["completion_tokens"] == 2


@pytest.mark.long
def test_openai_client_gets_answers_lists_and_errors(served: Endpoint, task: Task):
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0) as client:
        assert [each.id for each in client.models.list()] == ["embedded"]
        messages = [{"role": "user", "content": task.test[5].render()}]
        reply = client.chat.completions.create(model="embedded", messages=messages)  # pyright: ignore
        own = served.ask(task.test[5].render()).json()
        assert reply.choices[0].message.content == own["choices"][0]["message"]["content"]
        assert reply.model_extra is not None and reply.model_extra["selfamplify"] == own["selfamplify"]
        parts = client.chat.completions.create(model="embedded", messages=messages, stream=True)  # pyright: ignore
        streamed = "".join(part.choices[0].delta.content or "" for part in parts)
        assert streamed == reply.choices[0].message.content
        with pytest.raises(openai.NotFoundError, match="embedded"):
            client.chat.completions.create(model="gpt", messages=messages)  # pyright: ignore
        with pytest.raises(openai.BadRequestError, match="top_p"):
            client.chat.completions.create(model="embedded", messages=messages, top_p=0.5)  # pyright: ignore


def test_plain_chats_get_the_replies_of_the_model(plain: Endpoint, model: LocalModel, prompt: Prompt, task: Task):
    for messages in (GREETING, prompt.messages(task.test[0])):
        chat = Chat(tuple(Message(**each) for each in messages))
        (written,) = model.generate([chat], Decoding(max_new_tokens=12), [0])
        reply = plain.send(messages).json()
        assert reply["choices"][0]["message"]["content"] == written.text and "selfamplify" not in reply
        assert reply["usage"]["prompt_tokens"] == model.encode(chat).length


@pytest.mark.long
def test_a_plain_reply_is_cut_before_a_stop(plain: Endpoint, prompt: Prompt, task: Task):
    messages = prompt.messages(task.test[0])
    whole = plain.send(messages, max_tokens=60).json()["choices"][0]["message"]["content"]
    stop = whole[len(whole) // 2 :][:3]
    for given in (stop, ["never", stop]):
        choice = plain.send(messages, max_tokens=60, stop=given).json()["choices"][0]
        assert choice["message"]["content"] == whole[: whole.index(stop)] and choice["finish_reason"] == "stop"


def test_log_probabilities_are_those_of_the_first_token(plain: Endpoint, model: LocalModel, prompt: Prompt, task: Task):
    messages = prompt.messages(task.test[0])
    reply = plain.send(messages, max_tokens=1, logprobs=True, top_logprobs=5).json()
    (scored,) = reply["choices"][0]["logprobs"]["content"]
    encoded = model.encode(Chat(tuple(Message(**each) for each in messages)))
    logits = model.last_logits([(*encoded.prefix, *encoded.suffix)], len(encoded.prefix))[0, -1]
    values, ids = logits.log_softmax(-1).topk(5)
    assert [each["token"] for each in scored["top_logprobs"]] == [model.tokenizer.decode([each]) for each in ids.tolist()]
    found = [each["logprob"] for each in scored["top_logprobs"]]
    assert found == pytest.approx(values.tolist(), abs=1e-4) and scored["logprob"] == found[0]


def test_own_client_of_servers_finds_the_same_answers_as_the_local_model(plain: Endpoint, model: LocalModel, task: Task):
    remote = load_server(plain.url)
    abilities = remote.abilities
    assert (abilities.model, abilities.owner, abilities.context) == ("embedded", "selfamplify", model.context)
    assert abilities.continues and abilities.flags and abilities.top_logprobs == 100 and abilities.sampling
    assert not abilities.echoes and not abilities.switches_thinking
    chats = [Chat((Message("user", each.render()),), "The answer is (", each.render()) for each in task.test[:8]]
    labels = [each.labels for each in task.test[:8]]
    here, there = model.next_token(chats, labels), remote.next_token(chats, labels)
    for one, other in zip(here, there, strict=True):
        assert one.best(task.test[0].labels) == other.best(task.test[0].labels)
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-3)
    decoding = Decoding(max_new_tokens=12)
    texts = [[reply.text for reply in asked.generate(chats, decoding, [0] * 8)] for asked in (model, remote)]
    assert texts[0] == texts[1]


@pytest.mark.long
def test_a_prompt_is_evaluated_through_the_plain_endpoint_as_on_the_model(
    plain: Endpoint, task: Task, prompt: Prompt, result: Result, tmp_path: Path
):
    remote = evaluate(load_server(plain.url), task.limited(20), prompt)
    assert [each.label for each in remote.responses] == [each.label for each in result.responses[:20]]
    assert [each.text for each in remote.responses] == [each.text for each in result.responses[:20]]
