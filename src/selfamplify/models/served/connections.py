"""One HTTP request to a server, and what its failure means: try again, or not.

JSON is sent and JSON is received; ``endpoints.py`` decides when and where to ask.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from ...text.lines import one_line, shortened
from .cleaning import cleaned, reason_scrubber, reply_scrubber

_UNAVAILABLE = (408, 429, 502, 503, 504)
"""Statuses that concern the server, not the request: all requests to the server wait."""
TIMEOUT_COST = 3
"""A time-out counts as this many tries: what has taken ten minutes is not worth trying eight times."""
LONGEST_REPLY = 8 << 20
"""Bytes of a reply that are read: the longest replies of models are a small part of that."""


class Refused(Exception):
    """A request that a server will never answer: the server's address, the HTTP status, and the reason that it gives."""

    def __init__(self, url: str, status: int, reason: str):
        super().__init__(f"{status}: {reason}")
        self.url = url
        self.status = status
        self.reason = reason


class TransientFailure(Exception):
    """A failure that another try may fix.

    Either the whole server is ``unavailable``, or only this request failed. ``wait`` is the time in seconds that the server
    asks clients to wait, ``status`` the HTTP status (0 if there was no answer), and ``cost`` how many tries it counts as.
    """

    def __init__(self, reason: str, unavailable: bool = False, wait: float = 0.0, status: int = 0, cost: int = 1):
        super().__init__(reason)
        self.unavailable = unavailable
        self.wait = wait
        self.status = status
        self.cost = cost


@dataclass(frozen=True)
class _Reply:
    """A whole HTTP response; ``phrase`` is the server's own text next to the status."""

    status: int
    headers: httpx2.Headers
    content: bytes
    phrase: str

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")


class Connections:
    """Connections to servers: one transport each, and as many as were ever needed at the same time.

    A single connection pool would check every connection before and after every request, and a client on top of it would merge
    headers, cookies and redirects that do not occur here. Together they take more than half of the time of a request.
    """

    def __init__(self, key: str | None, timeout: float):
        self._idle: dict[str, list[httpx2.AsyncHTTPTransport]] = {}
        self._urls: dict[str, httpx2.URL] = {}
        self._opened: list[httpx2.AsyncHTTPTransport] = []
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "selfamplify"}
        self._headers |= {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = timeout
        self._timeouts = httpx2.Timeout(timeout, connect=min(timeout, 15.0)).as_dict()
        self._scrub, self._scrub_reply = reason_scrubber(key), reply_scrubber(key)
        self._ssl_context = httpx2.create_ssl_context()

    async def send(self, url: str, body: Any, within: float | None = None) -> Any:
        """The document at ``url``, by POST if there is a ``body``, in one try that takes ``within`` seconds at most.

        By default, that is the time-out. Raises TransientFailure for a failure that another try may fix, Refused for one that
        it can't.
        """
        within = self._timeout if within is None else min(within, self._timeout)
        try:
            # httpx limits the time of each read, so that a server that sends a byte a second would never time out.
            async with asyncio.timeout(within):
                # ASCII escapes carry half a surrogate pair, too: the server decides whether that is text.
                reply = await self._request("GET" if body is None else "POST", url, body and json.dumps(body))
        except (TimeoutError, httpx2.ReadTimeout, httpx2.WriteTimeout) as error:
            raise TransientFailure(f"no complete answer within {within:g} s", cost=TIMEOUT_COST) from error
        # Nothing is chained that quotes what the server sent, since a traceback would show it.
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            raise TransientFailure(self._scrub(str(error)) or type(error).__name__, unavailable=True) from None
        except httpx2.RequestError as error:  # a broken connection, or an incomplete answer
            raise TransientFailure(self._scrub(str(error)) or type(error).__name__) from None
        if reply.status in _UNAVAILABLE or reply.status >= 500:
            wait = _retry_after(reply.headers.get("Retry-After", ""))
            raise TransientFailure(f"{reply.status}: {self._reason(reply)}", reply.status in _UNAVAILABLE, wait, reply.status)
        if reply.status >= 300:
            location = reply.headers.get("Location")
            raise Refused(url, reply.status, f"it redirects to {self._scrub(location)}" if location else self._reason(reply))
        try:
            return cleaned(json.loads(reply.content), self._scrub_reply)
        except (ValueError, RecursionError):
            raise TransientFailure(f"an answer that is not JSON: {self._scrub(reply.text)[:60]!r}") from None

    async def _request(self, method: str, url: str, content: str | None) -> _Reply:
        if url not in self._urls:
            self._urls[url], self._idle[url] = httpx2.URL(url), []
        request = httpx2.Request(
            method, self._urls[url], headers=self._headers, content=content, extensions={"timeout": self._timeouts}
        )
        idle = self._idle[url]
        transport = idle.pop() if idle else self._open(url)
        try:
            reply = await transport.handle_async_request(request)
            try:
                return _Reply(reply.status_code, reply.headers, await _content(reply), reply.reason_phrase)
            finally:
                await reply.aclose()
        finally:
            idle.append(transport)

    def _open(self, url: str) -> httpx2.AsyncHTTPTransport:
        """A new connection, through the proxy that the environment sets for this address, if there is one."""
        parts = urlsplit(url)
        proxy = None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme) or getproxies().get("all")
        limits = httpx2.Limits(max_connections=1)
        self._opened.append(httpx2.AsyncHTTPTransport(verify=self._ssl_context, limits=limits, proxy=proxy))
        return self._opened[-1]

    def _reason(self, reply: _Reply) -> str:
        """What a server says about a failure, in one line and without the key."""
        try:
            document = json.loads(reply.content)
        except (ValueError, RecursionError):
            document = reply.text
        for name in ("error", "message", "detail"):
            document = document.get(name, document) if isinstance(document, dict) else document
        text = document if isinstance(document, str) else json.dumps(document)
        return shortened(one_line(self._scrub(text) or self._scrub(reply.phrase)), 300)

    async def close(self) -> None:
        """Close all connections."""
        for transport in self._opened:
            await transport.aclose()


def _retry_after(value: str) -> float:
    """The seconds to wait for by a Retry-After header, which holds a number or a date; 0 for anything else."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return 0.0
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
    return max(seconds, 0.0) if seconds < float("inf") else 0.0


async def _content(reply: httpx2.Response) -> bytes:
    """The body of a response. Raises TransientFailure if it is longer than any answer could be, and leaves the rest unread."""
    parts, length = list[bytes](), 0
    async for part in reply.aiter_bytes():
        parts.append(part)
        length += len(part)
        if length > LONGEST_REPLY:
            raise TransientFailure(f"an answer of more than {LONGEST_REPLY >> 20} MB", cost=TIMEOUT_COST)
    return b"".join(parts)
