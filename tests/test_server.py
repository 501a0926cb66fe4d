"""A model behind servers: what is asked of them, how they fail, and the whole method through one, over real sockets."""

import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from serving import FLAGS, Reply, Served, document, serving
from small import Run, question, right, talker, task

from selfamplify import (
    Decoding,
    DeepLift,
    Limits,
    SelfExp,
    ServerModel,
    amplify,
    build,
    evaluate,
    load_server,
)
from selfamplify.errors import ContextError, ModelError, SettingsError
from selfamplify.models.served.addresses import base_url
from selfamplify.models.served.endpoints import Endpoints
from selfamplify.models.served.labels import label_in, label_of
from selfamplify.prompting.wording import APPENDED
from selfamplify.prompting.wordings import OURS
from selfamplify.records import Chat, Generation, Message

KEY = "sk-very-secret-17"
FAST = Limits(retries=3, pause=0.02)
PATIENCE = 240.0
"""Seconds that a server waits for an event: many, since this machine may be busy, and below the time-out of a test."""
LABELS = ("A", "B", "C")


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SELFAMPLIFY_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def start() -> Iterator[Any]:
    """Start servers that end with the test."""
    with ExitStack() as stack:
        yield lambda *args, **settings: stack.enter_context(serving(Served(*args, **settings)))


def echo(chat: Chat) -> str:
    return f"reply to {chat.messages[-1].content} behind {chat.prefill}".strip()


def chats(count: int, prefill: str = "") -> list[Chat]:
    return [Chat((Message("user", f"number {number}"),), prefill, "") for number in range(count)]


def failing(*replies: Reply) -> Any:
    """These replies to the first requests, then none of them."""
    return lambda number, body: replies[number] if number < len(replies) else None


def writing(model: ServerModel, count: int) -> Generator[tuple[int, Generation], None, None]:
    """Places and continuations of so many chats, as they are finished."""
    yield from model.generated([model.encode(chat) for chat in chats(count)], Decoding(), [0] * count)


def texts(model: ServerModel, count: int, prefill: str = "") -> list[str]:
    return [each.text for each in model.generate(chats(count, prefill), Decoding(max_new_tokens=50), [0] * count)]


def test_requests_say_what_the_chat_and_the_decoding_say(start: Any):
    served = start(echo)
    model = load_server(served.url)
    chat = Chat(
        (Message("system", "Be short."), Message("user", "Which?"), Message("assistant", "A"), Message("user", "And?")), "So ("
    )
    model.generate([chat], Decoding(max_new_tokens=7), [5])
    model.generate([Chat(chat.messages)], Decoding(max_new_tokens=9, do_sample=True), [1234567890123456789])
    greedy, sampled = served.asked
    turns = [{"role": message.role, "content": message.content} for message in chat.messages]
    assert greedy["messages"] == [*turns, {"role": "assistant", "content": "So ("}] and greedy["model"] == "tiny"
    assert greedy["continue_final_message"] is True and greedy["add_generation_prompt"] is False
    assert greedy["temperature"] == 0 and greedy["max_tokens"] == 7 and "seed" not in greedy
    assert sampled["messages"] == turns and not FLAGS & sampled.keys()
    assert (sampled["temperature"], sampled["seed"], sampled["max_tokens"]) == (1, 1234567890123456789, 9)
    model.generate([chat], Decoding(9, do_sample=True, temperature=0.7), [3])
    assert served.asked[-1]["temperature"] == 0.7
    assert sampled["top_k"] == 50 and sampled["repetition_penalty"] == 1, "a server's own defaults must not fill in"
    found = model.generate([Chat((Message("user", "long"),))], Decoding(max_new_tokens=2), [0])[0]
    assert not found.finished and found.text == "reply to"


def test_beams_and_bans_are_refused_before_any_request(start: Any):
    served = start(echo)
    model = load_server(served.url)
    for decoding in (Decoding(num_beams=2), Decoding(no_repeat_ngram_size=2)):
        with pytest.raises(SettingsError, match="or a local model"):
            model.generate(chats(1), decoding, [0])
    assert not served.asked


