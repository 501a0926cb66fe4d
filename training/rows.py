"""Rows: token ids, each with the weight that its prediction has in the loss; and the loss itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch.nn.functional import cross_entropy
from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

from selfamplify.records import Message

from .tokenizer import ASSISTANT, BOS, EOS, PAD, USER

FREE = -100


@dataclass(frozen=True, slots=True)
class Row:
    """``weights[i]`` is the weight of predicting ``ids[i]`` from what stands before it; 0 where nothing is to be learned.

    ``thoughts[i]`` is the token that a middle layer should have in mind before ``ids[i]``, -100 where it is free: before an
    answer letter, the noun that the letter stands for.
    """

    ids: list[int]
    weights: list[float]
    thoughts: list[int]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded on the right, which a causal model needs no mask for."""

    ids: Int[torch.Tensor, "batch token"]
    weights: Float[torch.Tensor, "batch token"]
    thoughts: Int[torch.Tensor, "batch token"]


class Encoder:
    """Turns chats into rows, exactly as the chat template lays them out, piece by piece and therefore fast.

    Special tokens split a text before anything else does, so that the ids of a chat are those of its contents, one by one.
    ``letter_weight`` is the weight of an answer letter behind an opening bracket; any other token of a reply weighs 1.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], letter_weight: float = 1.0):
        self._tokenizer = tokenizer
        ids = tokenizer.get_vocab()
        self._letters = {ids[label] for label in labels}
        self._bracket, self._user, self._assistant = ids[" ("], ids[USER], ids[ASSISTANT]
        self._bos, self._eos, self._pad = ids[BOS], ids[EOS], ids[PAD]
        self._letter_weight = letter_weight

    def text(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False)["input_ids"]

    def chat(self, messages: Sequence[Message], nouns: Sequence[str], given: str = "") -> Row:
        """A row that teaches every assistant turn; of the last one, what follows the prefill ``given``.

        ``nouns`` are the right options of the questions, the last question last.
        """
        ids, weights, thoughts = [self._bos], [0.0], [FREE]
        for number, message in enumerate(messages):
            piece = self.text(message.content)
            if message.role == "user":
                ids += [self._user, *piece]
                weights += [0.0] * (len(piece) + 1)
                thoughts += [FREE] * (len(piece) + 1)
                continue
            masked = len(self.text(given)) if number == len(messages) - 1 else 0
            ids += [self._assistant, *piece, self._eos]
            letters = self._letters_of(piece)
            taught = [self._letter_weight if letter else 1.0 for letter in letters]
            [noun] = self.text(" " + nouns[number // 2 - len(messages) // 2])
            weights += [0.0] * (masked + 1) + taught[masked:] + [1.0]
            thoughts += [FREE, *(noun if letter else FREE for letter in letters), FREE]
        return Row(ids, weights, thoughts)

    def letters(self, text: str) -> Row:
        """A row of plain text that teaches the letters marked ``[A]``, which are written ``(A)``, and nothing else."""
        piece = self.text(text.replace("[", "("))
        asked = iter(character == "[" for character in text if character in "([")
        weights = [0.0] * len(piece)
        for index, token in enumerate(piece):
            if token == self._bracket and next(asked):
                weights[index + 1] = 1.0
        return Row([self._bos, *piece], [0.0, *weights], [FREE] * (len(piece) + 1))

    def batch(self, rows: Sequence[Row]) -> Batch:
        width = max(len(row.ids) for row in rows)
        ids = [row.ids + [self._pad] * (width - len(row.ids)) for row in rows]
        weights = [row.weights + [0.0] * (width - len(row.ids)) for row in rows]
        thoughts = [row.thoughts + [FREE] * (width - len(row.ids)) for row in rows]
        return Batch(torch.tensor(ids), torch.tensor(weights), torch.tensor(thoughts))

    def _letters_of(self, piece: Sequence[int]) -> list[bool]:
        """Which tokens of a reply are answer letters behind an opening bracket."""
        return [
            token in self._letters and before == self._bracket for token, before in zip(piece, [None, *piece[:-1]], strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Score:
    """The weighted loss, and how many of the ``asked`` taught tokens were foreseen."""

    loss: torch.Tensor
    right: int
    asked: int


def score(model: LlamaForCausalLM, batch: Batch, thinking: tuple[int, float] | None = None) -> Score:
    """The loss over all taught tokens.

    ``thinking`` is (layer, weight): the state behind that many layers is asked, through the model's own output, for the noun
    that the next letter stands for. It parts the direct answer into a fact and a binding, which are each easily learned;
    the letter alone taught neither.
    """
    states = model.model(input_ids=batch.ids, use_cache=False, output_hidden_states=thinking is not None)
    targets, weights = batch.ids[:, 1:], batch.weights[:, 1:]
    taught = weights > 0
    logits = model.lm_head(states.last_hidden_state[:, :-1][taught])
    losses = cross_entropy(logits, targets[taught], reduction="none")
    loss = (losses * weights[taught]).sum() / weights[taught].sum()
    thoughts = batch.thoughts[:, 1:]
    if thinking is not None and bool((thoughts != FREE).any()):
        layer, weight = thinking
        state = states.hidden_states[layer][:, :-1][thoughts != FREE]
        loss = loss + weight * cross_entropy(model.lm_head(model.model.norm(state)), thoughts[thoughts != FREE])
    return Score(loss, int((logits.argmax(-1) == targets[taught]).sum()), len(losses))
