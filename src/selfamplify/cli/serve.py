"""``selfamplify serve``: an OpenAI-compatible endpoint that answers questions through the prompt of a run."""

import json
import shlex
import sys
import traceback
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import selfamplify

from ..errors import SettingsError
from ..runs.absent import load_prompt
from ..text.lines import counted
from . import options
from .config import Called
from .groups import grouped
from .inherited import check_model, model_as_built, names_model
from .model_options import ModelOptions
from .screen import say, stderr

if TYPE_CHECKING:
    from ..models.model import AbstractLanguageModel
    from ..prompting.prompt import Prompt
    from ..serving.service import Service

_PACKAGES = ("starlette", "uvicorn")
_TOKEN = "SELFAMPLIFY_TOKEN"  # nosec B105 # the name of a variable
_ANYWHERE = ("0.0.0.0", "::")  # nosec B104 # recognised, never a default


@grouped
def serve(
    called: Called,
    model: ModelOptions,
    prompt: Annotated[
        Path | None, options.path_argument("RUN", "The run folder of `selfamplify build`, or a prompt.json.")
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Pass chats to the model as they are, without a prompt. RUN may be left out.")
    ] = False,
    host: Annotated[str, typer.Option("--host", help="The address to listen on. Any but this machine's own needs a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 for any that is free.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            "--token", envvar=_TOKEN, help="What clients must send as their API key. Other users may see it in the list of "
            "processes, but not if it is in the environment variable."
        ),
    ] = None,
    queue: Annotated[
        int, typer.Option("--queue", min=1, help="Maximum number of waiting requests; more are refused with status 503.")
    ] = 1000,
    max_new_tokens: options.ReplyLength = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Print a line for each request, without its texts.")] = False,
) -> None:  # fmt: skip
    """Serve a prompt at an OpenAI-compatible endpoint, with a form to try it in a browser.

    By default, the model is that of the run that made the prompt. Ctrl-C ends the server.
    """
    if any(find_spec(package) is None for package in _PACKAGES):
        raise SettingsError("Serving needs Starlette and uvicorn: run `pip install 'selfamplify[serve]'`.")
    if prompt is None and not plain:
        raise SettingsError(
            "There is no prompt to serve; name a run folder, as in: selfamplify serve runs/mine, or use `plain=True`."
        )
    finished = None if prompt is None else load_prompt(prompt).with_length(max_new_tokens)
    if finished is not None:
        _check_prompt(finished, called, plain)
    from ..serving.app import application  # heavy, and the packages of the extra
    from ..serving.guard import Guard
    from ..serving.running import bound, listen, run

    _check_token(host, token)
    with bound(host, port) as listening:  # before the model is loaded, which may take a while
        found = model if prompt is None else model_as_built(prompt, called, model)
        asked = found.load()
        if finished is not None:
            check_model(finished, asked, called)
        service = _service(asked, None if plain else finished, max_new_tokens, queue)
        guard = Guard(application(service), host, token, _line if verbose else _nothing, _fault)
        listen(listening, host, port)  # before the address is said
        _say_what(service, prompt, host, listening.getsockname()[1], token is not None)
        run(guard, listening, service.thread, lambda: _say_end(service))


def _say_end(service: "Service") -> None:
    say(f"stopped after {counted(service.thread.finished, 'answer')}")


def _check_prompt(prompt: "Prompt", called: Called, plain: bool) -> None:
    """Raise SettingsError for an imported prompt if nobody named a model, and for one that is asked and has no labels."""
    if prompt.imported and not names_model(called):
        raise SettingsError(
            f"The prompt was imported from {prompt.imported.file}, so no run says which model to ask; name one, as in "
            f'`model="embedded"`.'
        )
    if not plain and not prompt.label_map:
        raise SettingsError(
            "The prompt has no labels, so no answer could be read in a reply; import it with shots whose replies name their "
            "answers, or use `plain=True`."
        )


def _check_token(host: str, token: str | None) -> None:
    """Raise SettingsError for an address that others reach without a token, or a token that no header can carry."""
    from ..serving.guard import is_loopback

    if token is None and not is_loopback(host):
        raise SettingsError(
            f'{host} can be reached from other machines, so a token is needed; set {_TOKEN}, or use `host="127.0.0.1"`.'
        )
    if token is not None and not (token.isascii() and token.isprintable() and token and " " not in token):
        raise SettingsError("The token is empty or has characters that no header can carry; use letters and digits.")


def _service(model: "AbstractLanguageModel", prompt: "Prompt | None", max_new_tokens: int | None, queue: int) -> "Service":
    """What is served: questions through a prompt, or chats as they are."""
    from ..models.replicated.model import ReplicatedModel
    from ..serving.batches import ModelThread
    from ..serving.prompted import Prompted
    from ..serving.service import Service

    together = model.window * (model.replicas if isinstance(model, ReplicatedModel) else 1)
    decoding = selfamplify.Decoding() if max_new_tokens is None else selfamplify.Decoding(max_new_tokens=max_new_tokens)
    return Service(model, ModelThread(together, queue), Prompted.of(model, prompt) if prompt else None, decoding)


def _say_what(service: "Service", prompt: Path | None, host: str, port: int, secret: bool) -> None:
    """Say where the server is, what it answers with, and how it is asked."""
    from ..prompting.origins import described
    from ..serving.form import example
    from ..serving.guard import is_loopback

    name = "127.0.0.1" if host in _ANYWHERE else f"[{host}]" if ":" in host else host
    url = f"http://{name}:{port}"
    say(f"serving {service.model.name} at {url}/v1 (context {service.model.context:,} tokens)")
    say(
        f"prompt: {prompt}, {described(service.prompt)}"
        if service.prompt
        else "no prompt: chats are passed to the model as they are"
    )
    say(f"a form to try it: {url}/")
    body = {"model": service.model.name, "messages": [{"role": "user", "content": example(service)}]}
    key = f' -H "Authorization: Bearer ${_TOKEN}"' if secret else ""
    say("or, in a terminal" + (f" in which {_TOKEN} is set:" if secret else ":"))
    sent = shlex.quote(json.dumps(body, ensure_ascii=False))
    say(f"curl {url}/v1/chat/completions -H 'Content-Type: application/json'{key} -d {sent}")
    if not is_loopback(host):
        say(
            "note: token and texts are sent unencrypted; in a network that others use, put a proxy with TLS in front.",
            console=stderr,
        )
    say("Ctrl-C ends it.")


def _line(line: str) -> None:
    say(line, console=stderr)


def _nothing(line: str) -> None:
    """Print nothing."""


def _fault(error: BaseException) -> None:
    """Say where an error comes from; its message is left out, since it may hold a question."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    say(
        f"error: unexpected {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}; report it.",
        console=stderr,
    )
    if "--debug" in sys.argv:
        traceback.print_exception(error)
