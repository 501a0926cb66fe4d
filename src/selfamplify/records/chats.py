"""What a model is asked, how it is to reply, and what it replies."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..errors import DataError
from .shown import short_repr, without_lone


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One chat turn.

    Parameters
    ----------
    role : str
        ``"user"`` or ``"assistant"``, or ``"system"`` if the chat template takes it.
    content : str
        The text.
    """

    role: str
    content: str

    __repr__ = short_repr


@dataclass(frozen=True, slots=True, repr=False)
class Chat:
    """What a model is asked.

    Parameters
    ----------
    messages : tuple of Message
        The turns.
    prefill : str
        The start of the reply, which the model continues; by default empty.
    question : str
        The end of the last message: only its words are ever perturbed or attributed, and everything before it is the prefix
        that many chats share. By default empty.
    """

    messages: tuple[Message, ...]
    prefill: str = ""
    question: str = ""

    __repr__ = short_repr

    @property
    def space(self) -> str:
        """What comes between the start of the reply and an answer without parentheses: a space, if there has to be one."""
        return "" if not self.prefill or self.prefill[-1].isspace() or self.prefill.endswith('"') else " "

    def answered(self, answer: str) -> "Chat":
        """The chat with such an answer after the start of the reply."""
        return replace(self, prefill=f"{self.prefill}{self.space}{answer}")


@dataclass(frozen=True, slots=True, repr=False)
class Encoded:
    """A chat as one model takes it, made once by ``AbstractLanguageModel.encode`` and used wherever it is needed.

    Parameters
    ----------
    chat : Chat
        The chat.
    length : int
        Its number of tokens; for a served model, which shows no tokenizer, a lower bound.
    digest : str
        Identifies what the model is shown: equal digests, equal prompts.
    prefix, suffix : tuple of int
        The token ids that lie wholly before the question, and those from there on; empty if the model shows no tokens.
    """

    chat: Chat
    length: int
    digest: str
    prefix: tuple[int, ...] = ()
    suffix: tuple[int, ...] = ()

    __repr__ = short_repr


COLDEST = 0.000_01
"""The lowest temperature: logits divided by much less are too large for a float."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How text is generated; by default greedily. The paper's decoding is ``PAPER.decoding``.

    Parameters
    ----------
    max_new_tokens : int
        The most tokens that are written, by default 300.
    do_sample : bool
        Whether tokens are drawn instead of taking the most probable ones; by default False.
    num_beams : int
        How many texts are searched side by side, by default 1.
    no_repeat_ngram_size : int
        No sequence of this many tokens occurs twice, prompt included; by default 0, no such ban.
    early_stopping : bool
        Whether a beam search ends with the first ``num_beams`` finished texts; by default False.
    last_line : str
        A regular expression: a text ends with the first line in which it is found, where the rest is not needed. By default
        empty: a text ends where the model ends it.
    temperature : float
        What logits are divided by before a token is drawn, by default 1; without ``do_sample`` it changes nothing.

    Raises
    ------
    DataError
        If a number is out of range.
    """

    max_new_tokens: int = 300
    do_sample: bool = False
    num_beams: int = 1
    no_repeat_ngram_size: int = 0
    early_stopping: bool = False
    last_line: str = ""
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1 or self.num_beams < 1 or self.no_repeat_ngram_size < 0:
            raise DataError(
                f"Invalid decoding ({self.max_new_tokens} new tokens, {self.num_beams} beams, no_repeat_ngram_size "
                f"{self.no_repeat_ngram_size}); write at least `max_new_tokens=1`, `num_beams=1`, `no_repeat_ngram_size=0`."
            )
        if not COLDEST <= self.temperature < math.inf:
            raise DataError(
                f"`temperature={self.temperature}` is invalid; write a number of at least {COLDEST}, such as `temperature=0.7`."
            )
        try:
            re.compile(self.last_line)
        except (re.error, OverflowError, RecursionError) as error:
            raise DataError(
                f"`last_line={self.last_line[:60]!r}` is not a regular expression ({error}); write one, or leave it out."
            ) from error

    def sampled(self, temperature: float) -> "Decoding":
        """The same, but with each text drawn on its own at a temperature."""
        return replace(self, do_sample=True, temperature=temperature, num_beams=1, early_stopping=False)


@dataclass(frozen=True, slots=True)
class NextToken:
    """The next-token distribution after a prefill, as far as the answers are concerned.

    Parameters
    ----------
    text : str
        The most probable token of the whole vocabulary; if answers are words, the most probable of these. U+FFFD stands for
        half a surrogate pair.
    label : str, optional
        The answer that this is, or None.
    log_probabilities : tuple of float
        Those of the requested answers, in their order, in nats, each the sum over its tokens, without the replies that
        go on to a longer answer; empty if a server does not return them.
    least : float
        If a server returns only those of the most probable tokens, the lowest of these; a label that is not among them has the
        next number below it. By default minus infinity.
    lengths : tuple of int
        The tokens of each answer; empty if each has one.
    """

    text: str
    label: str | None
    log_probabilities: tuple[float, ...]
    least: float = -math.inf
    lengths: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", without_lone(self.text))

    def best(self, labels: Sequence[str]) -> str | None:
        """The most probable of the requested answers; without probabilities, the label that was read, or None."""
        if not self.log_probabilities:
            return self.label
        return max(zip(self.log_probabilities, labels, strict=True), key=lambda pair: pair[0])[1]


@dataclass(frozen=True, slots=True, repr=False)
class Generation:
    """Generated text.

    Parameters
    ----------
    text : str
        The text, without the tokens that end a turn. U+FFFD stands for half a surrogate pair, which no file can hold.
    tokens : int
        Its number of tokens.
    finished : bool
        False if the token limit cut it.
    """

    text: str
    tokens: int
    finished: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", without_lone(self.text))

    __repr__ = short_repr
