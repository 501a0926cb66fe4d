"""A model behind OpenAI-compatible servers (vLLM, llama.cpp, ``transformers serve``), with many requests at a time."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ...errors import ModelError, SettingsError
from ...prompting.wording import APPENDED
from ...records import Chat, Decoding, Encoded, Generation, NextToken
from ...records.usage import Usage
from ...text.lines import sha256
from ...text.replies import through_last_line
from ...work.interruption import enough
from ..model import AbstractLanguageModel, Likelihoods
from .abilities import CONTINUE, SAMPLING, Abilities, described, probe, thinking_switch
from .completions import checked, completion, content, prompt_tokens, said, scored
from .connections import Refused
from .cutting import Cutting
from .endpoints import Endpoints, Limits
from .labels import begin_differently
from .refusals import explained

KEYS = ("SELFAMPLIFY_API_KEY", "OPENAI_API_KEY")
"""The environment variables that may hold the key, in this order; there is no other way to give one."""
_UNTOLD_CONTEXT = 1 << 20
_READ_TOKENS = 16


class ServerModel(AbstractLanguageModel):
    """A served model; ``load_server`` makes one. Several servers of the same model are asked side by side.

    What the servers can do is in ``abilities``. If they do not continue the start of a reply (``Chat.prefill``), it is added
    to the user's turn by ``APPENDED``, which is not the same experiment as a prefill; the fingerprints differ. If they return
    no log-probabilities, ``next_token`` reads the label from up to 16 generated tokens, and ``log_probabilities`` are empty.

    Parameters
    ----------
    endpoints : Endpoints
        The servers.
    abilities : Abilities
        What they all can do.
    thinking : bool
        Whether the model is to reason before it replies, where the server can switch that; by default False. Reasoning is never
        part of a reply: neither a field of its own, nor a ``<think>`` block.
    """

    def __init__(self, endpoints: Endpoints, abilities: Abilities, thinking: bool = False):
        self.name = abilities.model
        self.context = abilities.context or _UNTOLD_CONTEXT
        self.abilities = abilities
        self._thinking = thinking
        self.likelihoods: Likelihoods = "labels" if abilities.top_logprobs and abilities.continues else "none"
        self._endpoints = endpoints
        self._cutting = Cutting(self.name)

    def __repr__(self) -> str:
        return f"ServerModel({self.name!r} at {', '.join(self._endpoints.urls)})"

    @property
    def fingerprint(self) -> str:
        """What the servers report about the model, what they can do, and how they are asked; neither addresses nor key."""
        asked = [described(self.abilities), SAMPLING, CONTINUE, APPENDED, _READ_TOKENS, self._thinking]
        return f"server:{sha256(json.dumps(asked))}"

    @property
    def usage(self) -> Usage:
        """The tokens of all replies so far, as the servers counted them, those of the first short requests included."""
        return self._endpoints.usage

    def encode(self, chat: Chat) -> Encoded:
        """The chat with a lower bound of its length: a server shows no tokenizer, so each word counts as one token.

        A chat that fits by this bound and does not fit by the server's count is refused by the server, as a ContextError.
        """
        words = " ".join([*(message.content for message in chat.messages), chat.prefill]).split()
        return Encoded(chat, len(words), sha256(json.dumps(asdict(chat))))

    def next_token(self, chats: Sequence[Chat], answers: Sequence[Sequence[str]]) -> list[NextToken]:
        """The next token of each chat by the server's log-probabilities; without them, the generated text and the answer in it.

        An answer of several tokens counts by its first token, if no other one begins so; else there are no log-probabilities
        for that chat. A label that is not among the most probable tokens that a server returns counts as just less probable
        than the last of them. If no label is among them, ``log_probabilities`` are empty, as they are if the server returns
        none.
        """
        pairs = list(zip(chats, answers, strict=True))
        if self.likelihoods == "labels" and all(map(begin_differently, answers)):
            settings = {"max_tokens": 1, "logprobs": True, "top_logprobs": self.abilities.top_logprobs}
            return self._in_order([self._body(chat, 0.0) | settings for chat in chats], lambda reply: reply, scored, pairs)
        bodies = [self._body(chat, 0.0) | {"max_tokens": _READ_TOKENS} for chat in chats]
        return self._in_order(bodies, content, said, pairs)

    def _in_order(
        self,
        bodies: Sequence[dict[str, Any]],
        read: Callable[[Any], Any],
        make: Callable[[Any, Chat, Sequence[str]], NextToken],
        pairs: Sequence[tuple[Chat, Sequence[str]]],
    ) -> list[NextToken]:
        # A reply is checked as it arrives, so that an invalid one is requested again.
        made: dict[int, NextToken] = {}
        for place, reply in self._posted(bodies, lambda reply: checked(reply, read)):
            made[place] = make(reply, *pairs[place])
        return [made[place] for place in range(len(bodies))]

    def generated(
        self, encoded: Sequence[Encoded], decoding: Decoding, seeds: Sequence[int]
    ) -> Iterator[tuple[int, Generation]]:
        """The continuation of each chat with its place, as each is finished.

        Raises SettingsError for a decoding that servers do not support, ContextError for a chat that is too long, ModelError
        if the servers refuse or do not answer; whatever was finished has been yielded before.
        """
        if decoding.num_beams > 1 or decoding.no_repeat_ngram_size > 0:
            raise SettingsError(
                f"A server decodes without beams and without a ban on repeated n-grams (num_beams: {decoding.num_beams}, "
                f"no_repeat_ngram_size: {decoding.no_repeat_ngram_size}, as in the paper's profile); use "
                f'`profile="default"` (for a finished prompt, when it is built), or a local model.'
            )
        chats = [each.chat for each in encoded]
        bodies = [
            self._body(chat, decoding.temperature if decoding.do_sample else 0.0)
            | {"max_tokens": decoding.max_new_tokens}
            | ({"seed": seed} if decoding.do_sample else {})
            for chat, seed in zip(chats, seeds, strict=True)
        ]
        for place, (text, tokens, finished) in self._posted(bodies, lambda reply: checked(reply, completion), enough):
            reply = self._continuation(chats[place].prefill, text)
            yield place, Generation(through_last_line(reply, decoding.last_line).strip(), tokens, finished)

    def _body(self, chat: Chat, temperature: float) -> dict[str, Any]:
        """A request without the limit of its length; at temperature 0 nothing is drawn."""
        messages = [asdict(message) for message in chat.messages]
        settings: dict[str, Any] = {"temperature": temperature} | ({"top_p": 1.0} if temperature else {})
        if self.abilities.sampling:
            settings |= SAMPLING
        if self.abilities.switches_thinking:
            settings |= thinking_switch(self._thinking)
        if chat.prefill and self.abilities.continues:
            messages.append({"role": "assistant", "content": chat.prefill})
            settings |= CONTINUE if self.abilities.flags else {}
        elif chat.prefill:
            messages[-1]["content"] += APPENDED.format(prefill=chat.prefill)
        return {"model": self.name, "messages": messages} | settings

    def _continuation(self, prefill: str, text: str) -> str:
        """What follows the start of a reply, also if the server or its model repeats that start."""
        repeats = self.abilities.echoes or not self.abilities.continues
        return text.lstrip().removeprefix(prefill.strip()).strip() if repeats and prefill else text.strip()

    def _posted(
        self, bodies: Sequence[dict[str, Any]], read: Callable[[Any], Any], enough: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[int, Any]]:
        try:
            replies = self._endpoints.post_all(
                "/chat/completions", bodies, lambda reply: (read(reply), prompt_tokens(reply)), enough
            )
            for place, (answer, tokens) in replies:
                self._cutting.saw(bodies[place]["messages"], tokens)
                yield place, answer
        except Refused as refusal:
            raise explained(refusal, self.name, ()) from refusal


def load_server(*urls: str, model: str | None = None, limits: Limits | None = None, thinking: bool = False) -> ServerModel:
    """Connect to the model behind one or several OpenAI-compatible servers.

    A key is read from the environment variable SELFAMPLIFY_API_KEY, or else OPENAI_API_KEY, and is sent to all servers. A few
    short requests find out what the servers can do.

    Parameters
    ----------
    *urls : str
        Addresses, such as ``"http://localhost:8000"``.
    model : str, optional
        The name of the model there; by default the only one that is served.
    limits : Limits, optional
        Requests in flight per server (64), time-out and retries.
    thinking : bool
        Whether the model is to reason before it replies, where the server can switch that; by default False.

    Returns
    -------
    ServerModel

    Raises
    ------
    SettingsError
        For an invalid address or key.
    ModelError
        If a server does not answer, does not serve the model, or differs from the first server.
    """
    endpoints = Endpoints(urls, _key(), limits or Limits())
    found = [probe(endpoints, url, model, thinking) for url in endpoints.urls]
    for url, abilities in zip(endpoints.urls, found, strict=True):
        if abilities != found[0]:
            differ = ", ".join(
                f"{name}: {getattr(found[0], name)!r} and {value!r}"
                for name, value in asdict(abilities).items()
                if value != getattr(found[0], name)
            )
            raise ModelError(
                f"{endpoints.urls[0]} and {url} differ ({differ}); give servers of the same model and program, or only one "
                f'of them: `load_server("{url}")`.'
            )
    return ServerModel(endpoints, found[0], thinking)


def _key() -> str | None:
    """The key from the environment. Raises SettingsError, without showing the key, if no header can carry it."""
    name = next((name for name in KEYS if os.environ.get(name, "").strip()), None)
    if name is None:
        return None
    key = os.environ[name].strip()
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise SettingsError(f"{name} contains characters that a key can't have; set it to the key alone, on one line.")
    return key
