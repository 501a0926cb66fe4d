"""What a server can do, found out by a few requests of some tokens each: its model, prefills, log-probabilities, settings."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from ...errors import ContextError, ModelError
from .connections import Refused
from .endpoints import Endpoints

CONTINUE: dict[str, Any] = {"continue_final_message": True, "add_generation_prompt": False}
"""What makes a server go on with a last message of the assistant, and not behind it (vLLM's names, others follow)."""
SAMPLING: dict[str, Any] = {"top_k": 50, "min_p": 0.0, "repetition_penalty": 1.0}
"""Settings beyond OpenAI's, sent where they are taken, so that a server's own defaults do not fill them in."""
_MANY = (100, 20, 5)
"""Of how many tokens log-probabilities are asked for: llama.cpp gives any number, vLLM and OpenAI 20 if not told otherwise."""
_WEEK = ("Write the days of the week in order, with commas between them.", "Monday, Tuesday, Wednes")


@dataclass(frozen=True)
class Abilities:
    """What is known of a server; servers that are asked side by side must have the same.

    ``model`` is the served name, ``root`` the last part of what the server says stands behind it, ``owner`` who it says owns
    it, ``version`` its program's (each empty where it does not say). ``context`` is in tokens, None where it is not told.
    ``continues`` says whether it goes on with the start of a reply, ``flags`` whether it must be told to, ``echoes`` whether it
    repeats that start. ``top_logprobs`` is of how many tokens it gives log-probabilities, 0 for none; ``sampling`` whether it
    takes ``SAMPLING``.
    """

    model: str
    root: str
    owner: str
    version: str
    context: int | None
    continues: bool
    flags: bool
    echoes: bool
    top_logprobs: int
    sampling: bool

    def lines(self) -> list[str]:
        """What a person wants to know of it."""
        about = ", ".join(part for part in (self.owner and f"{self.owner} {self.version}".strip(), self.root) if part)
        return [
            f"model: {self.model}{f' ({about})' if about else ''}",
            f"context: {self.context or 'not told; a prompt that is too long is refused when it is asked'}",
            "start of a reply: " + ("continued" if self.continues else "not continued; it is put into the user's turn"),
            "log-probabilities: "
            + (f"of {self.top_logprobs} tokens" if self.top_logprobs else "none; labels are read from what is written"),
            f"{', '.join(SAMPLING)}: " + ("taken" if self.sampling else "refused; the server's own hold"),
        ]


def probe(endpoints: Endpoints, url: str, model: str | None) -> Abilities:
    """Find out what the server at ``url`` can do with ``model``, or with the only model that it serves.

    Raises ModelError where it does not answer, refuses the key, or serves no such model.
    """
    served = _served(endpoints, url)
    if model is None and len(served) != 1:
        named = f"one of its models: --model {' or '.join(served)}" if served else "its model: --model NAME"
        raise ModelError(f"{url} serves {len(served) or 'no'} models by its own list; name {named}.")
    name = model or next(iter(served))
    told = served.get(name, {})

    def chat(*turns: tuple[str, str], tokens: int = 1, **settings: Any) -> dict[str, Any] | None:
        messages = [{"role": role, "content": content} for role, content in turns]
        body = {"model": name, "messages": messages, "max_tokens": tokens, "temperature": 0.0} | settings
        try:
            return _first(endpoints.ask(f"{url}/chat/completions", body))
        except Refused as refusal:
            unasked = refusal.status in (400, 404, 422) or (refusal.status >= 500 and "top_logprobs" in settings)
            if unasked and (settings or len(turns) > 1):
                return None
            raise explained(refusal, name, tuple(served)) from refusal

    if chat(("user", "Hello")) is None:
        raise ModelError(f"{url} answers with something else than a chat completion; is it an OpenAI-compatible server?")
    continues, flags, echoes = _continuing(chat)
    top = next((many for many in _MANY if _offers(chat(("user", "Hello"), logprobs=True, top_logprobs=many))), 0)
    return Abilities(
        name,
        str(told.get("root") or "").rstrip("/").rpartition("/")[2],
        str(told.get("owned_by") or ""),
        _version(endpoints, url),
        _context(told),
        continues,
        flags,
        echoes,
        top,
        chat(("user", "Hello"), **SAMPLING) is not None,
    )


def _served(endpoints: Endpoints, url: str) -> dict[str, dict[str, Any]]:
    """The models that a server lists, by name; a server without a list has none."""
    try:
        listed = endpoints.ask(f"{url}/models")
    except Refused as refusal:
        if refusal.status in (401, 403):
            raise explained(refusal, "", ()) from refusal
        return {}
    data = listed.get("data") if isinstance(listed, dict) else None
    models = [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []
    return {str(each["id"]): each for each in models if each.get("id")}


def _context(told: dict[str, Any]) -> int | None:
    """What a server's list says of a model's context: vLLM's field, or llama.cpp's."""
    meta = told.get("meta")
    context = told.get("max_model_len") or (meta.get("n_ctx") if isinstance(meta, dict) else None)
    return context if isinstance(context, int) and context > 0 else None


def _version(endpoints: Endpoints, url: str) -> str:
    """What vLLM says at /version, beside /v1."""
    try:
        told = endpoints.ask(f"{url.removesuffix('/v1')}/version")
    except (Refused, ModelError):
        return ""
    return str(told.get("version") or "") if isinstance(told, dict) else ""


def _first(reply: Any) -> dict[str, Any] | None:
    """The first choice of a chat completion, with its count of the prompt's tokens, or None for anything else."""
    try:
        choice, usage = reply["choices"][0], reply.get("usage") or {}
        return {"text": choice["message"].get("content") or "", "prompt": usage.get("prompt_tokens"), "whole": choice}
    except (LookupError, TypeError, AttributeError):
        return None


def _continuing(chat: Any) -> tuple[bool, bool, bool]:
    """Whether a reply's start is continued, whether the flags are needed for it, and whether the start is repeated.

    The start breaks off within "Wednesday": what goes on is "day", with which no new turn would begin. A model that writes
    something else continues all the same if the flags make the prompt shorter: then the end of the turn, and the beginning of
    the next, are gone from it.
    """
    turns = (("user", _WEEK[0]), ("assistant", _WEEK[1]))
    told, untold = chat(*turns, tokens=4, **CONTINUE), chat(*turns, tokens=4)
    found = told or untold
    text = found["text"].strip() if found else ""
    echoes = text.startswith(_WEEK[1])
    with_flags, without = (reply["prompt"] if reply else None for reply in (told, untold))
    shorter = isinstance(with_flags, int) and isinstance(without, int) and with_flags < without
    return text.startswith("day") or echoes or shorter, told is not None, echoes


def _offers(found: dict[str, Any] | None) -> bool:
    """Whether an answer that was to have log-probabilities has them."""
    try:
        return bool(found and found["whole"]["logprobs"]["content"][0]["top_logprobs"])
    except (LookupError, TypeError):
        return False


def explained(refusal: Refused, model: str, served: tuple[str, ...]) -> ModelError | ContextError:
    """A refusal as an error with its remedy."""
    said, status, url = refusal.said.rstrip("."), refusal.status, refusal.url
    if status in (401, 403):
        return ModelError(
            f"{url} refuses the key, or its lack ({status}: {said}); set SELFAMPLIFY_API_KEY to a key of this server."
        )
    lower = said.lower()
    if status == 413 or (
        status in (400, 422) and "context" in lower and any(word in lower for word in ("length", "size", "window", "exceed"))
    ):
        return ContextError(
            f"{url} finds a prompt too long ({status}: {said}); "
            f"use --drop-shots, fewer --shots, or a model with a longer context."
        )
    if status == 404:
        names = (
            f"one of: {', '.join(served)}"
            if served
            else "a model that it serves, or correct the address (it often ends in /v1)"
        )
        return ModelError(f"{url} serves no model '{model}' ({status}: {said}); use --model with {names}.")
    if status < 400:
        return ModelError(f"{url} can't be asked ({status}: {said}); give the address that it names (--server).")
    return ModelError(f"{url} refuses a request for '{model}' ({status}: {said}); see `selfamplify doctor --server URL`.")


def described(abilities: Abilities) -> str:
    """One line that is the same for the same abilities, wherever the server stands."""
    return json.dumps(asdict(abilities), sort_keys=True)
