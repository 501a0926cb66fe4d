"""The routes of the server: which function answers which address."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ..errors import ContextError, ModelError, SelfAmplifyError
from .form import Form, fields
from .guard import refused
from .refusals import Refusal
from .replies import completion, events, model, models
from .requests import wanted
from .service import Service, results

BODY = 1 << 20
"""The largest body in bytes."""
_PLACES = "a form at /, and /v1/chat/completions, /v1/models, /health and /version"
Endpoint = Callable[[Request], Awaitable[Response]]


def application(service: Service) -> Starlette:
    """The application that answers with a service."""
    routes = _Routes(service, Form(service), int(time.time()))
    return Starlette(
        routes=[
            _route("/", routes.form),
            _route("/", routes.asked, "POST"),
            _route("/favicon.ico", routes.icon),
            _route("/health", routes.health),
            _route("/version", routes.version),
            _route("/v1/models", routes.models),
            _route("/v1/models/{name:path}", routes.model),
            _route("/v1/chat/completions", routes.completions, "POST"),
        ],
        exception_handlers={HTTPException: _missing},
    )


@dataclass(frozen=True)
class _Routes:
    """What is answered at each path."""

    service: Service
    page: Form
    since: int

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "waiting": self.service.thread.waiting})

    async def icon(self, request: Request) -> Response:
        return Response(status_code=204)  # browsers ask for one, and would report that there is none

    async def version(self, request: Request) -> Response:
        return JSONResponse({"version": version("selfamplify")})

    async def models(self, request: Request) -> Response:
        return JSONResponse(models(self.service.model.name, self.service.model.context, self.since))

    async def model(self, request: Request) -> Response:
        name = self.service.model.name
        if request.path_params["name"] != name:
            raise Refusal(404, f"This server has the model `{name}` and no other.", "model", "model_not_found")
        return JSONResponse(model(name, self.service.model.context, self.since))

    async def completions(self, request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().casefold() != "application/json":
            raise Refusal(415, "The body must be JSON; send it with `Content-Type: application/json`.")
        asked = wanted(await _body(request))
        found = await results(self.service.ask(asked), _gone(request))
        if found is None:
            return Response(status_code=499)  # nobody reads it
        name, shown = self.service.model.name, asked.top_logprobs if asked.logprobs else None
        if asked.stream:
            lines = events(name, found, shown, asked.stream_options.include_usage)
            return Response("".join(lines), media_type="text/event-stream")
        return JSONResponse(completion(name, found, shown))

    async def form(self, request: Request) -> Response:
        return self._page(self.page.empty())

    async def asked(self, request: Request) -> Response:
        sent = fields(await _body(request))
        text = sent.get("question", "").replace("\r\n", "\n")
        found = explained = None
        try:
            found = await results([self.service.ask_text(text)], _gone(request))
            if found and "explain" in sent:
                explained = await results([self.service.explain(text, found[0].text)], _gone(request))
            return self._page(self.page.answered(text, found[0] if found else None, explained[0] if explained else None))
        except (Refusal, SelfAmplifyError) as error:
            refusal = _refusal(error)
            if found:
                return self._page(self.page.answered(text, found[0], unexplained=refusal.message))
            return self._page(self.page.refused(text, refusal.message), refusal.status)

    def _page(self, html: str, status: int = 200) -> Response:
        return HTMLResponse(html, status, {"Content-Security-Policy": self.page.policy})


def _route(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
    """A route whose refusals are answered in OpenAI's words."""

    async def answered(request: Request) -> Response:
        request.scope["path_known"] = True
        try:
            return await endpoint(request)
        except (Refusal, SelfAmplifyError) as error:
            return refused(_refusal(error))

    return Route(path, answered, methods=[method])


def _refusal(error: Refusal | SelfAmplifyError) -> Refusal:
    """What a client is told about an error."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, ContextError):
        return Refusal(400, str(error), "messages", "context_length_exceeded")
    return Refusal(500 if isinstance(error, ModelError) else 400, str(error))


async def _missing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refused(Refusal(error.status_code, f"{error.detail}; this server has {_PLACES}."), error.headers)


async def _body(request: Request) -> bytes:
    """The body. Raises Refusal as soon as it is too large."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > BODY:
            raise Refusal(413, f"The body is larger than {BODY:,} bytes; send a shorter text.")
    return b"".join(parts)


def _gone(request: Request) -> "asyncio.Future[Any]":
    """Done when the client has gone away; its body has been read before."""

    async def wait() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    return asyncio.ensure_future(wait())
