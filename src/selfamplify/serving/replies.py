"""Answers in the words of OpenAI's API: completions, their pieces in a stream, lists of models, and errors."""

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from .refusals import Refusal
from .work import Answered


def completion(model: str, found: Sequence[Answered], logprobs: int | None) -> dict[str, Any]:
    """A chat completion. ``logprobs``: of how many first tokens log-probabilities are listed; None: no field for them."""
    return (
        _head(model, "chat.completion")
        | {
            "choices": [
                {"index": place, "message": {"role": "assistant", "content": each.text}, **_end(each, logprobs)}
                for place, each in enumerate(found)
            ],
            "usage": _usage(found),
        }
        | _read(found)
    )


def events(model: str, found: Sequence[Answered], logprobs: int | None, with_usage: bool) -> Iterator[str]:
    """The same as server-sent events: each reply is one chunk, and another says why it ended."""
    head = _head(model, "chat.completion.chunk")
    for place, each in enumerate(found):
        delta = {"role": "assistant", "content": each.text}
        yield _event(head | {"choices": [{"index": place, "delta": delta, "logprobs": None, "finish_reason": None}]})
        yield _event(head | {"choices": [{"index": place, "delta": {}, **_end(each, logprobs)}]} | _read([each]))
    if with_usage:
        yield _event(head | {"choices": [], "usage": _usage(found)})
    yield "data: [DONE]\n\n"


def models(name: str, context: int, since: int) -> dict[str, Any]:
    """The list of models, in which there is one."""
    return {"object": "list", "data": [model(name, context, since)]}


def model(name: str, context: int, since: int) -> dict[str, Any]:
    """The model as the list has it; the length of its context stands in vLLM's field."""
    return {"id": name, "object": "model", "created": since, "owned_by": "selfamplify", "max_model_len": context}


def error(refusal: Refusal) -> dict[str, Any]:
    """A refusal as OpenAI's API words it."""
    kind = "invalid_request_error" if refusal.status < 500 else "server_error"
    return {"error": {"message": refusal.message, "type": kind, "param": refusal.parameter, "code": refusal.code}}


def _head(model: str, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": model}


def _end(each: Answered, logprobs: int | None) -> dict[str, Any]:
    scored = None if logprobs is None else {"content": _tokens(each, logprobs), "refusal": None}
    return {"logprobs": scored, "finish_reason": "stop" if each.finished else "length"}


def _tokens(each: Answered, count: int) -> list[dict[str, Any]]:
    shown = [{"token": text, "logprob": value, "bytes": list(text.encode())} for text, value in each.first]
    return [shown[0] | {"top_logprobs": shown[:count]}]


def _usage(found: Sequence[Answered]) -> dict[str, int]:
    """The tokens of the prompt, once, and of all replies."""
    prompt, written = found[0].prompt_tokens, sum(each.tokens for each in found)
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def _read(found: Sequence[Answered]) -> dict[str, Any]:
    """What was read in the replies, if something was: an object for one reply, a list for several."""
    read = [asdict(each.read) for each in found if each.read is not None]
    return {"selfamplify": read[0] if len(read) == 1 else read} if read else {}


def _event(document: dict[str, Any]) -> str:
    return f"data: {json.dumps(document, ensure_ascii=False)}\n\n"
