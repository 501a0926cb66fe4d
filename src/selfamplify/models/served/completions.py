"""What a server's chat completion says: its text and tokens, and the labels in it or among its most probable tokens."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...records import Chat, NextToken
from ...text.replies import without_thinking
from .endpoints import Garbled
from .labels import begun_by, label_in, label_of

_NEGLIGIBLE = math.log(100)
"""A token that begins two labels does not count if it is so many nats less probable than the best label's."""


def checked(reply: Any, read: Callable[[Any], Any]) -> Any:
    """What ``read`` returns for a chat completion. Raises Garbled for anything else."""
    try:
        if reply["choices"][0].get("finish_reason") in ("abort", "error"):
            raise Garbled("the server broke off the answer")
        content(reply)
        return read(reply)
    except (LookupError, TypeError, AttributeError) as error:
        raise Garbled("an answer that is not a chat completion") from error


def prompt_tokens(reply: Any) -> Any:
    """How many tokens the server counts in a prompt; None if it does not say."""
    usage = reply.get("usage")
    return usage.get("prompt_tokens") if isinstance(usage, dict) else None


def content(reply: Any) -> str:
    """The text without reasoning. Raises a TypeError if there is something else in its place."""
    text = reply["choices"][0]["message"].get("content")
    if not isinstance(text, str | None):
        raise TypeError("text expected")
    return without_thinking(text or "")


def completion(reply: Any) -> tuple[str, int, bool]:
    """Text, its number of tokens (of words, if the server does not count), and whether it is complete."""
    text, count = content(reply), (reply.get("usage") or {}).get("completion_tokens")
    tokens = count if isinstance(count, int) else len(text.split())
    return text, tokens, reply["choices"][0].get("finish_reason") != "length"


def scored(reply: Any, chat: Chat, labels: Sequence[str]) -> NextToken:
    """The labels' log-probabilities among those of the most probable tokens."""
    try:
        told = [
            (str(each["token"]), float(each["logprob"]))
            for each in reply["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        ]
        top = [(token, value) for token, value in told if math.isfinite(value)]  # NaN is no log-probability
        text, least = max(top, key=lambda pair: pair[1])[0], min(value for _, value in top)
    except (LookupError, TypeError, ValueError, OverflowError):  # the turn ended at once, or nothing usable was returned
        return said(content(reply), chat, labels)
    found: dict[str, float] = {}
    for token, value in top:
        label = label_of(token, labels)
        if label is not None:  # "A" and " A" are one answer, in two tokens
            found[label] = max(value, found.get(label, -math.inf))
    shared = max((value for token, value in top if len(begun_by(token, labels)) > 1), default=-math.inf)
    if shared > max(found.values(), default=-math.inf) - _NEGLIGIBLE:  # a token that begins two labels, whichever is meant
        return NextToken(text, label_of(text, labels), ())
    below = math.nextafter(least, -math.inf)
    return NextToken(text, label_of(text, labels), tuple(found.get(label, below) for label in labels) if found else (), least)


def said(text: str, chat: Chat, labels: Sequence[str]) -> NextToken:
    """The generated text, and the label in it."""
    return NextToken(text.strip(), label_in(text, chat.prefill, labels), ())
