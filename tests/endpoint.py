"""A real server of this package on the loopback interface, in a thread of the tests."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from selfamplify import Decoding, Prompt
from selfamplify.models.model import AbstractLanguageModel
from selfamplify.serving.app import application
from selfamplify.serving.batches import ModelThread
from selfamplify.serving.guard import Guard
from selfamplify.serving.prompted import Prompted
from selfamplify.serving.running import Server, bound, listen
from selfamplify.serving.service import Service

PATH = "/v1/chat/completions"


@dataclass
class Endpoint:
    """A running server: its address, a client for it, what it reported, and the way to end it."""

    url: str
    client: httpx2.Client
    service: Service
    server: Server
    lines: list[str] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)

    def ask(self, text: str, **more: Any) -> httpx2.Response:
        """Ask one question."""
        return self.send([{"role": "user", "content": text}], **more)

    def send(self, messages: Any, **more: Any) -> httpx2.Response:
        return self.client.post(PATH, json={"messages": messages, **more})

    def end(self) -> None:
        """End the server as a signal does."""
        self.server.handle_exit(signal.SIGTERM, None)


@contextmanager
def endpoint(
    model: AbstractLanguageModel,
    prompt: Prompt | None = None,
    token: str | None = None,
    host: str = "127.0.0.1",
    decoding: Decoding | None = None,
    **queue: Any,
) -> Iterator[Endpoint]:
    """A server of a model, through a prompt or plainly, until the ``with`` statement ends."""
    thread = ModelThread(**{"together": model.window, "most": 1000, **queue})
    service = Service(model, thread, Prompted.of(model, prompt) if prompt else None, decoding or Decoding())
    listening = bound(host, 0)
    lines, faults = list[str](), list[BaseException]()
    server = Server(Guard(application(service), host, token, lines.append, faults.append), thread)
    listen(listening, host, 0)
    running = threading.Thread(target=lambda: server.run([listening]), daemon=True)
    running.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx2.Client(base_url=url, headers=headers, timeout=120, trust_env=False) as client:
        client.get("/health")  # answered once the loop runs
        made = Endpoint(url, client, service, server, lines, faults)
        try:
            yield made
        finally:
            made.end()
            running.join(30)
            thread.abandon()
    listening.close()
    assert not running.is_alive()
