"""Many clients of ``selfamplify serve`` at once, compared with one client that asks one by one: ``python -m benchmarks.serve``.

The server is another process, with the embedded model and a prompt that was built for it. Every reply must come, and must be
the one that ``evaluate`` gets. Latencies are those that a client sees, and memory is the most that the server has had so far.
The last row has a server with a short queue: who is refused with 503 comes back after as many seconds as Retry-After says.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import numpy as np

from selfamplify import build, evaluate, load_task

from .machine import device_name, today, versions

_COMMAND = [sys.executable, "-m", "selfamplify", "serve"]
_HEADS = ("clients", "queue", "requests/s", "ratio", "p50", "p95", "p99", "refused for a while", "lost", "other", "memory")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 10, 100, 500])
    parser.add_argument("--queue", type=int, default=100, help="how many requests wait in the last row")
    parser.add_argument("--shots", type=int, default=8)
    given = parser.parse_args()
    task = load_task("planted_arc").limited(given.questions)
    texts = [question.render() for question in task.test]
    with TemporaryDirectory() as name:
        folder = Path(name)
        prompt = build("embedded", task, folder, method="random", selection="random", shots=given.shots)
        start = time.perf_counter()
        expected = [response.text for response in evaluate("embedded", task, prompt).responses]
        alone = time.perf_counter() - start
        print(f"{today()}, {device_name('cpu')}, {versions()}; {len(texts)} questions after {given.shots} shots\n")
        print(f"| {' | '.join(_HEADS)} |\n|{'---|' * len(_HEADS)}")
        one = 0.0
        with _started(folder) as server:
            for clients in given.clients:
                found = asyncio.run(_asked(server.url, _requests(texts, clients), clients))
                one = one or found.rate
                _row(clients, 1000, found, one, expected, server.memory())
        with _started(folder, "--queue", str(given.queue)) as server:
            clients = given.clients[-1]
            found = asyncio.run(_asked(server.url, _requests(texts, clients), clients))
            _row(clients, given.queue, found, one, expected, server.memory())
        print(f"\nevaluate itself, with loading: {len(texts) / alone:.1f} questions/s")


def _requests(texts: list[str], clients: int) -> list[str]:
    """The questions, again and again if that is what it takes for every client to ask two."""
    return [texts[place % len(texts)] for place in range(max(len(texts), 2 * clients))]


@dataclass
class _Found:
    """The seconds of all requests together and of each, the replies (None: lost), and how often one was refused for a while."""

    replies: list[str | None]
    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    taken: float = 0.0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.replies) / self.taken


def _row(clients: int, queue: int, found: _Found, one: float, expected: list[str], memory: float) -> None:
    p50, p95, p99 = np.percentile(found.seconds, [50, 95, 99])
    lost = sum(reply is None for reply in found.replies)
    own = (expected[place % len(expected)] for place in range(len(found.replies)))
    other = sum(reply is not None and reply != each for reply, each in zip(found.replies, own, strict=True))
    speed = f"{found.rate:.1f} | {found.rate / one:.1f} | {p50:.3f} s | {p95:.3f} s | {p99:.3f} s"
    print(f"| {clients} | {queue} | {speed} | {found.refused} | {lost} | {other} | {memory:.0f} MiB |", flush=True)


@dataclass(frozen=True)
class _Server:
    url: str
    process: int

    def memory(self) -> float:
        """The most memory that the server has had so far, in MiB."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def _started(folder: Path, *options: str) -> Iterator[_Server]:
    """A server in another process, which has answered a request: the prompt's keys and values are cached then."""
    command = [*_COMMAND, str(folder), "--model", "embedded", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            server = _Server(_address(process), process.pid)
            asyncio.run(_asked(server.url, ["Which one? (A) a stone (B) a river"], 1))
            yield server
        finally:
            process.terminate()


def _address(process: "subprocess.Popen[str]") -> str:
    url = ""
    for line in process.stdout or ():
        found = re.search(r"at (http://\S+)/v1", line)
        url = found[1] if found else url
        if line.startswith("Ctrl-C"):
            return url
    raise RuntimeError("the server did not start")


async def _asked(url: str, texts: list[str], clients: int) -> _Found:
    """What comes of it when so many clients ask the texts, each one after the other."""
    found = _Found([None] * len(texts))
    waiting = iter(enumerate(texts))
    limits = httpx2.Limits(max_connections=clients)
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=600, trust_env=False) as client:

        async def ask() -> None:
            for place, text in waiting:
                start = time.perf_counter()
                body = {"messages": [{"role": "user", "content": text}]}
                while (reply := await client.post("/v1/chat/completions", json=body)).status_code == 503:
                    found.refused += 1
                    await asyncio.sleep(int(reply.headers["Retry-After"]))
                found.seconds.append(time.perf_counter() - start)
                if reply.status_code == 200:
                    found.replies[place] = json.loads(reply.content)["choices"][0]["message"]["content"]

        start = time.perf_counter()
        await asyncio.gather(*(ask() for _ in range(clients)))
        found.taken = time.perf_counter() - start
    return found


if __name__ == "__main__":
    main()
