"""What a server can do, found out by a few short requests: its model, prefills, log-probabilities and settings."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ...errors import ModelError
from .connections import Refused
from .endpoints import Endpoints
from .refusals import choice_of, explained

CONTINUE: dict[str, Any] = {"continue_final_message": True, "add_generation_prompt": False}
"""Makes a server continue a last message of the assistant, instead of starting a new one (vLLM's names, used by others too)."""
SAMPLING: dict[str, Any] = {"top_k": 50, "min_p": 0.0, "repetition_penalty": 1.0}
"""Settings beyond OpenAI's, sent if the server accepts them, so that it does not use defaults of its own."""
_TOP_LOGPROBS = (100, 20, 5)
"""For how many tokens log-probabilities are requested: llama.cpp gives any number, vLLM and OpenAI 20 by default."""
_WEEK = ("Write the days of the week in order, with commas between them.", "Monday, Tuesday, Wednes")


@dataclass(frozen=True)
class Abilities:
    """What is known about a server; servers that are asked side by side must be equal in it.

    Parameters
    ----------
    model : str
        The name under which the model is served.
    root : str
        The last part of the path or name from which the server says it loaded the model; empty if it does not say.
    owner : str
        The owner that the server reports for the model, such as ``"vllm"``; empty if it does not say.
    version : str
        The version of the server's program; empty if it does not say.
    context : int or None
        The length of the context in tokens, or None if the server does not report it.
    continues : bool
        Whether the server continues the start of a reply.
    flags : bool
        Whether it needs ``CONTINUE`` for that.
    echoes : bool
        Whether it repeats the start of the reply in its answer.
    top_logprobs : int
        For how many of the most probable tokens the server reports log-probabilities; 0 for none.
    sampling : bool
        Whether it accepts ``SAMPLING``.
    switches_thinking : bool
        Whether it accepts a switch for the model's reasoning.
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
    switches_thinking: bool

    def lines(self) -> list[str]:
        """A summary for people, one ability per line."""
        program = f"{self.owner} {self.version}".strip() if self.owner else ""
        about = ", ".join(part for part in (program, self.root) if part)
        context = f"{self.context} tokens" if self.context else "not reported; too long a prompt is refused when it is sent"
        return [
            f"model: {self.model}{f' ({about})' if about else ''}",
            f"context: {context}",
            "continues the start of a reply: " + ("yes" if self.continues else "no; it is put into the user's turn instead"),
            "log-probabilities: "
            + (
                f"of the {self.top_logprobs} most probable tokens"
                if self.top_logprobs
                else "not reported; labels are read from the text that the model writes"
            ),
            f"accepts {', '.join(SAMPLING)}: " + ("yes" if self.sampling else "no; the server's own values apply"),
            "accepts a switch for reasoning: " + ("yes" if self.switches_thinking else "no; the model's own default applies"),
        ]


@dataclass(frozen=True)
class _Reply:
    """The first choice of a chat completion: its text, the number of tokens in the prompt, and the whole choice."""

    text: str
    prompt_tokens: Any
    choice: dict[str, Any]


@dataclass(frozen=True)
class _Probe:
    """Short requests for one of the models that a server lists."""

    endpoints: Endpoints
    url: str
    model: str
    served: tuple[str, ...]
    always: Mapping[str, Any] = field(default_factory=dict)

    def ask(self, *turns: tuple[str, str], tokens: int = 1, **settings: Any) -> _Reply | None:
        """The reply to a chat; None if it is not a chat completion, or if the server refuses the settings or the turns."""
        messages = [{"role": role, "content": content} for role, content in turns]
        fixed = {"model": self.model, "temperature": 0.0, **self.always}
        body = fixed | {"messages": messages, "max_tokens": tokens} | settings
        try:
            return _first_choice(self.endpoints.ask(f"{self.url}/chat/completions", body))
        except Refused as refusal:
            unsupported = refusal.status in (400, 404, 422) or (refusal.status >= 500 and "top_logprobs" in settings)
            if unsupported and (settings or len(turns) > 1):
                return None
            raise explained(refusal, self.model, self.served) from refusal

    def greet(self, **settings: Any) -> _Reply | None:
        """The reply to a greeting, with these settings."""
        return self.ask(("user", "Hello"), **settings)

    def continuing(self) -> tuple[bool, bool, bool]:
        """Whether the start of a reply is continued, whether ``CONTINUE`` is needed for that, and whether it is repeated.

        The start breaks off within "Wednesday", so a continuation begins with "day", with which no new turn would begin. A
        model that writes something else still continues the start if ``CONTINUE`` makes the prompt shorter: the end of the turn
        and the beginning of the next one are then missing from it.
        """
        turns = (("user", _WEEK[0]), ("assistant", _WEEK[1]))
        flagged, plain = self.ask(*turns, tokens=4, **CONTINUE), self.ask(*turns, tokens=4)
        reply = flagged or plain
        text = reply.text.strip() if reply else ""
        echoes = text.startswith(_WEEK[1])
        flagged_tokens, plain_tokens = (each.prompt_tokens if each else None for each in (flagged, plain))
        shorter = isinstance(flagged_tokens, int) and isinstance(plain_tokens, int) and flagged_tokens < plain_tokens
        return text.startswith("day") or echoes or shorter, flagged is not None, echoes

    def top_logprobs(self) -> int:
        """For how many tokens the server reports log-probabilities."""
        for count in _TOP_LOGPROBS:
            if _has_logprobs(self.greet(logprobs=True, top_logprobs=count)):
                return count
        return 0


def thinking_switch(thinking: bool) -> dict[str, Any]:
    """The setting that switches a model's reasoning (vLLM, SGLang and llama.cpp hand it to the chat template)."""
    return {"chat_template_kwargs": {"enable_thinking": thinking}}


def probe(endpoints: Endpoints, url: str, model: str | None, thinking: bool) -> Abilities:
    """Find out what the server at ``url`` can do with ``model``, or with the only model that it serves.

    Raises ModelError if the server does not answer, refuses the key, or serves no such model.
    """
    served = _served(endpoints, url)
    if model is None and len(served) != 1:
        raise ModelError(f"{url} lists {len(served) or 'no'} models; use {choice_of(tuple(served))}.")
    name = model or next(iter(served))
    listed = served.get(name, {})
    server = _Probe(endpoints, url, name, tuple(served))
    if server.greet() is None:
        raise ModelError(f"{url} does not answer with a chat completion; give the address of an OpenAI-compatible server.")
    switch = thinking_switch(thinking)
    switches = server.greet(**switch) is not None
    server = replace(server, always=switch if switches else {})
    continues, flags, echoes = server.continuing()
    return Abilities(
        model=name,
        root=str(listed.get("root") or "").rstrip("/").rpartition("/")[2],
        owner=str(listed.get("owned_by") or ""),
        version=_version(endpoints, url),
        context=_context(listed),
        continues=continues,
        flags=flags,
        echoes=echoes,
        top_logprobs=server.top_logprobs(),
        sampling=server.greet(**SAMPLING) is not None,
        switches_thinking=switches,
    )


def described(abilities: Abilities) -> str:
    """One line that is the same for the same abilities, whatever the server's address."""
    return json.dumps(asdict(abilities), sort_keys=True)


def _served(endpoints: Endpoints, url: str) -> dict[str, dict[str, Any]]:
    """The models that a server lists, by name; none if it has no list."""
    try:
        document = endpoints.ask(f"{url}/models")
    except Refused as refusal:
        if refusal.status in (401, 403):
            raise explained(refusal, "", ()) from refusal
        return {}
    data = document.get("data") if isinstance(document, dict) else None
    models = [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []
    return {str(each["id"]): each for each in models if each.get("id")}


def _context(listed: dict[str, Any]) -> int | None:
    """The context of a model by a server's list: vLLM's field, or llama.cpp's."""
    meta = listed.get("meta")
    context = listed.get("max_model_len") or (meta.get("n_ctx") if isinstance(meta, dict) else None)
    return context if isinstance(context, int) and context > 0 else None


def _version(endpoints: Endpoints, url: str) -> str:
    """The version that vLLM reports at /version, next to /v1."""
    try:
        document = endpoints.ask(f"{url.removesuffix('/v1')}/version")
    except (Refused, ModelError):
        return ""
    return str(document.get("version") or "") if isinstance(document, dict) else ""


def _first_choice(document: Any) -> _Reply | None:
    """The first choice of a chat completion; None for any other document."""
    try:
        choice, usage = document["choices"][0], document.get("usage") or {}
        return _Reply(choice["message"].get("content") or "", usage.get("prompt_tokens"), choice)
    except (LookupError, TypeError, AttributeError):
        return None


def _has_logprobs(reply: _Reply | None) -> bool:
    """Whether a reply holds the log-probabilities that were requested."""
    try:
        return bool(reply and reply.choice["logprobs"]["content"][0]["top_logprobs"])
    except (LookupError, TypeError):
        return False
