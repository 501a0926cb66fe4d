"""Servers that drip, never end, leak the key, or send text that is no text: over real sockets."""

import json
import math
import resource
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import Reply, Served, document, serving, words_in
from small import talker, task

from selfamplify import Limits, ServerModel, build, evaluate, load_server
from selfamplify.errors import ModelError, SelfAmplifyWarning
from selfamplify.models.served.cleaning import cleaned, reason_scrubber, reply_scrubber
from selfamplify.models.served.connections import LONGEST_REPLY
from selfamplify.models.served.endpoints import Endpoints
from selfamplify.records import Chat, Decoding, Message

KEY = "sk-very-secret-17"
LABELS = ("A", "B", "C")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFAMPLIFY_API_KEY", KEY)


@pytest.fixture
def start() -> Iterator[Any]:
    """Start servers that end with the test."""
    with ExitStack() as stack:
        yield lambda *args, **settings: stack.enter_context(serving(Served(*args, **settings)))


def asked(model: ServerModel, count: int = 1) -> list[str]:
    chats = [Chat((Message("user", f"number {number}"),)) for number in range(count)]
    return [each.text for each in model.generate(chats, Decoding(), [0] * count)]


def dripping(over: threading.Event) -> Iterator[bytes]:
    """A byte at a time, until a test is over: no single read takes long."""
    while not over.wait(0.02):
        yield b" "


@pytest.fixture
def over() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_server_that_drips_is_given_up_when_the_time_is_over(start: Any, over: threading.Event):
    served = start(lambda chat: "yes", trouble=lambda number, body: (200, {}, dripping(over)))
    abilities = load_server(served.url).abilities
    model = ServerModel(Endpoints([served.url], limits=Limits(timeout=0.5, retries=3, pause=0.0)), abilities)
    with pytest.raises(ModelError, match=r"no complete answer within 0.5 s; tried 2 times"):
        asked(model)


def test_a_probe_of_a_server_that_drips_ends_after_one_time_out(start: Any, over: threading.Event):
    class Dripping(Served):
        def completion(self, body: dict[str, Any]) -> Reply:
            asks.append(body)
            return 200, {}, dripping(over)

    asks: list[dict[str, Any]] = []
    with serving(Dripping(talker)) as served, pytest.raises(ModelError, match="no complete answer within 2 s.*start it"):
        load_server(served.url, limits=Limits(timeout=2.0))
    assert len(asks) == 1


def test_a_connection_whose_answer_was_given_up_is_not_used_again(start: Any, over: threading.Event):
    served = start(talker_or_number, trouble=lambda number, body: (200, {}, dripping(over)) if number == 0 else None)
    abilities = load_server(served.url).abilities
    model = ServerModel(Endpoints([served.url], limits=Limits(in_flight=1, timeout=5.0, retries=7, pause=0.0)), abilities)
    assert asked(model, 5) == [f"number {number}" for number in range(5)]


def talker_or_number(chat: Chat) -> str:
    return chat.messages[-1].content


@pytest.mark.parametrize("headers", [{}, {"Content-Length": str(1 << 40)}], ids=["no length", "a length"])
@pytest.mark.parametrize("status", [200, 500])
def test_a_reply_without_an_end_is_not_read_to_its_end(start: Any, status: int, headers: dict[str, str]):
    sent = [0]

    def endless() -> Iterator[bytes]:
        while sent[0] < 40 * LONGEST_REPLY:  # far more than is read, should the limit fail
            sent[0] += 1 << 20
            yield b"x" * (1 << 20)

    served = start(talker, trouble=lambda number, body: (status, headers, endless()))
    model = load_server(served.url, limits=Limits(retries=2, pause=0.0))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match="an answer of more than 8 MB; tried once"):
        asked(model)
    assert sent[0] < 4 * LONGEST_REPLY, "nothing more is read"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * LONGEST_REPLY / 1024


# Text that is no text.


def test_half_a_surrogate_in_a_reply_is_replaced_and_the_run_goes_on(start: Any, tmp_path: Path):
    served = start(lambda chat: talker(chat) + " \ud83d and \U0001f600")
    model = load_server(served.url)
    prompt = build(model, task(), tmp_path, method="self_exp", selection="random", shots=2, check=0)
    result = evaluate(model, task(), prompt, out=tmp_path)
    assert all(reply.text.endswith(" \ufffd and \U0001f600") for reply in result.responses)
    assert (tmp_path / "results.json").exists()
    count = len(served.asked)
    assert evaluate(model, task(), prompt, out=tmp_path) == result and len(served.asked) == count, "all was kept"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.long
@given(JSON, st.text(st.characters(), min_size=12, max_size=20))
def test_a_cleaned_document_is_the_same_but_for_what_no_file_can_hold(given_document: Any, secret: str):
    found = cleaned(given_document, reply_scrubber(KEY))
    json.dumps(found, ensure_ascii=False).encode()  # it can be written
    if json.dumps(given_document, ensure_ascii=False).isascii():
        assert found == given_document


