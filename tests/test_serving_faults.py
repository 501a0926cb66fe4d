"""What the endpoint does when clients go away or ask too much, when a question fails, and when it is told to end."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from endpoint import PATH, Endpoint, endpoint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import number_of, question, scripted

from selfamplify import Chat, Decoding, Prompt
from selfamplify.serving import running
from selfamplify.serving.app import BODY
from selfamplify.serving.batches import ModelThread
from selfamplify.serving.plain import Plain
from selfamplify.serving.refusals import Refusal
from selfamplify.serving.work import AbstractWork

PROMPT = Prompt("zero_shot", "Choose.", (), {label: label for label in "ABC"})
PATIENCE = 240.0
"""Seconds to wait for what takes a moment on a machine that has nothing else to do."""


def text(number: int) -> str:
    return question(number).render()


class Gate:
    """A script that answers "(B)", and waits at question 0 until it is opened."""

    def __init__(self):
        self.entered, self.opened = threading.Event(), threading.Event()
        self.asked: list[int] = []

    def __call__(self, chat: Chat) -> str:
        self.asked.append(number_of(chat))
        if number_of(chat) == 0:
            self.entered.set()
            assert self.opened.wait(PATIENCE)
        return "The answer is (B)"


@dataclass(frozen=True)
class _Held(AbstractWork):
    """Work that waits for an event."""

    opened: threading.Event

    def run(self, asked: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        assert self.opened.wait(PATIENCE)
        yield from ((place, None) for place in range(len(asked)))


def until(reached: Callable[[], bool]) -> None:
    """Wait for an event that shows in no other way."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_client_that_went_away_is_not_answered():
    gate = Gate()
    with endpoint(scripted(gate), PROMPT, together=1) as served, ThreadPoolExecutor(20) as pool:
        first = pool.submit(served.ask, text(0))
        assert gate.entered.wait(PATIENCE)
        body = json.dumps({"messages": [{"role": "user", "content": text(1)}]}).encode()
        with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2]))) as leaving:
            leaving.sendall(
                b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (PATH.encode(), len(body), body)
            )
            until(lambda: served.service.thread.waiting == 1)
        until(lambda: any("499" in line for line in served.lines))
        third = pool.submit(served.ask, text(2))
        until(lambda: served.service.thread.waiting == 1)
        gate.opened.set()
        assert first.result().status_code == third.result().status_code == 200
        assert gate.asked == [0, 2]


def test_a_full_queue_refuses_and_says_when_to_come_back():
    gate = Gate()
    with endpoint(scripted(gate), PROMPT, together=1, most=2) as served, ThreadPoolExecutor(20) as pool:
        first = pool.submit(served.ask, text(0))
        assert gate.entered.wait(PATIENCE)
        waiting = [pool.submit(served.ask, text(number)) for number in (1, 2)]
        until(lambda: served.client.get("/health").json()["waiting"] == 2)
        refused = served.ask(text(3))
        assert refused.status_code == 503 and int(refused.headers["Retry-After"]) >= 1
        assert refused.json()["error"]["type"] == "server_error" and "2 requests are waiting" in refused.text
        gate.opened.set()
        assert [each.result().status_code for each in (first, *waiting)] == [200] * 3
        assert served.ask(text(3)).status_code == 200 and sorted(gate.asked) == [0, 1, 2, 3]
        assert served.ask(text(4), n=3, temperature=1).status_code == 503  # all replies of a request, or none