def test_order_is_kept_and_requests_in_flight_are_bounded(start: Any):
    five = threading.Barrier(5)
    served = start(lambda chat: (five.wait(PATIENCE), echo(chat))[1])
    model = load_server(served.url, limits=Limits(in_flight=5))
    assert texts(model, 25) == [f"reply to number {number} behind" for number in range(25)]
    assert served.most == 5


def test_answers_come_as_they_are_finished(start: Any):
    others_arrived = threading.Event()
    served = start(lambda chat: (chat.messages[-1].content.endswith(" 0") and others_arrived.wait(PATIENCE), "done")[1])
    places: list[int] = []
    for place, _ in writing(load_server(served.url), 6):
        places.append(place)
        if len(places) == 5:
            others_arrived.set()
    assert sorted(places) == list(range(6)) and places[-1] == 0


def test_an_abandoned_call_stops_asking(start: Any):
    abandoned = threading.Event()
    served = start(lambda chat: (chat.messages[-1].content.endswith(" 0") or abandoned.wait(PATIENCE), echo(chat))[1])
    model = load_server(served.url, limits=Limits(in_flight=2))
    answers = writing(model, 200)
    assert next(answers)[0] == 0
    answers.close()
    abandoned.set()
    asked = [{"role": "user", "content": "something else"}]
    model.generate([Chat((Message("user", "something else"),))] * 20, Decoding(), [0] * 20)
    assert len([body for body in served.asked if body["messages"] != asked]) <= 3, "the first, and two in flight"


def test_several_servers_share_the_work_and_have_one_fingerprint(start: Any):
    most_are_done = threading.Event()
    slow = start(lambda chat: (most_are_done.wait(PATIENCE), echo(chat))[1])
    fast = start(lambda chat: (len(fast.asked) >= 50 and most_are_done.set(), echo(chat))[1])
    model = load_server(fast.url, slow.url, limits=Limits(in_flight=3))
    assert len(texts(model, 60)) == 60
    assert len(fast.asked) + len(slow.asked) == 60 and len(fast.asked) >= 50 and len(slow.asked) >= 3
    assert fast.most <= 3 and slow.most <= 3
    alone = [load_server(each.url).fingerprint for each in (fast, slow)]
    assert alone == [model.fingerprint] * 2
    with pytest.raises(ModelError, match=r"differ \(.*context: 4096 and 512.*\); give servers of the same model"):
        load_server(fast.url, start(echo, context=512).url)


def test_one_server_of_two_may_die(start: Any):
    alive = start(echo, delay=0.01)
    with serving(Served(echo, delay=0.01)) as dying:
        model = load_server(alive.url, dying.url, limits=Limits(in_flight=4, retries=2, pause=0.02))
    assert texts(model, 40) == [f"reply to number {number} behind" for number in range(40)]
    assert len(alive.asked) == 40 and not dying.asked


def test_retry_after_is_waited_for(start: Any):
    busy = document(429, {"error": "slow down"}, Retry_After="1")
    served = start(echo, trouble=failing(busy))
    assert texts(load_server(served.url, limits=FAST), 1) == ["reply to number 0 behind"]
    first, second = served.times
    assert second - first >= 1.0


@pytest.mark.long
def test_failures_that_pass_are_tried_again(start: Any):
    cut = (200, {"Content-Length": "500"}, b'{"choices": [')
    for trouble in (
        document(500, {"error": {"message": "oops"}}), document(503, {}), (200, {}, b"<html>"), cut, (0, {}, b""),
        document(200, {"choices": []}), document(200, [1]), document(200, {"choices": [{"message": {"content": 7}}]}),
        document(200, {"choices": [{"message": {"content": "half"}, "finish_reason": "abort"}]}),
    ):  # fmt: skip
        served = start(echo, trouble=failing(trouble, trouble))
        assert texts(load_server(served.url, limits=FAST), 1) == ["reply to number 0 behind"], trouble
        assert len(served.asked) == 3