@pytest.mark.parametrize(
    ("odds", "label", "scores"),
    [
        ([("A", math.nan), ("B", -1.0)], "B", (-1.0, -1.0)),
        ([("B", -1.0), ("A", math.inf), ("C", -math.inf)], "B", (-1.0, -1.0)),
        ([("A", 10**400), ("B", -1.0)], "A", ()),
        ([("A", math.nan), ("B", math.nan)], "A", ()),
    ],
)
def test_what_is_no_log_probability_never_decides(start: Any, odds: Any, label: str, scores: tuple[float, ...]):
    served = start(lambda chat: "A", odds=lambda chat, word: odds)
    chat = Chat((Message("user", "number 0"),), "The answer is (")
    found = load_server(served.url).next_token([chat], [("A", "B")])[0]
    assert found.label == label
    assert [round(each, 9) for each in found.log_probabilities] == list(scores)


# A prompt that is cut in silence.


def of_words(*counts: int) -> list[Chat]:
    return [Chat((Message("user", " ".join(["word"] * count)),)) for count in counts]


def asked_of(served: Served, counts: list[int]) -> ServerModel:
    model = load_server(served.url, limits=Limits(in_flight=1))
    model.generate(of_words(*counts), Decoding(), [0] * len(counts))
    return model


@pytest.mark.parametrize(
    ("context", "counts", "said"),
    [
        (100, [40, 60, 150], "counts 100 tokens in a prompt of 150 words, fewer than it has words"),
        (200, [120, 130, 140, 150, 160], "counts 200 tokens in each of 5 prompts of 120 to 160 words, and in none more"),
    ],
)
def test_a_server_that_cuts_prompts_is_found_by_its_own_counts(start: Any, context: int, counts: list[int], said: str):
    served = start(lambda chat: "yes", count=lambda messages: min(context, 9 + 2 * words_in(messages)))
    with pytest.warns(SelfAmplifyWarning, match=f"{said}. Most likely it cuts") as warned:
        model = asked_of(served, counts)
    assert len(warned) == 1
    model.generate(of_words(300, 310), Decoding(), [0, 0])  # and once only


@pytest.mark.parametrize("count", [lambda messages: 9 + 2 * words_in(messages), lambda messages: 0, lambda messages: None])
def test_counts_that_grow_or_are_missing_are_no_sign(start: Any, count: Any):
    asked_of(start(lambda chat: "yes", count=count), [1, 2, 3, 4, 5, 60, 60, 60, 60, 60, 60, 61, 300, 2000])


# The key.


MASKED = ("sk-ve***et-17", "sk-very…", "sk-v...t-17", "sk-very-********", "•••••ret-17")


@pytest.mark.long
@pytest.mark.parametrize("said", [KEY, *MASKED])
@pytest.mark.parametrize("place", ["phrase", "body", "json", "reply"])
def test_the_key_is_in_no_error_and_no_file(
    start: Any, said: str, place: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    told = f"the key {said} is wrong"
    trouble: dict[str, Any] = {
        "phrase": (400, {}, b""), "body": (400, {}, told.encode()), "json": document(400, {"error": {"message": told}}),
        "reply": document(200, {"choices": [{"message": {"content": f"{told}; B"}, "finish_reason": "stop"}]}),
    }  # fmt: skip
    phrase = told if place == "phrase" and said.isascii() else ""
    served = start(talker, key=KEY, phrase=phrase, trouble=lambda number, body: trouble[place])
    model = load_server(served.url, limits=Limits(retries=0, pause=0.0))
    if place == "reply":
        prompt = build(model, task(), tmp_path, method="io", selection="random", shots=2, check=0)
        result = evaluate(model, task(), prompt, out=tmp_path)
        shown = repr(result.responses)
        assert "(key)" in shown or said != KEY
    else:
        with pytest.raises(ModelError) as error:
            asked(model)
        shown = str(error.value)
        assert "(key)" in shown or (place == "phrase" and not phrase)
    kept = [file.read_bytes().decode(errors="replace") for file in tmp_path.rglob("*") if file.is_file()]
    everything = "".join([shown, *kept, caplog.text if place != "phrase" else ""])
    assert KEY not in everything and (place == "reply" or said not in shown)


@given(st.text("sk-vert17*.… ", max_size=30))
def test_a_masked_key_never_shows_four_of_its_characters_beside_its_mask(text: str):
    found = reason_scrubber(KEY)(f"{text}sk-ve***17{text}")
    assert "sk-ve***17" not in found and KEY not in found


@pytest.mark.parametrize("placeholder", ["EMPTY", "none", "x"])
def test_a_placeholder_for_a_key_is_a_word_like_any_other(placeholder: str):
    assert reply_scrubber(placeholder)(f"none is EMPTY x {placeholder}") == f"none is EMPTY x {placeholder}"
    assert reason_scrubber(placeholder)(f"wrong key {placeholder}") == "wrong key (key)"


def test_long_text_without_the_key_is_read_quickly():
    text = "*a" * 2_000_000
    assert reply_scrubber(KEY)(text) == text and len(reason_scrubber(KEY)(text)) == 4096
