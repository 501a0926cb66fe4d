"""Who answers: the two interfaces through which everything reaches a model.

``AbstractLanguageModel`` is all that a served model can offer: next tokens and text. ``AbstractDifferentiableModel`` adds
tokens, embeddings and gradients. An explainer that needs them requires that type, so that no flag says what a model can't do.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..records import Baseline, Chat, Decoding, Encoded, Generation, Message, NextToken, Value
from ..records.usage import Usage
from ..work.workers import AbstractWorkers, InProcess

Likelihoods = Literal["none", "labels", "texts"]


class AbstractLanguageModel(ABC):
    """A model that is asked in batches; answers keep the order of the questions.

    Attributes
    ----------
    name : str
        What results call the model.
    context : int
        The tokens that a prompt and its reply may have together.
    window : int
        How many questions are answered together, at most; by default 1,024.
    control_tokens : frozenset of str
        What a question must not contain, since it would end or forge a turn; by default empty, if no tokenizer is known.
    label_value : {"logit", "logprob"}
        What an attribution of a label explains by default: its logit if the model returns logits, else its log-probability.
    likelihoods : {"none", "labels", "texts"}
        Whose log-probabilities the model returns: nobody's, those of labels of one token (the default), or those of any text.
    """

    name: str
    context: int
    window: int = 1024
    label_value: Value = "logprob"
    likelihoods: Likelihoods = "labels"

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """What the answers depend on besides the prompt: weights, tokenizer, template, dtype, backend and its version."""

    @abstractmethod
    def encode(self, chat: Chat) -> Encoded:
        """The chat as this model takes it, prefill included: rendered and tokenised once.

        Raises
        ------
        ModelError
            If a text holds a control token of the model, or its template does not take these turns.
        """

    @abstractmethod
    def next_token(self, chats: Sequence[Chat], answers: Sequence[Sequence[str]]) -> list[NextToken]:
        """How probable each answer is after the prefill of its chat.

        After a prefill that ends in ``(``, answers are labels of one token such as A and B, and what is returned is the
        distribution of the next token. After any other one, they are words or texts, which are compared as wholes;
        the longest with which a reply begins is its answer.

        Parameters
        ----------
        chats
            The chats, in any number.
        answers
            For each chat the answers that may follow, at least two.

        Returns
        -------
        list of NextToken
            One per chat, in their order.
        """

    @abstractmethod
    def generated(
        self, encoded: Sequence[Encoded], decoding: Decoding, seeds: Sequence[int]
    ) -> Iterator[tuple[int, Generation]]:
        """Write the continuation of each chat.

        Parameters
        ----------
        encoded
            The chats, by ``encode`` of this model.
        decoding
            How text is generated.
        seeds
            One seed per chat; only sampling uses them.

        Yields
        ------
        int, Generation
            The place of a chat and its continuation, as each is finished, in any order.
        """

    def generate(self, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> list[Generation]:
        """The continuations of ``generated``, in the order of the chats."""
        found = dict(self.generated([self.encode(chat) for chat in chats], decoding, seeds))
        return [found[place] for place in range(len(chats))]

    @property
    def workers(self) -> AbstractWorkers:
        """Who computes the batches of a stage with this model: by default this process."""
        return InProcess(self)

    @property
    def usage(self) -> Usage | None:
        """The tokens that were paid for so far; None, as by default, if none are."""
        return None

    @property
    def control_tokens(self) -> frozenset[str]:
        return frozenset()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


@dataclass(frozen=True)
class Reading:
    """A tokenised chat at the point where the answer is read: what follows ``ids`` says which answer it is.

    ``answers`` are the answers' token ids *in this context*: one each for labels in parentheses. ``spans`` are the character
    spans of ``ids`` in ``text``; the question is ``text[question[0]:question[1]]``; ``prefix`` tokens lie wholly before it.
    """

    ids: tuple[int, ...]
    answers: dict[str, tuple[int, ...]]
    text: str
    spans: tuple[tuple[int, int], ...]
    question: tuple[int, int]
    prefix: int


@dataclass(frozen=True)
class AnswerReading:
    """A tokenised chat whose reply is a given answer: ``ids`` are the tokens before it, ``answer_ids`` its own.

    A token that holds both the end of what precedes the answer and its beginning is one of the answer's. ``spans`` are
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
    """A model whose tokens, embeddings and gradients are available.

    Attributes
    ----------
    module : torch.nn.Module
        The network itself.
    embedding : torch.nn.Module
        Its embedding layer.
    blank : int
        The id of the padding token; if there is none, of the unknown token or the end token.
    """

    module: nn.Module
    embedding: nn.Module
    blank: int
    label_value: Value = "logit"
    likelihoods: Likelihoods = "texts"

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the weights are."""

    @abstractmethod
    def read(self, chat: Chat, answers: Sequence[str]) -> Reading:
        """Tokenise a chat up to the point where one of ``answers`` is decided: see ``next_token``."""

    @abstractmethod
    def read_answer(self, messages: Sequence[Message], answer: str) -> AnswerReading:
        """Tokenise a chat whose reply is ``answer``; if the last message is the assistant's, ``answer`` continues it."""

    @abstractmethod
    def baseline(self, choice: str) -> Baseline:
        """Return what stands for an absent token, by one of the names of ``games.values.BASELINES`` or the text of a token.

        Raises
        ------
        SettingsError
            If this model has no such token.
        """

    @abstractmethod
    def token_text(self, token: int) -> str:
        """Return the text of a token as it stands within a text, with the space that it begins with."""

    @property
    @abstractmethod
    def mean_embedding(self) -> Float[Tensor, " embed"]:
        """The mean of the vocabulary's embeddings, in float32."""

    @abstractmethod
    def last_logits(
        self, rows: Sequence[Sequence[int]], prefix: int, keep: int = 1, tokens: Sequence[int] | None = None
    ) -> Float[Tensor, "row place column"]:
        """Logits (float32) after each of the last ``keep`` tokens of each row; the rows' first ``prefix`` tokens are equal.

        The last axis is the vocabulary, or those ``tokens`` of it, in their order.
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
        """The same from embeddings after the tokens of ``prefix``, with gradients; rows end at ``lengths`` (None: full)."""