def test_a_server_without_an_end_of_failures_stops_the_run_in_one_line(start: Any):
    served = start(echo, trouble=lambda number, body: document(500, {"error": {"message": "out of\nmemory"}}))
    with pytest.raises(
        ModelError, match=r"does not answer \(500: out of memory; tried 4 times .*check the server.*run folder"
    ) as told:
        texts(load_server(served.url, limits=FAST), 1)
    assert "\n" not in str(told.value) and len(served.asked) == 4
    hour = start(echo, trouble=failing(document(429, {}, Retry_After="3600")))
    with pytest.raises(ModelError, match="does not answer .429"):
        texts(load_server(hour.url, limits=FAST), 1)


def test_a_slow_server_times_out(start: Any):
    asked_for = threading.Event()
    served = start(lambda chat: (asked_for.wait(PATIENCE), echo(chat))[1])
    abilities = load_server(served.url).abilities  # found out with time to spare
    model = ServerModel(Endpoints([served.url], limits=Limits(timeout=1.0, retries=4, pause=0.01)), abilities)
    with pytest.raises(ModelError, match=r"no complete answer within 1 s; tried 2 times"):
        texts(model, 1)
    asked_for.set()


def test_what_was_finished_before_a_server_died_has_been_given(start: Any):
    dead = threading.Event()
    with serving(Served(lambda chat: (len(dying.asked) > 20 and dead.wait(PATIENCE), echo(chat))[1])) as dying:
        model = load_server(dying.url, limits=Limits(in_flight=2, retries=2, pause=0.02))
        answers = writing(model, 400)
        given = [next(answers) for _ in range(10)]
    with pytest.raises(ModelError, match="does not answer"):
        given.extend(answers)
    dead.set()
    assert 10 <= len(given) <= 20 and len({place for place, _ in given}) == len(given)
    assert all(answer.text == f"reply to number {place} behind" for place, answer in given)


def test_a_refused_request_fails_at_once_and_spares_the_finished(start: Any):
    long = document(400, {"error": {"message": "This model's maximum context length is 16 tokens."}})
    served = start(echo, trouble=lambda number, body: long if body["messages"][0]["content"] == "number 3" else None)
    given: list[Any] = []
    with pytest.raises(
        ContextError, match=r"too long \(400: This model's maximum context length is 16 tokens\); use `drop_shots=True`"
    ):
        given.extend(writing(load_server(served.url, limits=Limits(in_flight=2)), 100))
    assert {0, 1, 2} <= {place for place, _ in given} and len(served.asked) < 100


@pytest.mark.parametrize(
    ("status", "kind", "remedy"),
    [
        (400, ModelError, "selfamplify doctor"),
        (403, ModelError, "SELFAMPLIFY_API_KEY"),
        (404, ModelError, "or correct the address"),
        (413, ContextError, "drop_shots=True"),
    ],
)
def test_other_refusals_name_their_remedy(start: Any, status: int, kind: type[Exception], remedy: str):
    served = start(echo, trouble=lambda number, body: document(status, {"detail": "no such thing"}))
    with pytest.raises(kind, match=f"{status}: no such thing.*{remedy}"):
        texts(load_server(served.url, limits=FAST), 1)
    assert len(served.asked) == 1


