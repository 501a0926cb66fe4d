"""Many clients of ``selfamplify serve`` at once, compared with one client that asks one by one: ``python -m benchmarks.serve``.

The server is another process, with the embedded model and a prompt that was built for it. Each row asks the same questions;
every reply must come, and must be the one that ``evaluate`` gets. Latencies are those that a client sees.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import numpy as np

from selfamplify import build, evaluate, load_task

from .machine import device_name, today, versions

_COMMAND = [sys.executable, "-c", "from selfamplify.cli import main; main()", "serve"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--shots", type=int, default=8)
    given = parser.parse_args()
    task = load_task("planted_arc").limited(given.questions)
    texts = [question.render() for question in task.test]
    with TemporaryDirectory() as folder:
        prompt = build("embedded", task, folder, method="random", selection="random", shots=given.shots)
        start = time.perf_counter()
        expected = [response.text for response in evaluate("embedded", task, prompt).responses]
        alone = time.perf_counter() - start
        url, process = _started(Path(folder))
        try:
            print(f"{today()}, {device_name('cpu')}, {versions()}; {len(texts)} questions after {given.shots} shots\n")
            print("| clients | requests/s | ratio | p50 | p95 | p99 | lost | other |\n|---|---|---|---|---|---|---|---|")
            asyncio.run(_asked(url, texts[:8], 1))  # the prefix is run once
            one = 0.0
            for clients in given.clients:
                taken, seconds, replies = asyncio.run(_asked(url, texts, clients))
                rate = len(texts) / taken
                one = one or rate
                p50, p95, p99 = np.percentile(seconds, [50, 95, 99])
                lost = sum(reply is None for reply in replies)
                other = sum(reply is not None and reply != own for reply, own in zip(replies, expected, strict=True))
                figures = f"{rate:.1f} | {rate / one:.1f} | {p50:.3f} s | {p95:.3f} s | {p99:.3f} s"
                print(f"| {clients} | {figures} | {lost} | {other} |", flush=True)
            print(f"\nevaluate itself, with loading: {len(texts) / alone:.1f} questions/s")
        finally:
            process.terminate()
            process.wait()
            if process.stdout:
                process.stdout.close()


def _started(folder: Path) -> tuple[str, "subprocess.Popen[str]"]:
    """The address of a server, and its process."""
    process = subprocess.Popen(
        [*_COMMAND, str(folder), "--model", "embedded", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = ""
    for line in process.stdout:
        found = re.search(r"at (http://\S+)/v1", line)
        url = found[1] if found else url
        if line.startswith("Ctrl-C"):
            return url, process
    raise RuntimeError("the server did not start")


async def _asked(url: str, texts: list[str], clients: int) -> tuple[float, list[float], list[str | None]]:
    """The seconds of all requests together and of each, and the replies; None for one that was lost."""
    seconds, replies = list[float](), list[str | None]([None] * len(texts))
    waiting = iter(enumerate(texts))
    limits = httpx2.Limits(max_connections=clients)
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=600, trust_env=False) as client:

        async def ask() -> None:
            for place, text in waiting:
                start = time.perf_counter()
                reply = await client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": text}]})
                seconds.append(time.perf_counter() - start)
                if reply.status_code == 200:
                    replies[place] = json.loads(reply.content)["choices"][0]["message"]["content"]

        start = time.perf_counter()
        await asyncio.gather(*(ask() for _ in range(clients)))
        return time.perf_counter() - start, seconds, replies


if __name__ == "__main__":
    main()
