"""A real server on the loopback interface that answers like an OpenAI-compatible one, and fails when a test wants it to."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from selfamplify.records import Chat, Message

Reply = tuple[int, dict[str, str], bytes | Iterable[bytes]]
"""A status, headers, and the body: whole, or the parts that are sent one after the other."""
FLAGS = {"continue_final_message", "add_generation_prompt"}


@dataclass
class Served:
    """What the server can do, what it answers, which requests fail, and which requests it has received.

    ``kind`` is "vllm" (everything), "serve" (refuses unknown fields, ignores logprobs, continues no prefill) or "llama"
    (continues without flags, and repeats the prefill). ``script`` returns the answer to a chat. ``trouble`` may return another
    reply to the n-th request, not counting probes; None leaves the answer as it is. ``odds`` returns the most probable tokens
    after a chat and the first word of its answer; by default this word, then " A" and others, with nothing for C. ``phrase``
    stands next to every status. ``count`` is what it says of the tokens of a prompt. ``counts``
    says whether completions come with their tokens, and ``counted`` are these tokens, of prompt and reply. ``asked``,
    ``headers`` and ``times`` are those of the requests, and ``most`` is the largest number of requests in flight.
    """

    script: Callable[[Chat], str]
    kind: str = "vllm"
    model: str = "tiny"
    delay: float = 0.0
    key: str = ""
    phrase: str = ""
    context: int = 4096
    count: Callable[[list[dict[str, str]]], int] = lambda messages: 9 + 2 * words_in(messages)
    trouble: Callable[[int, dict[str, Any]], Reply | None] = lambda number, body: None
    odds: Callable[[Chat, str], list[tuple[str, float]]] = lambda chat, word: [
        (word, -0.5),
        (" A", -1.5),
        ("A", -3.0),
        ("Z", -4.0),
    ]
    counts: bool = True
    counted: list[tuple[int, int]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    most: int = 0
    url: str = ""
    _busy: int = 0
    _lock: Any = field(default_factory=threading.Lock)

    def get(self, path: str) -> tuple[int, Any]:
        if path == "/version" and self.kind == "vllm":
            return 200, {"version": "0.15.0"}
        if path == "/v1/models" and self.kind != "serve":
            model: dict[str, Any] = {"id": self.model, "owned_by": self.kind, "root": f"/data/{self.url[-2:]}/tiny-7b"}
            context = {"max_model_len": self.context} if self.kind == "vllm" else {"meta": {"n_ctx": 512}}
            return 200, {"data": [model | context]}
        return 404, {"detail": "Not Found"}

    def chat(self, body: dict[str, Any]) -> Reply:
        last = body["messages"][-1]
        with self._lock:
            probe = last["content"] in ("Hello", "Monday, Tuesday, Wednes")
            number = len(self.asked)
            if not probe:
                self.asked.append(body)
                self.times.append(time.monotonic())
                self._busy += 1
                self.most = max(self.most, self._busy)
        try:
            time.sleep(0 if probe else self.delay)
            trouble = None if probe else self.trouble(number, body)
            return trouble or self.completion(body)
        finally:
            with self._lock:
                self._busy -= not probe

    def completion(self, body: dict[str, Any]) -> Reply:
        unknown = (FLAGS | {"top_k", "min_p", "repetition_penalty"}) & body.keys()
        if self.kind == "serve" and unknown:
            return document(422, {"detail": f"Unexpected fields in the request: {unknown}"})
        if body["model"] != self.model:
            return document(404, {"error": {"message": f"The model `{body['model']}` does not exist."}})
        if self.kind == "vllm" and body.get("top_logprobs", 0) > 20:
            return document(
                400, {"error": {"message": "Requested sample logprobs of 100, which is greater than max allowed: 20"}}
            )
        *before, last = body["messages"]
        open_ended = self.kind == "llama" or (self.kind == "vllm" and body.get("continue_final_message"))
        prefill = last["content"] if last["role"] == "assistant" and open_ended else ""
        messages = before if prefill else body["messages"]
        content = messages[-1]["content"]
        chat = Chat(tuple(Message(**each) for each in messages), prefill, content[content.find("George") :])
        if last["content"] == "Monday, Tuesday, Wednes":
            text = "day" if prefill else "Thursday"
        elif last["content"] == "Hello":
            text = "Hi"
        else:
            text = self.script(chat)
        words = text.split(" ")
        text = (prefill if self.kind == "llama" else "") + " ".join(words[: body["max_tokens"]])
        choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        if len(words) > body["max_tokens"]:
            choice["finish_reason"] = "length"
        if body.get("logprobs") and self.kind != "serve":
            top = [{"token": token, "logprob": value} for token, value in self.odds(chat, words[0])]
            choice["logprobs"] = {"content": [{"token": top[0]["token"], "top_logprobs": top}]}
        about = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": self.model}
        if not self.counts:
            return document(200, about | {"choices": [choice]})
        asked = self.count(body["messages"])
        with self._lock:
            self.counted.append((asked, len(words)))
        used = {"prompt_tokens": asked, "completion_tokens": len(words), "total_tokens": (asked or 0) + len(words)}
        return document(200, about | {"choices": [choice], "usage": used})


def words_in(messages: list[dict[str, str]]) -> int:
    """The words of a chat."""
    return sum(len(message["content"].split()) for message in messages)


def document(status: int, content: Any, **headers: str) -> Reply:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(content).encode()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *given: Any):
        super().__init__(*given)
        self.open: list[socket.socket] = []

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.open.append(connection)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: some tests are about clients that disconnect."""


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """The server at ``served.url`` during a ``with`` statement; afterwards its connections are cut, and it stops listening."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer(document(*served.get(self.path)))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.headers.append(dict(self.headers))
            if served.key and self.headers.get("Authorization") != f"Bearer {served.key}":
                self.answer(document(401, {"error": {"message": f"wrong key {self.headers.get('Authorization')}"}}))
            else:
                self.answer(served.chat(body))

        def answer(self, reply: Reply) -> None:
            status, headers, content = reply
            if status == 0:  # hang up
                self.close_connection = True
                return
            own = {"Content-Type": "application/json"}
            own |= {"Content-Length": str(len(content))} if isinstance(content, bytes) else {}
            self.send_response(status, served.phrase or None)
            for name, value in (own | headers).items():
                self.send_header(name, value)
            self.end_headers()
            for part in (content,) if isinstance(content, bytes) else content:
                self.wfile.write(part)
            self.close_connection = self.close_connection or "Content-Length" in headers

        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing."""

    server = _Quiet(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        for connection in server.open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join()