def test_misuse_is_told_at_the_start(start: Any):
    served = start(echo)
    with pytest.raises(ModelError, match="No server answers at http://127.0.0.1:9/v1/models.*start it"):
        load_server("http://127.0.0.1:9")
    with pytest.raises(ModelError, match="serves no model 'other' .*use `model=\"tiny\"`"):
        load_server(served.url, model="other")
    with pytest.raises(ModelError, match='lists no models; use `model="NAME"`'):
        load_server(start(echo, kind="serve").url)
    for wrong in ("ftp://host", "http://", "http://host:99999999"):
        with pytest.raises(SettingsError, match="is not a server's address"):
            load_server(wrong)
    for wrong in ("http://user:secret@host", "http://host/v1?key=secret"):
        with pytest.raises(SettingsError) as told:
            load_server(wrong)
        assert "secret" not in str(told.value)
    assert {base_url(each) for each in ("host:8000", "http://host:8000/", "http://host:8000/v1/chat/completions")} == {
        "http://host:8000/v1"
    }
    assert base_url("https://host/api/v1/") == "https://host/api/v1"


@pytest.mark.parametrize(("name", "value"), [("in_flight", 0), ("timeout", 0.0), ("retries", -1), ("pause", float("nan"))])
def test_invalid_limits_are_refused(name: str, value: Any):
    with pytest.raises(SettingsError, match=f"`{name}={value}` is invalid; use a number that is .*, such as `{name}="):
        Limits(**{name: value})


