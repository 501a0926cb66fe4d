"""JSON over HTTP to servers of one kind: many requests at a time, tried again where that can help.

Knows nothing of chats or models: a body goes out, a document comes back. One event loop runs in a thread of its own, so that
everything here can be called from synchronous code, and connections are kept from one call to the next.
"""

import asyncio
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from ...errors import ModelError, SettingsError
from .connections import Connections, Passing, Refused

Answer = TypeVar("Answer")

_LONGEST_PAUSE = 30.0
_LONGEST_RETRY_AFTER = 300.0
_POLL = 0.05


@dataclass(frozen=True)
class Limits:
    """How hard servers are asked: requests in flight at each, and what is waited for, in seconds.

    A request has ``timeout`` seconds to be answered in. The first pause after a failure is ``pause`` seconds, each further one
    twice as long, up to 30, half as much more or less by chance. ``retries`` pauses without an answer between them end a run; a
    time-out counts for three.
    """

    in_flight: int = 64
    timeout: float = 600.0
    retries: int = 7
    pause: float = 0.5

    def __post_init__(self) -> None:
        if self.in_flight < 1 or self.retries < 0 or not (self.timeout > 0 and self.pause >= 0):
            raise SettingsError(f"{self} can't be; use in_flight=64, timeout=600, retries=7, pause=0.5.")


class Garbled(ValueError):
    """An answer that is not what was asked for; another try may help."""


class _Server:
    """One address: how many requests are in flight there, until when it rests, and its failures in a row."""

    def __init__(self, url: str):
        self.url = url
        self.busy = 0
        self.rests_until = 0.0
        self.failures = 0


