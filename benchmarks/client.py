"""The client of model servers: requests that are answered in 50 ms, compared with the ideal: ``python -m benchmarks.client``.

The server is another process on this machine and runs no model, so that the client is measured, and what the server takes from
it. The peer sends the same bodies through one httpx2 client with as many connections, without retries.
"""

import asyncio
import json
import subprocess
import sys

import httpx2

from selfamplify import Decoding, Limits, load_server
from selfamplify.records import Chat, Message

from .machine import heading, ratio

_RUNS = 5
_REQUESTS = 1000
_DELAY = 0.05


def main() -> None:
    print(f"{heading(_RUNS)}\n\n| work | ideal | plain httpx2 | here | here / ideal |\n|---|---|---|---|---|")
    for servers, in_flight in ((1, 64), (2, 32)):
        print(f"| {_asking(servers, in_flight)} |", flush=True)


def _asking(servers: int, in_flight: int) -> str:
    command = [sys.executable, "-m", "benchmarks.client", "--serve"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(servers)]
    try:
        urls = [process.stdout.readline().strip() for process in started if process.stdout]
        model = load_server(*urls, model="none", limits=Limits(in_flight=in_flight))
        prompt = "Which word decides the answer? " * 60
        chats = [Chat((Message("user", f"{prompt}{number}"),), "The answer is (") for number in range(_REQUESTS)]

        def ask() -> None:
            assert len(model.generate(chats, Decoding(), [0] * _REQUESTS)) == _REQUESTS

        ask()  # connections are made once
        plain, taken = ratio(
            lambda: asyncio.run(_plain(urls, in_flight, [chat.messages[0].content for chat in chats])), ask, _RUNS
        )
    finally:
        for process in started:
            process.terminate()
            process.wait()
            if process.stdout:
                process.stdout.close()
    ideal = _REQUESTS * _DELAY / (servers * in_flight)
    what = f"{_REQUESTS} requests of 2 kB, {in_flight} in flight at each of {servers}, answered in {1000 * _DELAY:.0f} ms"
    return f"{what} | {ideal:.2f} s | {plain:.2f} s | {taken:.2f} s | {taken / ideal:.2f}"


async def _plain(urls: list[str], in_flight: int, contents: list[str]) -> None:
    async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=in_flight * len(urls))) as client:
        slots = asyncio.Semaphore(in_flight * len(urls))

        async def one(place: int, content: str) -> None:
            body = {"model": "none", "messages": [{"role": "user", "content": content}], "max_tokens": 300, "temperature": 0.0}
            async with slots:
                reply = await client.post(f"{urls[place % len(urls)]}/v1/chat/completions", json=body)
            assert reply.json()["choices"]

        await asyncio.gather(*(one(place, content) for place, content in enumerate(contents)))


async def _serve() -> None:
    """Answer every request with the same completion after ``_DELAY``, and print the address."""
    choice = {"message": {"content": "day"}, "finish_reason": "stop"}
    content = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 400, "completion_tokens": 1}}).encode()
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                await asyncio.sleep(_DELAY)
                writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=256)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve()) if "--serve" in sys.argv else main()
