"""JSON over HTTP to servers of one kind: many requests at a time, repeated if that can help.

This module knows nothing about chats or models, except where a reply says how many tokens it took: a body is sent, and a
document comes back. One event loop runs in a thread of
its own, so that everything here can be called from synchronous code, and connections are kept from one call to the next.
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

from ...errors import ModelError, SettingsError
from ...records.usage import Usage
from ...text.lines import argument
from .addresses import base_url
from .connections import TIMEOUT_COST, Connections, Refused, TransientFailure

Answer = TypeVar("Answer")

_LONGEST_PAUSE = 30.0
_LONGEST_RETRY_AFTER = 300.0
_POLL = 0.05
_TRIES = 3
_READ_LIST = 60.0
"""Seconds for a document that takes no model to make, such as the list of models."""


@dataclass(frozen=True)
class Limits:
    """How many requests servers receive at once, how long answers may take, and how often a failed request is repeated.

    Parameters
    ----------
    in_flight : int, default 64
        Largest number of requests that are in flight at each server, at least 1.
    timeout : float, default 600
        Seconds within which a request must be answered completely, more than 0.
    retries : int, default 7
        A run ends after this many repetitions without an answer between them. A time-out counts as three.
    pause : float, default 0.5
        Seconds of the first pause after a failure. Each further pause is twice as long, up to 30 seconds, and is made up to
        half longer or shorter at random.

    Raises
    ------
    SettingsError
        If a value is out of its range.
    """

    in_flight: int = 64
    timeout: float = 600.0
    retries: int = 7
    pause: float = 0.5

    def __post_init__(self) -> None:
        ranges = {
            "in_flight": (self.in_flight >= 1, "at least 1"),
            "timeout": (self.timeout > 0, "more than 0"),
            "retries": (self.retries >= 0, "at least 0"),
            "pause": (self.pause >= 0, "at least 0"),
        }
        for name, (valid, allowed) in ranges.items():
            if not valid:
                used = argument(name, getattr(self, name))
                example = argument(name, getattr(Limits, name))
                raise SettingsError(f"{used} is invalid; use a number that is {allowed}, such as {example}.")


class Garbled(ValueError):
    """An answer that is not what was asked for; another try may help."""


class _Server:
    """One address: how many requests are in flight there, how long it is paused, and its failures in a row."""

    def __init__(self, url: str):
        self.url = url
        self.in_flight = 0
        self.paused_until = 0.0
        self.failures = 0


class Endpoints:
    """Servers that are asked side by side: a request goes to one that has a free slot, and after a failure to any of them.

    ``urls`` are base addresses. ``key`` is sent in the Authorization header, and appears nowhere else.
    """

    def __init__(self, urls: Sequence[str], key: str | None = None, limits: Limits = Limits()):
        if not urls:
            raise SettingsError('No server was given; use `load_server("http://localhost:8000")`.')
        self.urls = tuple(dict.fromkeys(map(base_url, urls)))
        self.limits = limits
        self.usage = Usage()
        self._servers = [_Server(url) for url in self.urls]
        self._connections = Connections(key, limits.timeout)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=_run, args=(self._loop, self._connections), name="selfamplify-server", daemon=True).start()
        weakref.finalize(self, _stop, self._loop)

    def __repr__(self) -> str:
        return f"Endpoints({', '.join(self.urls)})"

    def ask(self, url: str, body: Any = None) -> Any:
        """The document at ``url``, by POST if there is a ``body``; in three tries, or one without a connection or an end.

        Raises Refused for a status that is not a success, ModelError if nothing answers.
        """
        return asyncio.run_coroutine_threadsafe(self._ask(url, body), self._loop).result()

    async def _ask(self, url: str, body: Any) -> Any:
        for attempt in range(1, _TRIES + 1):
            try:
                return await self._send(url, body, _READ_LIST if body is None else None)
            except TransientFailure as failure:
                if attempt == _TRIES and failure.status:
                    raise Refused(url, failure.status, str(failure).partition(": ")[2]) from failure
                if attempt == _TRIES or failure.cost >= TIMEOUT_COST or (failure.unavailable and not failure.status):
                    raise ModelError(
                        f"No server answers at {url} ({failure}); start it, or correct the address, as in "
                        f'`load_server("http://localhost:8000")`.'
                    ) from failure
                await asyncio.sleep(max(min(failure.wait, _LONGEST_PAUSE), self._pause(attempt)))

    def post_all(
        self, path: str, bodies: Sequence[Any], read: Callable[[Any], Answer], enough: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[int, Answer]]:
        """Post every body to ``path`` on some server; yields its index and what ``read`` returns, as each answer arrives.

        ``read`` raises Garbled for an answer that it can't use. After a failure that no other try can fix, no new request is
        sent; answers to those in flight are still yielded, and then the error is raised: Refused, or ModelError if the servers
        do not answer. Once there is ``enough``, no new request is sent either, and those in flight are the last.
        """
        done: SimpleQueue[tuple[int, Answer] | None] = SimpleQueue()
        work = asyncio.run_coroutine_threadsafe(self._work(path, bodies, read, done.put, enough), self._loop)
        work.add_done_callback(lambda _: done.put(None))
        try:
            while (answer := done.get()) is not None:
                yield answer
            work.result()
        finally:
            work.cancel()

    async def _work(
        self,
        path: str,
        bodies: Sequence[Any],
        read: Callable[[Any], Answer],
        give: Callable[[tuple[int, Answer]], None],
        enough: Callable[[], bool],
    ) -> None:
        jobs = iter(enumerate(bodies))
        errors: list[Exception] = []

        async def worker() -> None:
            for index, body in jobs:
                if errors or enough():
                    return
                try:
                    give((index, await self._answer(path, body, read, errors)))
                except Exception as error:  # raised below, when the requests in flight have been answered
                    errors.append(error)

        slots = len(self._servers) * self.limits.in_flight
        await asyncio.gather(*(worker() for _ in range(min(slots, len(bodies)))))
        if errors:
            raise errors[0]

    async def _answer(self, path: str, body: Any, read: Callable[[Any], Answer], errors: Sequence[Exception]) -> Answer:
        """The answer to one request, from any server; there is no further try once another request has failed for good."""
        began, tries, cost = time.monotonic(), 0, 0
        while True:
            server = await self._free_server(errors)
            try:
                answer = read(await self._send(server.url + path, body))
                server.failures = 0
                return answer
            except Garbled as error:
                failure = TransientFailure(str(error))
            except TransientFailure as error:
                failure = error
            finally:
                server.in_flight -= 1
            tries, cost = tries + 1, cost + failure.cost
            if failure.unavailable:
                self._pause_server(server, failure.wait)
            # A server that answers others counts as available, so a request may return to it any number of times.
            hopeless = (
                all(each.failures > self.limits.retries for each in self._servers)
                if failure.unavailable
                else cost > self.limits.retries
            )
            if hopeless or failure.wait > _LONGEST_RETRY_AFTER:
                raise _no_answer(server.url, failure, tries, time.monotonic() - began)
            if not failure.unavailable:
                await asyncio.sleep(max(failure.wait, self._pause(tries)))

    async def _send(self, url: str, body: Any, within: float | None = None) -> Any:
        """The document; if it is a completion, the tokens that it took are added to ``usage``, also if nobody can use it."""
        document = await self._connections.send(url, body, within)
        if isinstance(document, dict) and "choices" in document:
            counts = document.get("usage")
            counts = counts if isinstance(counts, dict) else {}
            self.usage = self.usage.after(counts.get("prompt_tokens"), counts.get("completion_tokens"))
        return document

    async def _free_server(self, errors: Sequence[Exception]) -> _Server:
        """Take a slot at the server that is least busy, as soon as one that is not paused has a free slot."""
        while True:
            if errors:
                raise errors[0]
            now = time.monotonic()
            most = self.limits.in_flight
            free = [server for server in self._servers if server.in_flight < most and server.paused_until <= now]
            if free:
                server = min(free, key=lambda each: (each.failures, each.in_flight))
                server.in_flight += 1
                return server
            await asyncio.sleep(_POLL)

    def _pause_server(self, server: _Server, wait: float) -> None:
        """Send a server no new requests for a while; failures of requests that were in flight together count once."""
        now = time.monotonic()
        if now >= server.paused_until:
            server.failures += 1
            server.paused_until = now + self._pause(server.failures)
        if wait:
            server.paused_until = max(server.paused_until, now + wait * random.uniform(1.0, 1.1))

    def _pause(self, failures: int) -> float:
        """Seconds to wait for after this many failures."""
        return min(self.limits.pause * 2 ** (failures - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1.5)


def _no_answer(url: str, failure: TransientFailure, tries: int, seconds: float) -> ModelError:
    tried = f"tried {tries} times in {seconds:.0f} s" if tries > 1 else "tried once"
    return ModelError(
        f"{url} does not answer ({failure}; {tried}); check the server, then run the same again: a run folder keeps what is "
        f"finished."
    )


def _run(loop: asyncio.AbstractEventLoop, connections: Connections) -> None:
    """What the thread runs until ``_stop``; it holds no reference to the Endpoints, so that these can be freed."""
    loop.run_forever()
    loop.run_until_complete(connections.close())
    loop.close()


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(loop.stop)
