"""A canary in every place where a secret may be: in no file of a run, on no screen, in no page, export or store."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx2
import pytest
from serving import Reply, Served, document, serving
from small import Run, talker, task
from test_serving_cli import started, url_of

from selfamplify.models.served import endpoints
from selfamplify.names import NAMES
from selfamplify.records import Chat

KEY = "sk-canary/4+9=Qz7rW2mT8x"
"""The key of the server: it has characters that are written otherwise in a URL."""
OTHERS = {
    "OPENAI_API_KEY": "sk-second/3+1=Lk5bV6nH",
    "HF_TOKEN": "hf-third/6+2=Yp9sD4jG",
    "SELFAMPLIFY_TOKEN": "fourth/5+8=Xc1vB7",
}


def forms(secret: str) -> set[bytes]:
    """A secret as it may be written: as it is, in a URL, in JSON, in hexadecimal, and in base64 at any place of a text."""
    plain = secret.encode()
    found = {plain, plain[::-1], quote(secret, safe="").encode(), quote_plus(secret).encode(), quote(secret).encode()}
    found |= {json.dumps(secret)[1:-1].encode(), plain.hex().encode(), secret.replace("/", "\\/").encode()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found |= {encode(b"x" * shift + plain)[4 if shift else 0 : -4] for shift in range(3)}
    return found


def leaks(what: dict[str, bytes], secrets: dict[str, str]) -> list[str]:
    return [
        f"{name} in {place}"
        for place, content in what.items()
        for name, secret in secrets.items()
        for form in forms(secret)
        if form in content or form.decode().encode("utf-16-le") in content
    ]


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, byte by byte, the database and what belongs to it among them."""
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def echoing(chat: Chat) -> str:
    """What a server might say that repeats the key to all who ask."""
    return f"{talker(chat)}. Authorization: Bearer {KEY}"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait before a request is sent again."""
    monkeypatch.setattr(endpoints, "_LONGEST_PAUSE", 0.0)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    made = task(120, 90)
    rows = [
        {"id": each.id, "question": each.text, "choices": [choice.text for choice in each.choices], "answer": each.answer}
        for each in (*made.train, *made.test)
    ]
    file = tmp_path / "q.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in {"SELFAMPLIFY_API_KEY": KEY, **OTHERS}.items():
        monkeypatch.setenv(name, value)
    return {"the key": KEY, **OTHERS}


class Lines:
    """Runs command lines, and keeps all that they print."""

    def __init__(self, run: Run):
        self.run = run
        self.printed: dict[str, bytes] = {}

    def __call__(self, *line: object, code: int | None = 0) -> None:
        found, out, err = self.run(*line)
        self.printed[" ".join(map(str, line))[:60] + f" #{len(self.printed)}"] = f"{out}\n{err}".encode()
        assert code is None or found == code, (line, found, out[-500:], err[-2000:])


TROUBLE: dict[str, Reply] = {
    "refused": document(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
    "forbidden": (403, {"WWW-Authenticate": f"Bearer {KEY}"}, f"<html>key={KEY}</html>".encode()),
    "bad": document(400, {"error": {"message": f"bad header Authorization: Bearer {KEY}", "param": KEY, "code": KEY}}),
    "gone": (500, {"X-Key": KEY}, base64.b64encode(f"Bearer {KEY}".encode())),
    "moved": (302, {"Location": f"http://127.0.0.1:1/?key={quote(KEY, safe='')}"}, b""),
    "garbage": (200, {}, f"event: {KEY}".encode()),
    "odd": document(200, {"choices": [{"message": {"content": [KEY]}}]}),
    "cut": (200, {"Content-Length": "5000"}, b'{"choices": [{"message": {"content": "' + KEY.encode()),
}


@pytest.mark.long
def test_no_output_of_any_command_holds_a_secret(
    run: Run, questions: Path, tmp_path: Path, secrets: dict[str, str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    out = tmp_path / "runs"
    line = Lines(run)
    with serving(Served(echoing, key=KEY)) as served:
        asked = ["--task", "file", "--data", questions, "--server", served.url]
        sampled = ["--selection", "random", "--shots", 2]
        several = ["--selections", "random", "--shots", 2, "--methods", "io,self_exp"]
        line("doctor", "--server", served.url, code=None)
        for method in ("io", "self_exp"):
            line("build", *asked, *sampled, "--method", method, "--out", out / method)
        line("evaluate", out / "self_exp", "--limit", 6)
        line("show", out / "self_exp", "--responses", 3)
        line("report", out / "self_exp", "--out", out / "page.html")
        line("compare", *asked, *several, "--limit", 6, "--out", out / "compare")
        line("report", out / "compare")
        line("show", out / "compare")
        line("compare", *asked, *several, "--estimate", code=None)
        line("tune", *asked, *several, "--budget", "calls=600", "--out", out / "tune")
        for tool in NAMES["exporter"]:
            line("export", out / "self_exp", "--to", tool, "--out", out / "exports" / tool, code=None)
        assert served.asked and all(each["Authorization"] == f"Bearer {KEY}" for each in served.headers)
        assert len(contents(out / "exports")) > 10 and len(contents(out / "tune")) > 2
    assert not leaks(line.printed | contents(tmp_path) | {"the log": caplog.text.encode()}, secrets)


@pytest.mark.long
@pytest.mark.parametrize("name", TROUBLE)
def test_no_error_holds_a_secret(
    run: Run, name: str, questions: Path, tmp_path: Path, secrets: dict[str, str], caplog: pytest.LogCaptureFixture
):
    line = Lines(run)
    with serving(Served(talker, trouble=lambda number, body: TROUBLE[name] if number > 2 else None)) as served:
        asked = ["--task", "file", "--data", questions, "--server", served.url, "--selection", "random"]
        for debug in ([], ["--debug"]):
            line("build", *asked, "--shots", 4, "--method", "self_exp", "--out", tmp_path / "out", *debug, code=2)
    assert not leaks(line.printed | contents(tmp_path) | {"the log": caplog.text.encode()}, secrets)


@pytest.mark.parametrize(
    "address",
    ["http://user:{}@127.0.0.1:1/v1", "http://{}@127.0.0.1:1", "http://127.0.0.1:1/v1?api_key={}", "http://127.0.0.1:1/#{}"],
)
@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_a_secret_in_an_address_is_neither_sent_nor_shown(
    run: Run, address: str, debug: list[str], questions: Path, tmp_path: Path
):
    server = address.format(quote(KEY, safe=""))
    asked = ["--task", "file", "--data", questions, "--server", server, "--selection", "random", "--shots", 2]
    code, out, err = run("build", *asked, "--method", "io", "--out", tmp_path / "out", *debug)
    assert code == 2 and "must not hold a key" in err
    assert not leaks({"the screen": f"{out}{err}".encode(), **contents(tmp_path)}, {"the key": KEY})


@pytest.mark.long
def test_a_server_of_ours_shows_no_secret(questions: Path, tmp_path: Path, secrets: dict[str, str], run: Run):
    line = Lines(run)
    with serving(Served(echoing, key=KEY)) as served:
        asked = ["--task", "file", "--data", questions, "--server", served.url]
        line("build", *asked, "--selection", "random", "--shots", 2, "--method", "io", "--out", tmp_path / "run")
        token = OTHERS["SELFAMPLIFY_TOKEN"]
        with started(tmp_path / "run", "--verbose", **secrets_of(secrets)) as (process, lines):
            url = url_of(lines)
            said: list[Any] = []
            for headers in ({}, {"Authorization": f"Bearer {token}"}, {"Authorization": f"Bearer {token}x"}):
                body = {"model": "tiny", "messages": [{"role": "user", "content": task().test[0].render()}]}
                said.append(httpx2.post(f"{url}/v1/chat/completions", json=body, headers=headers, timeout=60))
                said += [httpx2.get(f"{url}{path}", headers=headers, timeout=60) for path in ("/", "/v1/models", f"/{'x' * 9}")]
            process.terminate()
            out, err = process.communicate(timeout=60)
    assert {each.status_code for each in said} >= {200, 401}
    bodies = {str(number): f"{each.headers}{each.text}".encode() for number, each in enumerate(said)}
    printed = {"the screen": "\n".join([*lines, out, err]).encode()}
    assert not leaks(bodies | printed | line.printed | contents(tmp_path), secrets)


def secrets_of(secrets: dict[str, str]) -> dict[str, str]:
    return {"SELFAMPLIFY_API_KEY": secrets["the key"], **{name: value for name, value in secrets.items() if name != "the key"}}


def test_the_forms_of_a_secret_are_found() -> None:
    """What the other tests look for is found where it is."""
    for place in range(6):
        text = f"{'abcdef'[:place]}{KEY} and more"
        for written in (text, base64.b64encode(text.encode()).decode(), quote(text, safe=""), json.dumps(text)):
            assert leaks({"here": written.encode()}, {"the key": KEY}), written
    assert not leaks({"here": b"sk-canary and others"}, {"the key": KEY})
