"""Who answers: the two interfaces through which everything reaches a model.

``AbstractLanguageModel`` is all that a served model can offer: next tokens and text. ``AbstractDifferentiableModel`` adds
token rows, embeddings and gradients; an explainer that needs them asks for that type, and no flag says what a model can't do.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..records import Chat, Decoding, Generation, Message, NextToken
from ..work.memory import Compute, Item, Performed, Record, one_by_one


class AbstractLanguageModel(ABC):
    """A model that is asked in batches; answers keep the order of the questions."""

    name: str
    context: int
    window: int = 1024
    """Questions that it answers together, at most: a unit of work, whoever does it."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """What the answers depend on besides the tokens: weights, tokenizer, template, dtype, backend and its version."""

    @abstractmethod
    def tokens(self, chat: Chat) -> tuple[int, ...]:
        """The token ids of a rendered chat, prefill included."""

    @abstractmethod
    def next_token(self, chats: Sequence[Chat], labels: Sequence[Sequence[str]]) -> list[NextToken]:
        """The next-token distribution after each chat's prefill, which ends in ``(``, with respect to its labels."""

    @abstractmethod
    def generated(self, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> Iterator[tuple[int, Generation]]:
        """Each chat's place and continuation, as they come to their ends, in any order.

        ``seeds`` holds one seed a chat; only sampling uses them.
        """

    def perform(self, compute: Compute[Item, Record], batches: Iterable[Sequence[Item]]) -> Performed[Record]:
        """Do the work of many batches, which ask this model: here, one batch after another."""
        return one_by_one(compute, batches)

    def generate(self, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> list[Generation]:
        """The continuations, in the order of the chats."""
        found = dict(self.generated(chats, decoding, seeds))
        return [found[place] for place in range(len(chats))]


@dataclass(frozen=True)
class Reading:
    """A tokenised chat at the point where the label is read: the next token after ``ids`` says which label it is.

    ``label_ids`` are the labels' token ids *in this context*. ``spans`` are the character spans of ``ids`` in ``text``;
    the question is ``text[question[0]:question[1]]``; ``prefix`` tokens lie wholly before it.
    """

    ids: tuple[int, ...]
    label_ids: dict[str, int]
    text: str
    spans: tuple[tuple[int, int], ...]
    question: tuple[int, int]
    prefix: int


@dataclass(frozen=True)
class AnswerReading:
    """A tokenised chat whose reply is a given answer: ``ids`` are the tokens before it, ``answer_ids`` its own.

    A token that holds both the end of what stands before the answer and its beginning is one of the answer's. ``spans`` are
    the character spans of ``ids`` in ``text``, the rendered chat, which ends in the answer, ``text[answer:]``; ``contents``
    are the spans of the messages' contents, without white space that the template trims.
    """

    ids: tuple[int, ...]
    answer_ids: tuple[int, ...]
    text: str
    spans: tuple[tuple[int, int], ...]
    contents: tuple[tuple[int, int], ...]
    answer: int


class AbstractDifferentiableModel(AbstractLanguageModel):
    """A model whose tokens, embeddings and gradients are at hand.

    ``blank`` is the token id that stands for an absent token: the padding token, or the unknown token.
    """

    module: nn.Module
    embedding: nn.Module
    blank: int

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the weights lie."""

    @abstractmethod
    def read(self, chat: Chat, labels: Sequence[str]) -> Reading:
        """Tokenise a chat up to the point where one of ``labels`` is decided."""

    @abstractmethod
    def read_answer(self, messages: Sequence[Message], answer: str) -> AnswerReading:
        """Tokenise a chat whose reply is ``answer``, behind the start of a reply where the last message is the assistant's."""

    @abstractmethod
    def last_logits(
        self, rows: Sequence[Sequence[int]], prefix: int, keep: int = 1, tokens: Sequence[int] | None = None
    ) -> Float[Tensor, "row place column"]:
        """Logits (float32) after each of the last ``keep`` tokens of each row; the rows' first ``prefix`` tokens are equal.

        The last axis is the vocabulary, or ``tokens`` of it, in their order.
        """

    @abstractmethod
    def logits_from_embeddings(
        self,
        embeddings: Float[Tensor, "row token embed"],
        prefix: tuple[int, ...] = (),
        lengths: Sequence[int] | None = None,
        keep: int = 1,
        tokens: Sequence[int] | None = None,
    ) -> Float[Tensor, "row place column"]:
        """The same from embeddings behind the tokens of ``prefix``, with gradients; rows end at ``lengths`` (None: full)."""