@pytest.mark.long
@pytest.mark.parametrize("most", [1000, 100])
def test_five_hundred_connections_get_their_own_replies_and_those_refused_are_answered_later(most: int):
    model = scripted(lambda chat: f"#{number_of(chat)} The answer is (B)")

    async def ask_all(url: str) -> tuple[list[str], int]:
        refused, limits = 0, httpx2.Limits(max_connections=500)
        async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=120, trust_env=False) as client:

            async def ask(number: int) -> str:
                nonlocal refused
                body = {"messages": [{"role": "user", "content": text(number)}]}
                while (reply := await client.post(PATH, json=body)).status_code == 503:
                    refused += 1
                    await asyncio.sleep(0.01 * int(reply.headers["Retry-After"]))
                return reply.json()["choices"][0]["message"]["content"]

            return await asyncio.gather(*(ask(number) for number in range(500))), refused

    gate = threading.Event()
    with endpoint(model, PROMPT, most=most, together=64) as served:
        hold = served.service.thread.submit(_Held(gate), [None])
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(asyncio.run, ask_all(served.url))
            until(lambda: served.client.get("/health").json()["waiting"] == min(most, 500))
            gate.set()
            replies, refused = asked.result()
        assert hold[0].result() is None
        assert replies == [f"#{number} The answer is (B)" for number in range(500)]
        assert (refused == 0) == (most >= 500) and model.answered == 500 and served.faults == []


def test_requests_that_wait_are_done_together_by_their_settings():
    batches: list[list[int]] = []

    class Recorded:
        def __call__(self, chat: Chat) -> str:
            return gate(chat)

    gate = Gate()
    model = scripted(Recorded())
    generated = model.generated

    def recorded(encoded, decoding, seeds):  # pyright: ignore
        batches.append([number_of(each.chat) for each in encoded])
        return generated(encoded, decoding, seeds)

    model.generated = recorded
    with endpoint(model, PROMPT, together=8) as served, ThreadPoolExecutor(20) as pool:
        first = pool.submit(served.ask, text(0))
        assert gate.entered.wait(PATIENCE)
        others = []
        for number in range(1, 13):
            others.append(pool.submit(served.ask, text(number), max_tokens=10 + number % 2))
            until(lambda number=number: served.service.thread.waiting == number)
        gate.opened.set()
        assert all(each.result().status_code == 200 for each in (first, *others))
    assert batches == [[0], [1, 3, 5, 7, 9, 11], [2, 4, 6, 8, 10, 12]]


def test_a_failing_question_fails_alone_and_the_server_goes_on():
    def script(chat: Chat) -> str:
        if number_of(chat) == 3:
            raise ValueError("secret words of the question")
        return "The answer is (B)"

    gate = Gate()
    with endpoint(scripted(lambda chat: gate(chat) and script(chat)), PROMPT) as served, ThreadPoolExecutor(20) as pool:
        first = pool.submit(served.ask, text(0))
        assert gate.entered.wait(PATIENCE)
        others = [pool.submit(served.ask, text(number)) for number in range(1, 7)]
        until(lambda: served.service.thread.waiting == 6)
        gate.opened.set()
        statuses = [each.result().status_code for each in (first, *others)]
        assert statuses == [200, 200, 200, 500, 200, 200, 200]
        assert "secret" not in others[2].result().text and "secret" not in "".join(served.lines)
        assert [type(fault) for fault in served.faults] == [ValueError]
        assert served.ask(text(8)).status_code == 200


def test_what_is_being_done_is_answered_at_the_end_and_the_rest_refused():
    gate = Gate()
    with endpoint(scripted(gate), PROMPT, together=1) as served, ThreadPoolExecutor(20) as pool:
        first = pool.submit(served.ask, text(0))
        assert gate.entered.wait(PATIENCE)
        second = pool.submit(served.ask, text(1))
        until(lambda: served.service.thread.waiting == 1)
        served.end()
        assert second.result().status_code == 503 and "is ending" in second.result().text
        gate.opened.set()
        assert first.result().status_code == 200
        assert gate.asked == [0]


def test_a_reply_that_takes_too_long_is_given_up_at_the_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "GRACE", 0.05)
    gate = Gate()
    with endpoint(scripted(gate), PROMPT) as served, ThreadPoolExecutor(20) as pool:
        first = pool.submit(served.ask, text(0))
        assert gate.entered.wait(PATIENCE)
        served.end()
        assert first.result().status_code == 503
        gate.opened.set()


def test_an_ended_thread_takes_no_work():
    thread = ModelThread(together=1)
    thread.end()
    assert thread.join(60.0)
    with pytest.raises(Refusal, match="is ending"):
        thread.submit(Plain(scripted(Gate()), Decoding()), [])