class Endpoints:
    """Servers that are asked side by side; a request goes to one that has a free slot, and after a failure to any.

    ``urls`` are base addresses. ``key`` is sent in the Authorization header, and stands nowhere else.
    """

    def __init__(self, urls: Sequence[str], key: str | None = None, limits: Limits = Limits()):
        if not urls:
            raise SettingsError("There is no server to ask; give one, such as --server http://localhost:8000.")
        self.urls = tuple(dict.fromkeys(map(base_url, urls)))
        self.limits = limits
        self._servers = [_Server(url) for url in self.urls]
        self._connections = Connections(key, limits.timeout)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=_run, args=(self._loop, self._connections), name="selfamplify-server", daemon=True).start()
        weakref.finalize(self, _stop, self._loop)

    def __repr__(self) -> str:
        return f"Endpoints({', '.join(self.urls)})"

    def ask(self, url: str, body: Any = None) -> Any:
        """The document at ``url``, by POST where there is a ``body``; three tries, but one where there is no connection.

        Raises Refused for a status that is no success, ModelError where nothing answers.
        """

        async def asked() -> Any:
            for attempt in range(1, 4):
                try:
                    return await self._connections.sent(url, body)
                except Passing as failure:
                    if attempt == 3 and failure.status:
                        raise Refused(url, failure.status, str(failure).partition(": ")[2]) from failure
                    if attempt == 3 or (failure.away and not failure.status):
                        raise ModelError(
                            f"No server answers at {url} ({failure}); start it, or correct the address (--server)."
                        ) from failure
                    await asyncio.sleep(max(min(failure.wait, _LONGEST_PAUSE), self._pause(attempt)))

        return asyncio.run_coroutine_threadsafe(asked(), self._loop).result()

    def post_all(self, path: str, bodies: Sequence[Any], read: Callable[[Any], Answer]) -> Iterator[tuple[int, Answer]]:
        """Post every body to ``path`` of some server; yields its place and what ``read`` makes of the answer, as each comes.

        ``read`` raises Garbled for an answer that it can't use. After a failure that no try mends nothing new is asked; what
        is in flight is still yielded, and then the error raised: Refused, or ModelError where servers stay away.
        """
        done: SimpleQueue[tuple[int, Answer] | None] = SimpleQueue()
        work = asyncio.run_coroutine_threadsafe(self._work(path, bodies, read, done.put), self._loop)
        work.add_done_callback(lambda _: done.put(None))
        try:
            while (answer := done.get()) is not None:
                yield answer
            work.result()
        finally:
            work.cancel()

    async def _work(
        self, path: str, bodies: Sequence[Any], read: Callable[[Any], Answer], give: Callable[[tuple[int, Answer]], None]
    ) -> None:
        jobs = iter(enumerate(bodies))
        failures: list[Exception] = []

        async def worker() -> None:
            for place, body in jobs:
                if failures:
                    return
                try:
                    give((place, await self._answered(path, body, read, failures)))
                except Exception as failure:  # raised below, when what is in flight has been given
                    failures.append(failure)

        slots = len(self._servers) * self.limits.in_flight
        await asyncio.gather(*(worker() for _ in range(min(slots, len(bodies)))))
        if failures:
            raise failures[0]

    async def _answered(self, path: str, body: Any, read: Callable[[Any], Answer], failures: Sequence[Exception]) -> Answer:
        """The answer to one request, from whichever server gives it; no further try once another request has failed."""
        began, tries, spent = time.monotonic(), 0, 0
        while True:
            server = await self._free_one(failures)
            try:
                answer = read(await self._connections.sent(server.url + path, body))
                server.failures = 0
                return answer
            except Garbled as failure:
                trouble = Passing(str(failure))
            except Passing as failure:
                trouble = failure
            finally:
                server.busy -= 1
            tries, spent = tries + 1, spent + trouble.tries
            if trouble.away:
                self._rest(server, trouble.wait)
            # A server that answers others is not away: then a request may come back to it as often as it must.
            hopeless = (
                all(each.failures > self.limits.retries for each in self._servers)
                if trouble.away
                else spent > self.limits.retries
            )
            if hopeless or trouble.wait > _LONGEST_RETRY_AFTER:
                raise _given_up(server.url, trouble, tries, time.monotonic() - began)
            if not trouble.away:
                await asyncio.sleep(max(trouble.wait, self._pause(tries)))

    async def _free_one(self, failures: Sequence[Exception]) -> _Server:
        """A slot at the least busy server that does not rest, as soon as there is one."""
        while True:
            if failures:
                raise failures[0]
            now = time.monotonic()
            ready = [server for server in self._servers if server.busy < self.limits.in_flight and server.rests_until <= now]
            if ready:
                server = min(ready, key=lambda each: (each.failures, each.busy))
                server.busy += 1
                return server
            await asyncio.sleep(_POLL)

    def _rest(self, server: _Server, wait: float) -> None:
        """Start nothing new at a server for a while; failures of requests that were in flight together count once."""
        now = time.monotonic()
        if now >= server.rests_until:
            server.failures += 1
            server.rests_until = now + self._pause(server.failures)
        if wait:
            server.rests_until = max(server.rests_until, now + wait * random.uniform(1.0, 1.1))

    def _pause(self, failures: int) -> float:
        return min(self.limits.pause * 2 ** (failures - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1.5)


def base_url(url: str) -> str:
    """The address below which ``/chat/completions`` lies: ``/v1`` is added to a bare host. Raises SettingsError for no URL."""
    shape = "write for example --server http://localhost:8000"
    parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise SettingsError(f"A server's address holds neither a key nor a query; {shape}, and set SELFAMPLIFY_API_KEY.")
    try:
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL):
        known = False
    if not known:
        raise SettingsError(f"'{url}' is no server's address; {shape}.")
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"


def _given_up(url: str, trouble: Passing, tries: int, seconds: float) -> ModelError:
    tried = f"tried {tries} times over {seconds:.0f} s" if tries > 1 else "tried once"
    return ModelError(
        f"{url} gives no answer ({trouble}; {tried}); see to the server, then run the same again: a run folder keeps what "
        f"is finished."
    )


def _run(loop: asyncio.AbstractEventLoop, connections: Connections) -> None:
    """What the thread does until ``_stop``; it holds nothing of the Endpoints, so that these can be let go."""
    loop.run_forever()
    loop.run_until_complete(connections.close())
    loop.close()


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # it has ended
        loop.call_soon_threadsafe(loop.stop)
