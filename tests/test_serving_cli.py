"""``selfamplify serve`` as a command: what it says, what it refuses, and how it ends."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest
from small import Run, shared

from selfamplify import build, load_task
from selfamplify.cli import serve
from selfamplify.errors import SettingsError
from selfamplify.serving.running import bound, listen

COMMAND = [sys.executable, "-m", "selfamplify", "serve"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a prompt, with what `build` records about its model."""
    made = tmp_path_factory.mktemp("run")
    build("embedded", load_task("planted_arc"), made, method="random", selection="random", shots=2)
    (made / "run.toml").write_text('[build]\nmodel = "embedded"\n')
    return made


@contextmanager
def started(*arguments: object, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """A server in a process of its own, and the lines that it prints until it is ready."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    lines = list[str]()
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        assert lines and lines[-1].startswith("Ctrl-C"), process.communicate()
        yield process, lines
    finally:
        process.kill()
        process.communicate()


def url_of(lines: list[str]) -> str:
    found = re.search(r"http://\S+?(?=/v1)", lines[0])
    assert found
    return found[0]


@pytest.mark.long
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_what_it_prints_works_and_a_signal_ends_it(folder: Path, ending: signal.Signals):
    with started(folder, "--verbose") as (process, lines):
        assert (
            lines[0].startswith("serving embedded at http://127.0.0.1:")
            and "a prompt of 2 shots (self_amplify with random, for planted_arc)" in lines[1]
        )
        curl = next(line for line in lines if line.startswith("curl "))
        if shutil.which("curl"):
            printed = subprocess.run(["bash", "-c", curl.replace("curl", "curl -s", 1)], capture_output=True, text=True)
            reply = json.loads(printed.stdout)
            assert reply["choices"][0]["message"]["content"] and reply["selfamplify"]["rule"]
        process.send_signal(ending)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0 and out.startswith("stopped after ")
        assert err.startswith("as in ") is False and "Traceback" not in err
        requests = [line for line in err.splitlines() if line.startswith(("GET", "POST"))]
        assert all(re.fullmatch(r"POST /v1/chat/completions 200 [\d.]+ s", line) for line in requests)


@pytest.mark.long
def test_an_end_in_the_middle_answers_or_refuses_every_request(folder: Path):
    questions = [question.render() for question in load_task("planted_arc").test[:96]]
    with started(folder, "--window", "8", "--verbose") as (process, lines), httpx2.Client(
        base_url=url_of(lines), timeout=120, trust_env=False, limits=httpx2.Limits(max_connections=96)
    ) as client:  # fmt: skip

        def ask(text: str) -> int:
            reply = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": text}]})
            assert reply.json()["choices" if reply.status_code == 200 else "error"]
            return reply.status_code

        client.get("/health")
        with ThreadPoolExecutor(96) as pool:
            asked = [pool.submit(ask, text) for text in questions]
            next(as_completed(asked)).result()
            process.send_signal(signal.SIGTERM)
            # A client whose request comes only now finds nobody, which is no lost answer: what arrived is counted below.
            faults = [each.exception() for each in asked]
            statuses = [each.result() for each, fault in zip(asked, faults, strict=True) if fault is None]
        assert all(isinstance(fault, httpx2.NetworkError | httpx2.RemoteProtocolError | None) for fault in faults)
        assert 200 in statuses and set(statuses) <= {200, 503}
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0
        assert Counter(re.findall(r"^POST \S+ (\S+)", err, re.MULTILINE)) == Counter(map(str, statuses))


@pytest.mark.long
def test_a_token_from_the_environment_is_needed_and_not_shown(folder: Path):
    with started("--plain", "--model", "embedded", SELFAMPLIFY_TOKEN="s3cret") as (process, lines):
        assert '"Authorization: Bearer $SELFAMPLIFY_TOKEN"' in "".join(lines)
        models = f"{url_of(lines)}/v1/models"
        assert httpx2.get(models, timeout=120).status_code == 401
        assert httpx2.get(models, headers={"Authorization": "Bearer s3cret"}, timeout=120).status_code == 200
        process.terminate()
        out, err = process.communicate(timeout=60)
        assert "s3cret" not in "".join([*lines, out, err])


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("", "name a run folder, as in: selfamplify serve runs/mine, or use --plain"),
        ("{run} --host 0.0.0.0", "set SELFAMPLIFY_TOKEN, or use --host 127.0.0.1"),
        ("{run} --host 192.0.2.1", "set SELFAMPLIFY_TOKEN, or use --host 127.0.0.1"),
        ("{run} --host 192.0.2.1 --token x", "use for example --host 127.0.0.1"),
        ("{run} --host nowhere.invalid --token x", "use for example --host 127.0.0.1"),
        ("{run} --token ''", "The token is empty"),
        ("{run}/none", "There is no prompt at"),
        ("{run} --port 70000", "--port"),
        ("{run} --ray local --replicas 0", "--replicas"),
    ],
)
def test_misuse_is_one_line(run: Run, folder: Path, line: str, remedy: str):
    arguments = ["" if part == "''" else part for part in line.format(run=folder).split()]
    code, out, err = run("serve", *arguments)
    assert code == 2 and out == "" and err.startswith("error: ") and err.count("\n") == 1 and remedy in err


def test_a_port_in_use_is_one_line_with_another(run: Run, folder: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = run("serve", folder, "--port", port)
    assert code == 2 and err == (
        f"error: Port {port} is in use; use another one, such as --port {port + 1}, or --port 0 for any.\n"
    )


def test_a_port_that_another_server_took_meanwhile_is_one_line():
    with bound("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with bound("127.0.0.1", port) as second:
            listen(first, "127.0.0.1", port)
            with pytest.raises(SettingsError, match=f"Port {port} is in use"):
                listen(second, "127.0.0.1", port)


def test_another_model_is_refused_unless_it_is_named(run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stories = shared("models", "stories260K")
    shutil.copy(folder / "prompt.json", tmp_path)
    (tmp_path / "run.toml").write_text(f'[build]\nmodel = "{stories}"\n')
    code, _, err = run("serve", tmp_path, "--port", "0")
    assert code == 2 and "was built by embedded, and this is stories260K" in err and "--model embedded" in err
    served = list[object]()
    monkeypatch.setattr("selfamplify.serving.running.run", lambda *given: served.append(given))
    code, out, err = run("serve", folder, "--model", stories, "--port", "0")
    assert code == 0 and served and "is used with stories260K (--model)" in err and "serving stories260K" in out


def test_the_extra_is_named_where_it_is_missing(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serve, "find_spec", lambda name: None if name == "uvicorn" else find_spec(name))
    code, _, err = run("serve", folder)
    assert code == 2 and err == "error: Serving needs Starlette and uvicorn: run pip install 'selfamplify[serve]'.\n"