def test_too_long_a_question_is_refused_with_the_numbers():
    with endpoint(scripted(Gate(), context=400), PROMPT) as served:
        served.ask(text(1)).raise_for_status()
        refused = served.ask(f"{'word ' * 200}{text(1)}")
        assert refused.status_code == 400 and refused.json()["error"]["code"] == "context_length_exceeded"
        tokens = served.service.model.encode(PROMPT.chat(f"{'word ' * 200}{text(1)}")).length
        assert f"{tokens} tokens" in refused.text and "may be continued by 300" in refused.text and "400 tokens" in refused.text
        assert f"at most {400 - tokens}" in refused.text
        served.ask(f"{'word ' * 200}{text(1)}", max_tokens=400 - tokens).raise_for_status()
        assert served.ask(f"{'word ' * 200}{text(1)}", max_tokens=401 - tokens).status_code == 400


@pytest.fixture(scope="module")
def served():
    with endpoint(scripted(lambda chat: "The answer is (B)"), PROMPT) as made:
        yield made


@pytest.fixture(scope="module")
def plain():
    with endpoint(scripted(lambda chat: "Hello")) as made:
        yield made


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"temperature": -1}, "`temperature` is invalid"),
        ({"temperature": "hot"}, "`temperature` is invalid"),
        ({"temperature": 1e-320}, "`temperature` is out of range; send 0, or a number of at least 1e-05."),
        ({"max_tokens": 0}, "`max_tokens` is invalid"),
        ({"max_tokens": 2.5}, "`max_tokens` is invalid"),
        ({"max_tokens": 3, "max_completion_tokens": 4}, "differ"),
        ({"n": 0}, "`n` is invalid"),
        ({"n": 1000}, "`n` is invalid"),
        ({"top_p": 0.9}, "can't change `top_p`; leave it out, or send 1"),
        ({"tools": [{"type": "function"}]}, "can't change `tools`"),
        ({"response_format": {"type": "json_object"}}, "can't change `response_format`"),
        ({"functions": []}, "does not know the field 'functions'"),
        ({"stop": "x"}, "`stop` is for chats"),
        ({"logprobs": True}, "`logprobs` is for chats"),
        ({"top_logprobs": 3}, 'needs `\\"logprobs\\": true`'),
        ({"stream_options": {"include_usage": True}}, 'needs `\\"stream\\": true`'),
        ({"stream": "yes"}, "`stream` is invalid"),
        ({"messages": []}, "`messages` is invalid"),
        ({"messages": "Hello"}, "`messages` is invalid"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "`messages.0.role` is invalid"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "`messages.0.content"),
        ({"messages": [{"role": "user", "content": " "}]}, "The question is empty"),
        ({"messages": [{"role": "user", "content": "No choices?"}]}, "offers no choices"),
        ({"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": text(1)}]}, "--plain"),
        ({"messages": [{"role": "assistant", "content": text(1)}]}, "--plain"),
    ],
)
def test_what_can_not_be_honoured_is_refused(served: Endpoint, more: dict[str, object], reason: str):
    refused = served.client.post(PATH, json={"messages": [{"role": "user", "content": text(1)}]} | more)
    assert refused.status_code == 400 and reason in refused.text
    fault = refused.json()["error"]
    assert fault["type"] == "invalid_request_error" and fault.keys() == {"message", "type", "param", "code"}


def test_settings_that_change_nothing_are_taken(served: Endpoint):
    usual = {"top_p": 1.0, "frequency_penalty": 0, "presence_penalty": 0, "tools": [], "user": "me", "stop": None, "seed": 1}
    assert served.ask(text(1), **usual, temperature=0, stop_sequences=None).status_code == 200
    parts = [{"type": "text", "text": text(1)[:9]}, {"type": "text", "text": text(1)[9:]}]
    assert served.send([{"role": "user", "content": parts, "name": None}]).status_code == 200


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"continue_final_message": True}, "needs a last message of the assistant"),
        ({"logprobs": True}, "is not in this process"),
    ],
)
def test_what_a_plain_endpoint_can_not_honour_is_refused(plain: Endpoint, more: dict[str, object], reason: str):
    refused = plain.ask("Hello", **more)
    assert refused.status_code == 400 and reason in refused.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'"x"', b"[" * 100_000, b'{"messages": NaN}', b"1e999"])
