"""Rows: token ids, each with the weight that its prediction has in the loss; and the loss itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch.nn.functional import cross_entropy
from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

from selfamplify.records import Message

from .tokenizer import ASSISTANT, USER


@dataclass(frozen=True, slots=True)
class Row:
    """``weights[i]`` is the weight of predicting ``ids[i]`` from what stands before it; 0 where nothing is to be learned."""

    ids: list[int]
    weights: list[float]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded on the right, which a causal model needs no mask for."""

    ids: Int[torch.Tensor, "batch token"]
    weights: Float[torch.Tensor, "batch token"]


class Encoder:
    """Turns chats into rows, exactly as the chat template lays them out, piece by piece and therefore fast.

    Special tokens split a text before anything else does, so that the ids of a chat are those of its contents, one by one.
    ``letter_weight`` is the weight of an answer letter behind an opening bracket; any other token of a reply weighs 1.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], letter_weight: float = 1.0):
        self._tokenizer = tokenizer
        self._letters = set(tokenizer.convert_tokens_to_ids(list(labels)))
        self._bracket = tokenizer.convert_tokens_to_ids(" (")
        self._user, self._assistant = tokenizer.convert_tokens_to_ids([USER, ASSISTANT])
        self.bos, self.eos, self.pad = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
        self._letter_weight = letter_weight

    def text(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False)["input_ids"]

    def chat(self, messages: Sequence[Message], given: str = "") -> Row:
        """A row that teaches every assistant turn; of the last one, what follows the prefill ``given``."""
        ids, weights = [self.bos], [0.0]
        for number, message in enumerate(messages):
            piece = self.text(message.content)
            if message.role == "user":
                ids += [self._user, *piece]
                weights += [0.0] * (len(piece) + 1)
                continue
            masked = len(self.text(given)) if number == len(messages) - 1 else 0
            ids += [self._assistant, *piece, self.eos]
            weights += [0.0] * (masked + 1) + self._reply_weights(piece)[masked:] + [1.0]
        return Row(ids, weights)

    def letters(self, text: str) -> Row:
        """A row of plain text that teaches the letters marked ``[A]``, which are written ``(A)``, and nothing else."""
        piece = self.text(text.replace("[", "("))
        asked = iter(character == "[" for character in text if character in "([")
        weights = [0.0] * len(piece)
        for index, token in enumerate(piece):
            if token == self._bracket and next(asked):
                weights[index + 1] = 1.0
        return Row([self.bos, *piece], [0.0, *weights])

    def batch(self, rows: Sequence[Row]) -> Batch:
        width = max(len(row.ids) for row in rows)
        ids = [row.ids + [self.pad] * (width - len(row.ids)) for row in rows]
        weights = [row.weights + [0.0] * (width - len(row.ids)) for row in rows]
        return Batch(torch.tensor(ids), torch.tensor(weights))

    def _reply_weights(self, piece: Sequence[int]) -> list[float]:
        before = [None, *piece[:-1]]
        return [
            self._letter_weight if token in self._letters and previous == self._bracket else 1.0
            for token, previous in zip(piece, before, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Score:
    """The weighted loss, and how many of the taught tokens and of the letters among them were foreseen."""

    loss: torch.Tensor
    right: int
    asked: int


def score(model: LlamaForCausalLM, batch: Batch, tokens: Sequence[int] | None = None) -> Score:
    """The loss over all taught tokens; ``right`` of ``asked`` counts the taught tokens, or those that are among ``tokens``."""
    hidden = model.model(input_ids=batch.ids, use_cache=False).last_hidden_state[:, :-1]
    targets, weights = batch.ids[:, 1:], batch.weights[:, 1:]
    taught = weights > 0
    logits = model.lm_head(hidden[taught])
    losses = cross_entropy(logits, targets[taught], reduction="none")
    counted = targets[taught]
    chosen = torch.isin(counted, torch.tensor(tokens)) if tokens is not None else torch.ones_like(counted, dtype=torch.bool)
    right = int(((logits.argmax(-1) == counted) & chosen).sum())
    return Score((losses * weights[taught]).sum() / weights[taught].sum(), right, int(chosen.sum()))
