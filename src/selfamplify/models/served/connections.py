"""One HTTP request to a server, and what its failure means: try again, or not.

JSON goes out and comes back; when and where to ask is the business of ``endpoints.py``.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

_AWAY = (408, 429, 502, 503, 504)
"""Statuses that speak of the server, and not of the request: all requests to it wait."""


_SLOW = 3
"""So many tries a time-out counts for: what has cost ten minutes is not worth eight times that."""


class Refused(Exception):
    """A request that a server will never answer: the status, what it says, and which server."""

    def __init__(self, url: str, status: int, said: str):
        super().__init__(f"{status}: {said}")
        self.url = url
        self.status = status
        self.said = said


class Passing(Exception):
    """A failure that may pass: of the whole server (``away``) or of one request; ``wait`` is what the server asks for.

    ``status`` is 0 where there was no answer. ``tries`` is how many tries it counts for.
    """

    def __init__(self, what: str, away: bool = False, wait: float = 0.0, status: int = 0, tries: int = 1):
        super().__init__(what)
        self.away = away
        self.wait = wait
        self.status = status
        self.tries = tries


class Connections:
    """Connections to servers, each a transport of its own, and as many as were ever needed at once.

    One pool for all of them would look at every connection before and after every request, and a client on top of it merges
    headers, cookies and redirects that are not there: together more than half of the time that a request takes here.
    """

    def __init__(self, key: str | None, timeout: float):
        self._idle: dict[str, list[httpx2.AsyncHTTPTransport]] = {}
        self._urls: dict[str, httpx2.URL] = {}
        self._made: list[httpx2.AsyncHTTPTransport] = []
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "selfamplify"}
        self._headers |= {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = httpx2.Timeout(timeout, connect=min(timeout, 15.0)).as_dict()
        self._scrub = _scrubber(key)
        self._longest = timeout
        self._trusted = httpx2.create_ssl_context()

    async def _request(self, method: str, url: str, content: str | None) -> httpx2.Response:
        if url not in self._urls:
            self._urls[url], self._idle[url] = httpx2.URL(url), []
        asked = httpx2.Request(
            method, self._urls[url], headers=self._headers, content=content, extensions={"timeout": self._timeout}
        )
        idle = self._idle[url]
        transport = idle.pop() if idle else self._connection(url)
        try:
            reply = await transport.handle_async_request(asked)
            try:
                await reply.aread()
            finally:
                await reply.aclose()
        finally:
            idle.append(transport)
        return reply

    def _connection(self, url: str) -> httpx2.AsyncHTTPTransport:
        """A new one, through the proxy that the environment names for this address, if it does."""
        parts = urlsplit(url)
        proxy = None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme) or getproxies().get("all")
        self._made.append(httpx2.AsyncHTTPTransport(verify=self._trusted, limits=httpx2.Limits(max_connections=1), proxy=proxy))
        return self._made[-1]

    async def sent(self, url: str, body: Any) -> Any:
        """The document at ``url``, by POST where there is a ``body``: one try.

        Raises Passing for a failure that another try may mend, Refused for one that it won't.
        """
        try:
            # By escapes, so that half a surrogate pair can be sent, too: whether it is text is the server's to say.
            reply = await self._request("GET" if body is None else "POST", url, body and json.dumps(body))
        except (httpx2.ReadTimeout, httpx2.WriteTimeout) as error:
            raise Passing(f"no answer within {self._longest:g} s", tries=_SLOW) from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            raise Passing(self._scrub(str(error)) or type(error).__name__, away=True) from error
        except httpx2.RequestError as error:  # a connection that broke, or an answer that was cut
            raise Passing(self._scrub(str(error)) or type(error).__name__) from error
        status = reply.status_code
        if status in _AWAY or status >= 500:
            wait = _retry_after(reply.headers.get("Retry-After", ""))
            raise Passing(f"{status}: {self._said(reply)}", status in _AWAY, wait, status)
        if status >= 300:
            where = (
                f"it redirects to {self._scrub(reply.headers['Location'])}"
                if "Location" in reply.headers
                else self._said(reply)
            )
            raise Refused(url, status, where)
        try:
            return json.loads(reply.content)
        except (ValueError, RecursionError) as error:
            raise Passing(f"an answer that is no JSON: {self._scrub(reply.text)[:60]!r}") from error

    def _said(self, reply: httpx2.Response) -> str:
        """What a server says of a failure, in one line, without the key."""
        try:
            said = json.loads(reply.content)
        except (ValueError, RecursionError):
            said = reply.text
        for name in ("error", "message", "detail"):
            said = said.get(name, said) if isinstance(said, dict) else said
        text = " ".join(self._scrub(said if isinstance(said, str) else json.dumps(said)).split())
        return (text if len(text) <= 300 else f"{text[:299]}…") or reply.reason_phrase

    async def close(self) -> None:
        for transport in self._made:
            await transport.aclose()


def _retry_after(value: str) -> float:
    """The seconds that a Retry-After header asks for: a number, or a date; 0 for anything else."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return 0.0
        seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
    return max(seconds, 0.0) if seconds < float("inf") else 0.0


def _scrubber(key: str | None) -> Callable[[str], str]:
    return lambda text: text.replace(key, "(key)") if key else text