def test_bodies_that_are_no_requests_are_refused(served: Endpoint, body: bytes):
    refused = served.client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == 400 and refused.json()["error"]["message"]
    lone = b'{"messages": [{"role": "user", "content": "\\ud800 (A) x (B) y"}]}'
    assert served.client.post(PATH, content=lone, headers={"Content-Type": "application/json"}).status_code == 400
    assert served.faults == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "type", "text"]), inner),
    max_leaves=6,
)
names = st.sampled_from("messages model max_tokens temperature seed stop n logprobs stream stream_options tools x".split())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(names, values))
def test_no_request_is_a_fault_of_the_server(plain: Endpoint, body: dict[str, object]):
    reply = plain.client.post(PATH, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert reply.status_code in (200, 400, 404) and plain.faults == []


def test_a_body_that_is_too_large_is_refused(served: Endpoint):
    assert served.ask("x" * BODY).status_code == 413
    assert served.client.post("/", content=b"question=" + b"x" * BODY).status_code == 413
    assert served.client.post(PATH, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415


def test_unknown_paths_methods_and_models_are_refused_in_the_same_words(served: Endpoint):
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("GET", PATH, 405),
        ("DELETE", "/", 405),
        ("GET", "/v1/models/x", 404),
    ):
        reply = served.client.request(method, path)
        assert reply.status_code == status and reply.json()["error"]["type"] == "invalid_request_error"
    assert served.ask(text(1), model="gpt").json()["error"]["code"] == "model_not_found"
    assert served.client.get("/v1/models/scripted").json()["id"] == "scripted"


def test_pages_of_other_sites_can_not_use_the_server(served: Endpoint):
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[", "127.0.0.1@evil.example"):
        assert served.client.get("/", headers={"Host": host}).status_code in (400, 421)
    for host in ("localhost:1", "127.0.0.1", "[::1]:9", "LOCALHOST"):
        assert served.client.get("/", headers={"Host": host}).status_code == 200
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://[bad", ""):
        assert served.client.post("/", data={"question": text(1)}, headers={"Origin": origin}).status_code == 403
    allowed = served.client.post("/", data={"question": text(1)}, headers={"Origin": served.url})
    assert allowed.status_code == 200 and served.faults == []
    assert "access-control-allow-origin" not in allowed.headers
    assert served.client.options(PATH, headers={"Origin": "https://evil.example"}).status_code == 405


def test_a_token_is_needed_and_appears_nowhere():
    token = "s3cret-token"
    with endpoint(scripted(lambda chat: "The answer is (B)"), PROMPT, token) as served:
        assert served.ask(text(1)).status_code == 200
        assert served.client.get("/", headers={"Host": "elsewhere.example"}).status_code == 200
        bare = httpx2.Client(base_url=served.url, trust_env=False)
        assert bare.get("/health").status_code == 200
        for given in (b"", b"Bearer", b"Bearer s3cret", f"Digest {token}".encode(), b"Basic !!", "Bearer é".encode()):
            headers = {b"Authorization": given} if given else None
            for method, path in (("GET", "/"), ("GET", "/v1/models"), ("POST", PATH), ("POST", "/")):
                reply = bare.request(method, path, headers=headers)
                assert reply.status_code == 401 and reply.json()["error"]["code"] == "invalid_api_key"
                assert reply.headers["WWW-Authenticate"].startswith("Basic" if path == "/" else "Bearer")
        assert bare.get("/", auth=("anyone", token)).status_code == 200
        assert bare.get("/", auth=("anyone", "wrong")).status_code == 401
        bare.close()
        assert token not in "".join(served.lines) and text(1) not in "".join(served.lines)


def test_lines_about_requests_hold_no_text(served: Endpoint):
    served.lines.clear()
    served.ask(text(1))
    served.client.get("/v1/a secret?more=secret")
    until(lambda: len(served.lines) == 2)
    assert served.lines[0].startswith(f"POST {PATH} 200 ") and served.lines[1].startswith("GET (another path) 404 ")
