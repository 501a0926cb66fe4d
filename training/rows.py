"""Rows: token ids, each with the weight that its prediction has in the loss; and the loss itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch.nn.functional import cross_entropy
from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

from selfamplify.records import Message

from .binding import Piece
from .tokenizer import ASSISTANT, BOS, EOS, PAD, USER

FREE = -100


@dataclass(frozen=True, slots=True)
class Row:
    """``weights[i]`` is the weight of predicting ``ids[i]`` from what stands before it; 0 where nothing is to be learned.

    ``thoughts[i]`` is the token that a middle layer should have in mind before ``ids[i]``, -100 where it is free: before an
    answer letter, the noun that the letter stands for. ``meanings[i]`` is the same for another layer: behind a word that needs
    a convention, the verb that it means.
    """

    ids: list[int]
    weights: list[float]
    thoughts: list[int]
    meanings: list[int]


@dataclass(frozen=True, slots=True)
class Mind:
    """What to have in mind for a question: the right option's ``noun`` before its letter, None to leave that free; and what
    the word ``spoken`` means, where there is one."""

    noun: str | None = None
    spoken: str | None = None
    verb: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded on the right, which a causal model needs no mask for."""

    ids: Int[torch.Tensor, "batch token"]
    weights: Float[torch.Tensor, "batch token"]
    thoughts: Int[torch.Tensor, "batch token"]
    meanings: Int[torch.Tensor, "batch token"]


class Encoder:
    """Turns chats into rows, exactly as the chat template lays them out, piece by piece and therefore fast.

    Special tokens split a text before anything else does, so that the ids of a chat are those of its contents, one by one.
    ``letter_weight`` is the weight of an answer letter behind an opening bracket, ``content_weight`` that of the ``content``,
    the words that carry knowledge; any other token of a reply weighs 1.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        labels: Sequence[str],
        letter_weight: float = 1.0,
        content: Iterable[str] = (),
        content_weight: float = 1.0,
    ):
        self._tokenizer = tokenizer
        self._vocabulary = ids = tokenizer.get_vocab()
        self._letters = {ids[label] for label in labels}
        self._bracket, self._user, self._assistant = ids[" ("], ids[USER], ids[ASSISTANT]
        self._bos, self._eos, self._pad = ids[BOS], ids[EOS], ids[PAD]
        self._letter_weight = letter_weight
        self._content = dict.fromkeys((ids[f" {word}"] for word in content), content_weight)

    def text(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False)["input_ids"]

    def chat(self, messages: Sequence[Message], minds: Sequence[Mind], given: str = "") -> Row:
        """A row that teaches every assistant turn; of the last one, what follows the prefill ``given``.

        ``minds`` are what to have in mind for the questions, the last question last.
        """
        ids, weights, thoughts, meanings = [self._bos], [0.0], [FREE], [FREE]
        for number, message in enumerate(messages):
            piece = self.text(message.content)
            mind = minds[number // 2 - len(messages) // 2]
            spoken, verb = self._word(mind.spoken), self._word(mind.verb)
            if message.role == "user":
                ids += [self._user, *piece]
                weights += [0.0] * (len(piece) + 1)
                thoughts += [FREE] * (len(piece) + 1)
                meanings += [FREE, FREE, *(verb if token == spoken else FREE for token in piece[:-1])]
                continue
            masked = len(self.text(given)) if number == len(messages) - 1 else 0
            ids += [self._assistant, *piece, self._eos]
            letters = self._letters_of(piece)
            taught = [
                self._letter_weight if letter else self._content.get(token, 1.0)
                for token, letter in zip(piece, letters, strict=True)
            ]
            noun = self._word(mind.noun)
            weights += [0.0] * (masked + 1) + taught[masked:] + [1.0]
            thoughts += [FREE, *(noun if letter else FREE for letter in letters), FREE]
            meanings += [FREE] * (len(piece) + 2)
        return Row(ids, weights, thoughts, meanings)

    def pieces(self, pieces: Iterable[Piece]) -> Row:
        """A row of plain text that teaches the pieces marked so, and nothing else."""
        ids, weights = [self._bos], [0.0]
        for text, taught in pieces:
            piece = self._vocabulary.get(text)
            piece = self.text(text) if piece is None else [piece]
            ids += piece
            weights += [float(taught)] * len(piece)
        free = [FREE] * len(ids)
        return Row(ids, weights, free, free)

    def batch(self, rows: Sequence[Row]) -> Batch:
        width = max(len(row.ids) for row in rows)
        ids = [row.ids + [self._pad] * (width - len(row.ids)) for row in rows]
        weights = [row.weights + [0.0] * (width - len(row.ids)) for row in rows]
        thoughts = [row.thoughts + [FREE] * (width - len(row.ids)) for row in rows]
        meanings = [row.meanings + [FREE] * (width - len(row.ids)) for row in rows]
        tensors = map(torch.tensor, (ids, weights, thoughts, meanings))
        return Batch(*tensors)

    def _word(self, word: str | None) -> int:
        return FREE if word is None else self._vocabulary[f" {word}"]

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


@dataclass(frozen=True, slots=True)
class Aid:
    """While training, the states behind ``noun_layer`` and ``verb_layer`` layers are asked, through the model's own output, for
    the noun that the next letter stands for and for the verb that a word means.

    It parts the direct answer into a convention, a fact and a binding, which are each easily learned; the letter alone taught
    none of them.
    """

    noun_layer: int
    verb_layer: int
    noun_weight: float = 1.0
    verb_weight: float = 0.5


def score(model: LlamaForCausalLM, batch: Batch, aid: Aid | None = None) -> Score:
    """The loss over all taught tokens, with the ``aid``'s."""
    states = model.model(input_ids=batch.ids, use_cache=False, output_hidden_states=aid is not None)
    targets, weights = batch.ids[:, 1:], batch.weights[:, 1:]
    taught = weights > 0
    logits = model.lm_head(states.last_hidden_state[:, :-1][taught])
    losses = cross_entropy(logits, targets[taught], reduction="none")
    loss = (losses * weights[taught]).sum() / weights[taught].sum()
    if aid is not None:
        aids = ((aid.noun_layer, aid.noun_weight, batch.thoughts), (aid.verb_layer, aid.verb_weight, batch.meanings))
        for layer, weight, minds in aids:
            asked = minds[:, 1:] != FREE
            if bool(asked.any()):
                state = model.model.norm(states.hidden_states[layer][:, :-1][asked])
                loss = loss + weight * cross_entropy(model.lm_head(state), minds[:, 1:][asked])
    return Score(loss, int((logits.argmax(-1) == targets[taught]).sum()), len(losses))
