"""The body of a chat completion request: every field is honoured or refused, and none is ignored in silence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import inf
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, Len
from pydantic import ConfigDict, TypeAdapter, ValidationError

from ..records import Message
from ..records.chats import COLDEST
from ..text.lines import shortened
from .refusals import Refusal

_WITHOUT_EFFECT = ("user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier", "store")
"""Fields that describe the caller or the bookkeeping of OpenAI, and change no answer."""
_AS_IT_IS: Mapping[str, tuple[Any, ...]] = {
    "top_p": (1,),
    "top_k": (50,),
    "min_p": (0,),
    "repetition_penalty": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
}
"""Fields that this server can't change, and the values that say what it does anyway."""


@dataclass(frozen=True)
class _Part:
    """A part of a message's content; only texts are understood."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    type: Literal["text"]
    text: str


@dataclass(frozen=True)
class _Turn:
    """A message as it is sent."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[_Part]

    def message(self) -> Message:
        parts = self.content
        text = parts if isinstance(parts, str) else "".join(part.text for part in parts)
        return Message("system" if self.role == "developer" else self.role, text)


@dataclass(frozen=True)
class _StreamOptions:
    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    include_usage: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a client asks for; None where it leaves that to the server.

    Parameters
    ----------
    messages : list
        The turns; ``turns`` has them as records.
    model : str, optional
        The name of the model.
    max_tokens, max_completion_tokens : int, optional
        The most tokens of a reply, by either name.
    temperature : float, optional
        0 to take the most probable tokens, more to draw them.
    seed : int, optional
        Decides what is drawn.
    stop : str or list of str, optional
        Texts before which a reply is cut.
    n : int
        How many replies; by default 1.
    logprobs, top_logprobs : optional
        Whether the first token's log-probability is wanted, and those of how many of the most probable tokens.
    stream, stream_options
        Whether the reply is sent as server-sent events.
    continue_final_message, add_generation_prompt
        Whether the last message, of the assistant, is the start of the reply, in the words of vLLM.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    messages: Annotated[list[_Turn], Len(1)]
    model: str | None = None
    max_tokens: Annotated[int, Ge(1)] | None = None
    max_completion_tokens: Annotated[int, Ge(1)] | None = None
    temperature: Annotated[float, Ge(0)] | None = None
    seed: int | None = None
    stop: str | Annotated[list[Annotated[str, Len(1)]], Len(0, 16)] | None = None
    n: Annotated[int, Ge(1), Le(128)] = 1
    logprobs: bool = False
    top_logprobs: Annotated[int, Ge(0), Le(100)] = 0
    stream: bool = False
    stream_options: _StreamOptions = field(default_factory=_StreamOptions)
    continue_final_message: bool = False
    add_generation_prompt: bool = True

    @property
    def turns(self) -> tuple[Message, ...]:
        """The messages, with the parts of each joined."""
        return tuple(turn.message() for turn in self.messages)

    @property
    def length(self) -> int | None:
        """The most tokens of a reply."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts before which a reply is cut."""
        return () if not self.stop else (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)


_ADAPTER = TypeAdapter(Wanted)
_KNOWN = {each.name for each in fields(Wanted)}


def wanted(body: bytes) -> Wanted:
    """The request that a body holds. Raises Refusal for one that is not valid, or asks for what this server can't do."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "The body is not JSON; send an object with `messages`.") from None
    if not isinstance(sent, dict):
        raise Refusal(400, "The body is not a JSON object; send one with `messages`.")
    asked = {name: value for name, value in sent.items() if value is not None and name not in _WITHOUT_EFFECT}
    for name in [name for name in asked if name not in _KNOWN]:
        _check(name, asked.pop(name))
    try:
        found = _ADAPTER.validate_json(json.dumps(_without_nulls(asked)))
    except (ValidationError, RecursionError) as error:
        raise _invalid(error) from None
    _check_together(found)
    return found


def _check(name: str, value: Any) -> None:
    """Raise Refusal for a field that is not known, unless its value says what happens anyway."""
    usual = _AS_IT_IS.get(name)
    if usual is None:
        raise Refusal(400, f"This server does not know the field {shortened(name, 40)!r}; leave it out.", shortened(name, 40))
    if value not in usual:
        raise Refusal(400, f"This server can't change `{name}`; leave it out, or send {json.dumps(usual[0])}.", name)


def _check_together(found: Wanted) -> None:
    if found.temperature and not COLDEST <= found.temperature < inf:
        raise Refusal(400, f"`temperature` is out of range; send 0, or a number of at least {COLDEST}.", "temperature")
    if found.max_tokens and found.max_completion_tokens and found.max_tokens != found.max_completion_tokens:
        raise Refusal(400, "`max_tokens` and `max_completion_tokens` differ; send one of them.", "max_tokens")
    if found.top_logprobs and not found.logprobs:
        raise Refusal(400, '`top_logprobs` needs `"logprobs": true`; send both, or neither.', "top_logprobs")
    if found.stream_options.include_usage and not found.stream:
        raise Refusal(400, '`stream_options` needs `"stream": true`; send both, or neither.', "stream_options")
    if found.continue_final_message == found.add_generation_prompt and "assistant" == found.messages[-1].role:
        raise Refusal(
            400,
            'To continue the last message, send `"continue_final_message": true` with `"add_generation_prompt": false`; for a '
            "new reply after it, send neither.",
            "continue_final_message",
        )
    if found.continue_final_message and found.messages[-1].role != "assistant":
        raise Refusal(400, "`continue_final_message` needs a last message of the assistant.", "continue_final_message")


def _without_nulls(value: Any) -> Any:
    """The same without entries that are null: clients send replies back with such fields."""
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _invalid(error: ValidationError | RecursionError) -> Refusal:
    """The first fault, with its place, and without what was sent."""
    if isinstance(error, RecursionError):
        return Refusal(400, "The body is nested too deeply; send an object with `messages`.")
    fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(map(str, fault["loc"]))
    if not where:
        return Refusal(400, "The body holds half of a character; send Unicode text.")
    name = shortened(str(fault["loc"][0]), 40)
    return Refusal(400, f"`{shortened(where, 60)}` is invalid: {fault['msg']}.", name)