def test_the_key_goes_into_the_header_and_nowhere_else(start: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    served = start(talker, key=KEY)
    with pytest.raises(ModelError, match="refuses the key.*set SELFAMPLIFY_API_KEY"):
        load_server(served.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another")
    with pytest.raises(ModelError) as told:
        load_server(served.url)
    assert "sk-another" not in str(told.value), "the server repeats the key that it was sent"
    monkeypatch.setenv("SELFAMPLIFY_API_KEY", f" {KEY}\n")
    model = load_server(served.url)
    build(model, task(), tmp_path, method="self_exp", selection="success", shots=2)
    assert served.headers[-1]["Authorization"] == f"Bearer {KEY}"
    kept = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert kept and not any(KEY.encode() in each for each in kept)
    assert KEY not in repr(model) + repr(vars(model)) + model.fingerprint + repr(served.asked)
    monkeypatch.setenv("SELFAMPLIFY_API_KEY", f"{KEY}\nX-Evil: 1")
    with pytest.raises(SettingsError, match="SELFAMPLIFY_API_KEY contains characters") as told:
        load_server(served.url)
    assert KEY not in str(told.value)


@pytest.mark.parametrize(
    "reply",
    [(200, {}, f"no JSON, {KEY}".encode()), (302, {"Location": f"http://host/?key={KEY}"}, b"")],
    ids=["text", "redirect"],
)
def test_a_server_that_repeats_the_key_does_not_bring_it_into_errors(start: Any, monkeypatch: pytest.MonkeyPatch, reply: Reply):
    monkeypatch.setenv("SELFAMPLIFY_API_KEY", KEY)
    served = start(talker, key=KEY, trouble=lambda number, body: reply)
    model = load_server(served.url, limits=Limits(retries=0, pause=0.0))
    with pytest.raises(ModelError, match="not JSON|redirects") as told:
        model.generate(chats(1), Decoding(), [0])
    assert KEY not in str(told.value) and "(key)" in str(told.value)


def test_abilities_are_probed_and_tell_runs_apart(start: Any):
    found = {kind: load_server(start(echo, kind=kind).url, model="tiny") for kind in ("vllm", "llama", "serve")}
    seen = {kind: (each.continues, each.echoes, each.top_logprobs, each.sampling, each.context)
            for kind, each in ((kind, model.abilities) for kind, model in found.items())}  # fmt: skip
    assert seen == {
        "vllm": (True, False, 20, True, 4096), "llama": (True, True, 100, True, 512), "serve": (False, False, 0, False, None),
    }  # fmt: skip
    assert found["vllm"].abilities.version == "0.15.0" and found["vllm"].abilities.root == "tiny-7b"
    assert len({model.fingerprint for model in found.values()}) == 3
    assert found["vllm"].context == 4096 < found["serve"].context


def test_the_start_of_a_reply_is_continued_or_told(start: Any):
    continued = "reply to number 0 behind So it is ("
    for kind in ("vllm", "llama"):
        assert texts(load_server(start(echo, kind=kind).url), 1, "So it is (") == [continued]
    served = start(lambda chat: "So it is (A) then", kind="serve")
    assert texts(load_server(served.url, model="tiny"), 1, "So it is (") == ["A) then"]
    assert served.asked[0]["messages"] == [{"role": "user", "content": "number 0" + APPENDED.format(prefill="So it is (")}]


def test_labels_are_scored_by_log_probabilities(start: Any):
    served = start(lambda chat: "B")
    found = load_server(served.url).next_token(chats(1, "The answer is ("), [LABELS])[0]
    assert (found.text, found.label, found.best(LABELS)) == ("B", "B", "B")
    assert found.log_probabilities[:2] == (-1.5, -0.5), "the better of ' A' and 'A'"
    assert -4.0 - 1e-9 < found.log_probabilities[2] < -4.0, "just below the last that is told"
    assert served.asked[0]["max_tokens"] == 1 and served.asked[0]["top_logprobs"] == 20 and served.asked[0]["logprobs"] is True
    off = load_server(start(lambda chat: "Q").url).next_token(chats(1), [LABELS])[0]
    assert (off.text, off.label, off.best(LABELS)) == ("Q", None, "A")
    none = load_server(start(lambda chat: "Q").url).next_token(chats(1), [("X", "Y")])[0]
    assert none.log_probabilities == () and none.label is None and none.best(("X", "Y")) is None


def test_without_log_probabilities_the_label_is_read_from_what_is_written(start: Any):
    served = start(lambda chat: "The answer is (C) of course", kind="serve")
    model = load_server(served.url, model="tiny")
    found = model.next_token(chats(1, "The answer is ("), [LABELS])[0]
    assert (found.label, found.log_probabilities, found.best(LABELS)) == ("C", (), "C")
    silent = load_server(start(lambda chat: "No idea", kind="serve").url, model="tiny")
    assert silent.next_token(chats(1, "The answer is ("), [LABELS])[0].best(LABELS) is None


def test_labels_are_found_in_tokens_and_texts():
    assert [label_of(token, LABELS) for token in ("A", " B", "(C", "A)", "", "D", "▁A")] == [
        "A",
        "B",
        "C",
        "A",
        None,
        None,
        "A",
    ]
    words = ("positive", "negative", "neutral")
    assert [label_of(token, words) for token in ("pos", "ne", "neg")] == ["positive", None, "negative"]
    start = "So, the answer is ("
    for text, label in {
        "B) since": "B", "(B)": "B", "So, the answer is (B)": "B", "the answer is (B)": "B", "Well, it is (C), not (A)": "C",
        "Because": None, "": None, "A": "A", "Apples": None, "**B**": "B", "D": None,
    }.items():  # fmt: skip
        assert label_in(text, start, LABELS) == label, text


def test_identity_knows_roles_spaces_and_prefill():
    one = Chat((Message("user", "a b"),), "c")
    others = [
        Chat((Message("user", "a  b"),), "c"), Chat((Message("system", "a b"),), "c"), Chat((Message("user", "a b c"),)),
        Chat((Message("user", "a \ud800"),)),
    ]  # fmt: skip
    with serving(Served(echo)) as served:
        model = load_server(served.url)
    assert len({model.encode(chat).digest for chat in [one, *others]}) == 5
    assert model.encode(one) == model.encode(replace(one)) and model.encode(one).length == 3


def test_gradients_say_that_they_need_a_local_model(start: Any):
    model = load_server(start(talker).url)
    with pytest.raises(ModelError, match='deep_lift needs the gradients of a local model.* `explainer="kernel_shap"`'):
        DeepLift().explain(model, question(), OURS, 0)


@pytest.mark.parametrize("kind", ["vllm", "llama", "serve"])
def test_the_whole_method_runs_through_a_server_as_on_a_scripted_model(start: Any, kind: str):
    def said(chat: Chat) -> str:
        told = chat.messages[-1].content
        prefill = chat.prefill or told.partition("<<<")[2].removesuffix(">>>")
        asked = Chat(chat.messages, prefill, told[told.rfind("George") :])
        if prefill.endswith("("):
            return right(asked)
        return "Rubbing warms palms." if "explanation" in prefill else f"the answer is ({right(asked)})"

    served = start(said, kind=kind)
    model = load_server(served.url, model="tiny")
    questions = task()
    prompt = amplify(model, questions, SelfExp(), selection="success", shots=3)
    assert [shot.label for shot in prompt.shots] == [shot.question.answer for shot in prompt.shots]
    assert all("Rubbing warms palms" in shot.reply for shot in prompt.shots)
    result = evaluate(model, questions, prompt)
    assert result.accuracy == 1.0 and len(result.responses) == 6


def test_a_run_is_recalled_without_the_server(start: Any, tmp_path: Path):
    served = start(talker)
    model = load_server(served.url)
    prompt = build(model, task(), tmp_path, method="self_topk", selection="success", shots=2)
    result = evaluate(model, task(), prompt, out=tmp_path)
    asked = len(served.asked)
    elsewhere = start(talker)
    assert evaluate(load_server(elsewhere.url), task(), prompt, out=tmp_path) == result
    assert len(served.asked) == asked and not elsewhere.asked


@pytest.fixture
def rows(tmp_path: Path) -> list[object]:
    """The options for a small file of questions, whose choices differ, so that they are asked by letters."""
    file = tmp_path / "rows.csv"
    file.write_text("question,a,b,answer\n" + "".join(f"Which of {n} things?,one,{n + 2},{'AB'[n % 2]}\n" for n in range(30)))
    columns = ["--question-column", "question", "--answer-column", "answer", "--choice-columns", "a,b"]
    return ["--task", "file", "--data", file, *columns]


@pytest.mark.long
def test_command_line_builds_and_evaluates_through_a_server(start: Any, tmp_path: Path, run: Run, rows: list[object]):
    def said(chat: Chat) -> str:
        if chat.prefill.endswith("("):
            return "A"
        return "One. Two. Three." if "explanation" in chat.prefill else "The answer is (A)."

    served = start(said)
    few = ["--method", "self_exp", "--shots", 2, "--in-flight", 3]
    code, _, err = run("build", *rows, "--server", served.url, *few, "--out", tmp_path)
    assert code == 0 and served.most <= 3, err
    command = [sys.executable, "-m", "selfamplify", "evaluate", str(tmp_path), *map(str, rows)]
    command += ["--server", served.url, "--model", "tiny", "--limit", "4"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200"})
    assert done.returncode == 0 and "self_exp" in done.stdout, done.stderr
    _, out, _ = run("doctor", "--server", served.url)
    assert "context: 4096" in out and "20 most probable tokens" in out


def test_misuse_of_servers_on_the_command_line_is_one_line(start: Any, tmp_path: Path, run: Run, rows: list[object]):
    served, prompt, out = start(talker), tmp_path / "prompt.txt", ["--out", tmp_path / "run"]
    prompt.write_text("Which?")
    for wrong, option in {
        ("build", *out, *rows, "--in-flight", 3): "--in-flight",
        ("build", *out, *rows, "--server", served.url, "--dtype", "float32"): "--dtype",
        ("build", *out, *rows, "--server", "http://127.0.0.1:9"): "No server answers at http://127.0.0.1:9",
        ("explain", *rows, "--server", served.url, "--explainer", "deep_lift"): "deep_lift needs the gradients",
        ("explain", "--server", served.url, "--prompt", prompt, "--answer", "A"): "--server",
    }.items():
        code, _, err = run(*wrong)
        errors = [line for line in err.splitlines() if line.startswith("error:")]
        assert code == 2 and len(errors) == 1 and option in errors[0], err
