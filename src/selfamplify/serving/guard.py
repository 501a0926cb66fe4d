"""What stands before every request: who may ask, from which pages, and what browsers may do with the answer."""

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .refusals import Refusal
from .replies import error

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),  # with no-referrer, browsers would call the form's own origin null
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_OPEN = ("/health",)
"""Paths that need no token."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach a host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


@dataclass(frozen=True)
class Guard:
    """Checks requests before an application sees them, adds headers to its answers, and reports each request in a line.

    Parameters
    ----------
    application : ASGIApp
        What answers.
    host : str
        The address that the server listens on. On a loopback address, requests must name it or another name of this machine:
        a page of another site could otherwise reach the server by a name of its own.
    token : str, optional
        What requests must carry in their Authorization header; None for nothing.
    report : callable
        Called with a line about each request, without its texts.
    failed : callable
        Called with each error that is a fault of ours.
    """

    application: ASGIApp
    host: str
    token: str | None
    report: Callable[[str], None]
    failed: Callable[[BaseException], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        start, status = time.perf_counter(), 0

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        try:
            refusal = self._refused(scope)
            if refusal is None:
                await self.application(scope, receive, sent)
            else:
                await refused(refusal, self._challenge(scope) if refusal.status == 401 else {})(scope, receive, sent)
        except Exception as fault:
            self.failed(fault)
            if not status:
                await refused(Refusal(500, "This is a fault of the server; its terminal says more."))(scope, receive, sent)
        finally:  # also of a request that is cancelled at the end
            known = scope.get("path_known", False)
            path = scope["path"] if known else "(another path)"
            self.report(f"{scope['method']} {path} {status or 'gone'} {time.perf_counter() - start:.3f} s")

    def _refused(self, scope: Scope) -> Refusal | None:
        """Why a request is not even read, or None."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        name = _name_of(host)
        if self.token is None and name not in (*_LOOPBACK, self.host.casefold()):
            return Refusal(421, "The Host header names another machine; use http://127.0.0.1 and the port.")
        origin = headers.get("origin")
        if scope["method"] == "POST" and origin is not None and _place_of(origin) != host:
            return Refusal(403, "A page of another site can't use this server.")
        if self.token is not None and scope["path"] not in _OPEN and not self._allowed(headers):
            return Refusal(
                401, "The token is missing or wrong; send it as `Authorization: Bearer TOKEN`.", None, "invalid_api_key"
            )
        return None

    def _allowed(self, headers: Mapping[str, str]) -> bool:
        """Whether a request carries the token: as a bearer token, or as the password that a browser asks for."""
        kind, _, given = headers.get("authorization", "").strip().partition(" ")
        given = given.strip()
        if kind.casefold() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[2]
            except (binascii.Error, ValueError):
                return False
        elif kind.casefold() != "bearer":
            return False
        return hmac.compare_digest(given.encode(), (self.token or "").encode())

    @staticmethod
    def _challenge(scope: Scope) -> dict[str, str]:
        """How a client is to ask again: a browser that opens the form asks its user for a password."""
        form = scope["path"] == "/"
        return {"WWW-Authenticate": 'Basic realm="selfamplify: any name, and the token as password"' if form else "Bearer"}


def refused(refusal: Refusal, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer to a request that is refused."""
    wait = {"Retry-After": str(refusal.wait)} if refusal.wait else {}
    return JSONResponse(error(refusal), refusal.status, {**(headers or {}), **wait})


def _place_of(origin: str) -> str:
    """The host and the port in an Origin header; empty if it names none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _name_of(host: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").casefold()
    except ValueError:
        return ""
