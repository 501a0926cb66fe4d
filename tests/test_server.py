"""A model behind servers: what is asked of them, how they fail, and the whole road through one, over real sockets."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from serving import FLAGS, Reply, Served, document, serving
from small import Run, question, right, talker, task

from selfamplify import (
    DEFAULT,
    Decoding,
    DeepLift,
    Limits,
    SelfExp,
    ServerModel,
    amplify,
    build,
    evaluate,
    load_server,
    make_method,
    measure,
)
from selfamplify.errors import ContextError, ModelError, SettingsError
from selfamplify.models.served.endpoints import base_url
from selfamplify.models.served.model import APPENDED, label_in, label_of
from selfamplify.prompting.wording import OURS
from selfamplify.records import Chat, Message

KEY = "sk-very-secret-17"
FAST = Limits(retries=3, pause=0.02, timeout=5.0)
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
    assert sampled["top_k"] == 50 and sampled["repetition_penalty"] == 1, "a server's own defaults must not fill in"
    found = model.generate([Chat((Message("user", "long"),))], Decoding(max_new_tokens=2), [0])[0]
    assert not found.finished and found.text == "reply to"


def test_beams_and_bans_are_refused_before_any_request(start: Any):
    served = start(echo)
    model = load_server(served.url)
    for decoding in (Decoding(num_beams=2), Decoding(no_repeat_ngram_size=2)):
        with pytest.raises(SettingsError, match="use --profile default, or a local --model"):
            model.generate(chats(1), decoding, [0])
    assert not served.asked


def test_order_is_kept_and_requests_in_flight_are_bounded(start: Any):
    served = start(lambda chat: (time.sleep(0.02 * (len(chat.messages[-1].content) % 3)), echo(chat))[1], delay=0.02)
    model = load_server(served.url, limits=Limits(in_flight=5))
    assert texts(model, 24) == [f"reply to number {number} behind" for number in range(24)]
    assert 4 <= served.most <= 5


def test_answers_come_as_they_are_finished(start: Any):
    served = start(lambda chat: (time.sleep(0.4 if chat.messages[-1].content.endswith(" 0") else 0), "done")[1])
    places = [place for place, _ in load_server(served.url).generated(chats(6), Decoding(), [0] * 6)]
    assert sorted(places) == list(range(6)) and places[-1] == 0


def test_an_abandoned_call_stops_asking(start: Any):
    served = start(echo, delay=0.03)
    answers = load_server(served.url, limits=Limits(in_flight=2)).generated(chats(200), Decoding(), [0] * 200)
    next(answers)
    answers.close()  # pyright: ignore[reportAttributeAccessIssue]
    time.sleep(0.2)
    assert len(served.asked) <= 8


def test_several_servers_share_the_work_and_have_one_fingerprint(start: Any):
    fast, slow = start(echo, delay=0.01), start(echo, delay=0.1)
    model = load_server(fast.url, slow.url, limits=Limits(in_flight=3))
    assert len(texts(model, 60)) == 60
    assert len(fast.asked) + len(slow.asked) == 60 and len(fast.asked) > 2 * len(slow.asked) > 0
    assert max(fast.most, slow.most) <= 3
    alone = [load_server(each.url).fingerprint for each in (fast, slow)]
    assert alone == [model.fingerprint] * 2
    with pytest.raises(ModelError, match=r"are not the same \(.*context: 4096 and 512.*\); give servers of one model"):
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
    assert 1.0 <= second - first < 2.0


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
        ModelError, match=r"gives no answer \(500: out of memory; tried 4 times .*see to the server.*run folder"
    ) as told:
        texts(load_server(served.url, limits=FAST), 1)
    assert "\n" not in str(told.value) and len(served.asked) == 4
    hour = start(echo, trouble=failing(document(429, {}, Retry_After="3600")))
    with pytest.raises(ModelError, match="gives no answer .429"):
        texts(load_server(hour.url, limits=FAST), 1)


def test_a_slow_server_times_out(start: Any):
    served = start(echo, delay=1.0)
    with pytest.raises(ModelError, match=r"no answer within 0.1 s; tried 2 times"):
        texts(load_server(served.url, limits=Limits(timeout=0.1, retries=4, pause=0.01)), 1)


def test_what_was_finished_before_a_server_died_has_been_given(start: Any):
    with serving(Served(echo, delay=0.01)) as dying:
        model = load_server(dying.url, limits=Limits(in_flight=2, retries=2, pause=0.02))
        answers = model.generated(chats(400), Decoding(), [0] * 400)
        given = [next(answers) for _ in range(10)]
    with pytest.raises(ModelError, match="gives no answer"):
        given.extend(answers)
    assert 10 <= len(given) < 400 and len({place for place, _ in given}) == len(given)
    assert all(answer.text == f"reply to number {place} behind" for place, answer in given)


def test_a_refused_request_fails_at_once_and_spares_the_finished(start: Any):
    long = document(400, {"error": {"message": "This model's maximum context length is 16 tokens."}})
    served = start(
        echo, trouble=lambda number, body: long if body["messages"][0]["content"] == "number 3" else None, delay=0.01
    )
    given: list[Any] = []
    with pytest.raises(
        ContextError, match=r"too long \(400: This model's maximum context length is 16 tokens\); use --drop-shots"
    ):
        given.extend(load_server(served.url, limits=Limits(in_flight=2)).generated(chats(100), Decoding(), [0] * 100))
    assert {0, 1, 2} <= {place for place, _ in given} and len(served.asked) < 10


@pytest.mark.parametrize(
    ("status", "kind", "remedy"),
    [
        (400, ModelError, "selfamplify doctor"),
        (403, ModelError, "SELFAMPLIFY_API_KEY"),
        (404, ModelError, "--model with"),
        (413, ContextError, "--drop-shots"),
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
    with pytest.raises(ModelError, match="serves no model 'other' .*use --model with one of: tiny"):
        load_server(served.url, model="other")
    with pytest.raises(ModelError, match="name its model: --model NAME"):
        load_server(start(echo, kind="serve").url)
    for wrong in ("ftp://host", "http://", "http://host:99999999"):
        with pytest.raises(SettingsError, match="is no server's address"):
            load_server(wrong)
    for wrong in ("http://user:secret@host", "http://host/v1?key=secret"):
        with pytest.raises(SettingsError) as told:
            load_server(wrong)
        assert "secret" not in str(told.value)
    assert {base_url(each) for each in ("host:8000", "http://host:8000/", "http://host:8000/v1/chat/completions")} == {
        "http://host:8000/v1"
    }
    assert base_url("https://host/api/v1/") == "https://host/api/v1"


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
    build(make_method("self_exp", 6, 3, DEFAULT, {}), model, task(), tmp_path, selection="success", shots=2)
    assert served.headers[-1]["Authorization"] == f"Bearer {KEY}"
    kept = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert kept and not any(KEY.encode() in each for each in kept)
    assert KEY not in repr(model) + repr(model._endpoints) + model.fingerprint + repr(served.asked)
    monkeypatch.setenv("SELFAMPLIFY_API_KEY", f"{KEY}\nX-Evil: 1")
    with pytest.raises(SettingsError, match="SELFAMPLIFY_API_KEY holds characters") as told:
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
    with pytest.raises(ModelError, match="no JSON|redirects") as told:
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
    assert len({model.tokens(chat) for chat in [one, *others]}) == 5 and model.tokens(one) == model.tokens(Chat(*vars_of(one)))
    assert len(model.tokens(one)) == 4


def vars_of(chat: Chat) -> tuple[Any, ...]:
    return chat.messages, chat.prefill, chat.question


def test_gradients_say_that_they_need_a_local_model(start: Any):
    model = load_server(start(talker).url)
    with pytest.raises(
        ModelError, match="deep_lift needs the gradients of a local model, which tiny is not; use self_topk, self_"
    ):
        DeepLift().explain(model, question(), OURS, 0)


@pytest.mark.parametrize("kind", ["vllm", "llama", "serve"])
def test_the_whole_road_runs_through_a_server_as_on_a_scripted_model(start: Any, kind: str):
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
    result = evaluate(model, prompt, questions)
    assert result.accuracy == 1.0 and len(result.responses) == 6


def test_a_run_is_recalled_without_the_server(start: Any, tmp_path: Path):
    served = start(talker)
    model = load_server(served.url)
    prompt = build(make_method("self_topk", 6, 3, DEFAULT, {}), model, task(), tmp_path, selection="success", shots=2)
    table = measure(prompt, model, task(), tmp_path)
    asked = len(served.asked)
    assert measure(prompt, load_server(start(talker).url), task(), tmp_path).digest() == table.digest()
    assert len(served.asked) == asked


def test_command_line_measures_through_a_server(start: Any, tmp_path: Path, run: Run):
    def said(chat: Chat) -> str:
        if chat.prefill.endswith("("):
            return "A"
        return "One. Two. Three." if "explanation" in chat.prefill else "The answer is (A)."

    served = start(said)
    rows = tmp_path / "rows.csv"
    rows.write_text("question,a,b,answer\n" + "".join(f"Which of {n} things?,one,two,{'AB'[n % 2]}\n" for n in range(30)))
    columns = ["--question-column", "question", "--answer-column", "answer", "--choice-columns", "a,b"]
    asked = ["--task", "file", "--data", rows, *columns]
    few = ["--explainer", "self_exp", "--shots", 2, "--in-flight", 3]
    code, _, err = run("build", *asked, "--server", served.url, *few, "--out", tmp_path)
    assert code == 0 and served.most <= 3, err
    command = [sys.executable, "-c", "from selfamplify.cli import main; main()", "evaluate", str(tmp_path), *map(str, asked)]
    command += ["--server", served.url, "--model", "tiny", "--limit", "4"]
    measured = subprocess.run(command, capture_output=True, text=True, timeout=100, env=os.environ | {"COLUMNS": "200"})
    assert measured.returncode == 0 and "self_exp" in measured.stdout, measured.stderr
    _, out, _ = run("doctor", "--server", served.url)
    assert "context: 4096" in out and "log-probabilities: of 20 tokens" in out
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("Which?")
    for wrong, told in {
        ("evaluate", tmp_path, *asked, "--in-flight", 3): "--in-flight is about servers",
        ("evaluate", tmp_path, *asked, "--server", served.url, "--dtype", "float32"): "--dtype is about a model",
        ("explain", *asked, "--server", served.url): "tiny tells log-probabilities, and no logits; use --value logprob",
        (
            "explain",
            *asked,
            "--server",
            served.url,
            "--explainer",
            "deep_lift",
        ): "deep_lift needs the gradients of a local model",
        ("explain", "--server", served.url, "--prompt", prompt, "--answer", "A"): "--server has no tokens at hand",
        ("doctor", "--model", "tiny"): "--model goes with a server",
        ("evaluate", tmp_path, *asked, "--server", "http://127.0.0.1:9"): "No server answers at http://127.0.0.1:9",
    }.items():
        code, _, err = run(*wrong)
        assert code == 2 and told in err and err.count("error:") == 1, err
