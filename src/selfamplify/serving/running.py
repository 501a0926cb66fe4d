"""Listening and ending: the socket, the event loop, and what happens on Ctrl-C."""

import asyncio
import errno
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from ..errors import SettingsError
from .batches import ModelThread

GRACE = 10.0
"""Seconds for what is being done when the server is told to end."""
_BACKLOG = 2048
"""Connections that the system keeps waiting, as many as uvicorn asks for."""
KEPT_OPEN = 75
"""Seconds for which a connection without requests stays open. Clients keep theirs for 5 seconds (httpx, OpenAI's package) to a
minute, and a server that closes first may do so just when a request arrives, which is then lost."""


def bound(host: str, port: int) -> socket.socket:
    """A socket at an address, which does not listen yet. Raises SettingsError if the address can't be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with ExitStack() as failed:
            made = failed.enter_context(socket.socket(family, kind, protocol))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            failed.pop_all()
        return made
    except OSError as error:
        raise _unavailable(host, port, error) from None


def listen(made: socket.socket, host: str, port: int) -> None:
    """Let clients connect, who are answered once the event loop runs. Raises SettingsError if somebody else does by now."""
    try:
        made.listen(_BACKLOG)
    except OSError as error:
        raise _unavailable(host, port, error) from None


def _unavailable(host: str, port: int, error: OSError) -> SettingsError:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return SettingsError(f'This machine has no address {host!r}; use for example `host="127.0.0.1"`.')
    if error.errno == errno.EADDRINUSE:
        return SettingsError(f"Port {port} is in use; use another one, such as `port={port % 65535 + 1}`, or `port=0` for any.")
    return SettingsError(f"Port {port} can't be used ({error.strerror}); use one above 1023, such as `port=8000`.")


class Server(uvicorn.Server):
    """A server that tells the model thread when it ends, and does not raise its signal again afterwards.

    ``handle_exit`` ends it: new requests are refused, and what is being done is answered within ``GRACE`` seconds. The second
    time, nothing is waited for.
    """

    def __init__(self, application: ASGIApp, thread: ModelThread):
        config = uvicorn.Config(
            application,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_keep_alive=KEPT_OPEN,
            timeout_graceful_shutdown=int(GRACE) + 2,
        )
        super().__init__(config)
        self._model_thread = thread
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self._model_thread.end()
        if self._loop is not None:
            self._loop.call_later(0 if self.force_exit else GRACE, self._model_thread.abandon)


def run(application: ASGIApp, listening: socket.socket, thread: ModelThread, ended: Callable[[], None]) -> None:
    """Serve until a signal ends it; ``ended`` is called at the end."""
    Server(application, thread).run([listening])
    thread.end()
    done = thread.join(0.5)
    ended()
    if not done:  # it computes without the interpreter's lock, which the end of the interpreter would not survive
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
