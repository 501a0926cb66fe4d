"""Rows of token ids, each with the weight of its prediction in the loss; and the loss itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch.nn.functional import cross_entropy
from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

from selfamplify.records import Message

from .binding import Piece
from .initial import THOUGHT_LAYER
from .tokenizer import ASSISTANT, BOS, EOS, OPENING, PAD, USER

FREE = -100


@dataclass(frozen=True, slots=True)
class Row:
    """``weights[i]`` is the weight of predicting ``ids[i]`` from the tokens before it; 0 if there is nothing to learn.

    ``minds`` has a list for each of the ``AIDS``: the token that a middle layer should have in mind before ``ids[i]``, or
    ``FREE``.
    """

    ids: list[int]
    weights: list[float]
    minds: tuple[list[int], ...]


@dataclass(frozen=True, slots=True)
class Mind:
    """What to have in mind for a question; None leaves it free.

    ``noun`` is that of the right option, before its letter; ``verb`` is what the word ``spoken`` means, if there is one; and
    ``worth`` is a word for how good the shots' keywords are, where a list opens.
    """

    noun: str | None = None
    spoken: str | None = None
    verb: str | None = None
    worth: str | None = None


@dataclass(frozen=True, slots=True)
class Aid:
    """In training, the state after ``layer`` layers must predict a word through the model's own output.

    With ``upper``, it is the upper half of the state, and not the lower one, which holds the word's identity and predicts
    another word.
    """

    layer: int
    weight: float
    upper: bool = False


AIDS = (
    Aid(THOUGHT_LAYER, 1.0),
    Aid(THOUGHT_LAYER - 1, 0.5),
    Aid(THOUGHT_LAYER - 2, 0.5),
    Aid(THOUGHT_LAYER - 2, 0.5, upper=True),
    Aid(THOUGHT_LAYER - 1, 0.5),
)
"""They predict: the noun that the next letter stands for; at a vague word, the verb that it means; at the letter that answers a
question with such a word, the verb that the answer implies, and that word; and where a keyword list opens, whether the lists
before it contained the deciding words.

They split the direct answer into a convention, a fact and a binding, each of which is learned in a few hundred steps; the
letter alone taught none of them in thousands.
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded on the right, for which a causal model needs no mask; ``minds`` has one row per aid and row."""

    ids: Int[torch.Tensor, "batch token"]
    weights: Float[torch.Tensor, "batch token"]
    minds: Int[torch.Tensor, "aid batch token"]

    def to(self, device: torch.device) -> "Batch":
        return Batch(self.ids.to(device), self.weights.to(device), self.minds.to(device))


class Encoder:
    """Turns chats into rows, exactly like the chat template, but piece by piece and therefore fast.

    Special tokens split a text first, so that the ids of a chat are those of its contents, one after another. ``letter_weight``
    is the weight of an answer letter after an opening bracket, and ``content_weight`` that of the words in ``content``, which
    carry knowledge. The weight of ``named`` words is set per chat, and any other token of a reply has the weight 1.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        labels: Sequence[str],
        letter_weight: float = 1.0,
        content: Iterable[str] = (),
        content_weight: float = 1.0,
        named: Iterable[str] = (),
    ):
        self._tokenizer = tokenizer
        self._vocabulary = ids = tokenizer.get_vocab()
        self._letters = {ids[label] for label in labels}
        self._bracket, self._user, self._assistant = ids[" ("], ids[USER], ids[ASSISTANT]
        self._opening = ids[OPENING]
        self._bos, self._eos, self._pad = ids[BOS], ids[EOS], ids[PAD]
        self._letter_weight = letter_weight
        self._content = dict.fromkeys((ids[f" {word}"] for word in content), content_weight)
        self._named = {ids[f" {word}"] for word in named}

    def text(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False)["input_ids"]

    def chat(self, messages: Sequence[Message], minds: Sequence[Mind], given: str = "", named: float = 1.0) -> Row:
        """A row that teaches every assistant turn; of the last one, what follows the prefill ``given``.

        ``minds`` are what to have in mind for the questions, the last question last; ``named`` is the named words' weight.
        """
        weighed = dict.fromkeys(self._named, named) | self._content
        ids, weights = [self._bos], [0.0]
        nouns, meant, implied, said, worth = [FREE], [FREE], [FREE], [FREE], [FREE]
        for number, message in enumerate(messages):
            piece = self.text(message.content)
            mind = minds[number // 2 - len(messages) // 2]
            noun, spoken, verb, lists = map(self._word, (mind.noun, mind.spoken, mind.verb, mind.worth))
            free = [FREE] * (len(piece) + 1)
            if message.role == "user":
                ids += [self._user, *piece]
                weights += [0.0] * len(free)
                nouns += free
                meant += [FREE, FREE, *(verb if token == spoken else FREE for token in piece[:-1])]
                implied += free
                said += free
                worth += free
                continue
            masked = len(self.text(given)) if number == len(messages) - 1 else 0
            letters = self._letters_of(piece)
            taught = [
                self._letter_weight if letter else weighed.get(token, 1.0) for token, letter in zip(piece, letters, strict=True)
            ]
            ids += [self._assistant, *piece, self._eos]
            weights += [0.0] * (masked + 1) + taught[masked:] + [1.0]
            nouns += [FREE, *(noun if letter else FREE for letter in letters), FREE]
            meant += [*free, FREE]
            answered = [FREE, FREE, *(letter and spoken != FREE for letter in letters)]
            implied += [verb if each is True else FREE for each in answered]
            said += [spoken if each is True else FREE for each in answered]
            opening = piece.index(self._opening) if lists != FREE and number > 1 else None
            worth += [FREE, FREE, *(lists if place == opening else FREE for place in range(len(piece)))]
        return Row(ids, weights, (nouns, meant, implied, said, worth))

    def pieces(self, pieces: Iterable[Piece]) -> Row:
        """A row of plain text that teaches only the pieces that are marked."""
        ids, weights = [self._bos], [0.0]
        for text, taught in pieces:
            piece = self._vocabulary.get(text)
            piece = self.text(text) if piece is None else [piece]
            ids += piece
            weights += [float(taught)] * len(piece)
        return Row(ids, weights, tuple([FREE] * len(ids) for _ in AIDS))

    def batch(self, rows: Sequence[Row]) -> Batch:
        width = max(len(row.ids) for row in rows)
        ids = [row.ids + [self._pad] * (width - len(row.ids)) for row in rows]
        weights = [row.weights + [0.0] * (width - len(row.ids)) for row in rows]
        minds = [[row.minds[aid] + [FREE] * (width - len(row.ids)) for row in rows] for aid in range(len(AIDS))]
        return Batch(torch.tensor(ids), torch.tensor(weights), torch.tensor(minds))

    def _word(self, word: str | None) -> int:
        return FREE if word is None else self._vocabulary[f" {word}"]

    def _letters_of(self, piece: Sequence[int]) -> list[bool]:
        """Which tokens of a reply are answer letters after an opening bracket."""
        return [
            token in self._letters and before == self._bracket for token, before in zip(piece, [None, *piece[:-1]], strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Score:
    """The weighted loss, and how many of the ``asked`` taught tokens were predicted correctly."""

    loss: torch.Tensor
    right: int
    asked: int


def score(model: LlamaForCausalLM, batch: Batch, aided: bool = False) -> Score:
    """The loss over all taught tokens; if ``aided``, with that of the ``AIDS``."""
    states = model.model(input_ids=batch.ids, use_cache=False, output_hidden_states=aided)
    targets, weights = batch.ids[:, 1:], batch.weights[:, 1:]
    taught = weights > 0
    logits = model.lm_head(states.last_hidden_state[:, :-1][taught])
    losses = cross_entropy(logits, targets[taught], reduction="none")
    loss = (losses * weights[taught]).sum() / weights[taught].sum()
    for aid, minds in zip(AIDS, batch.minds, strict=True) if aided else ():
        asked = minds[:, 1:] != FREE
        if bool(asked.any()):
            state = model.model.norm(states.hidden_states[aid.layer][:, :-1][asked])
            state = state.roll(state.shape[-1] // 2, -1) if aid.upper else state
            loss = loss + aid.weight * cross_entropy(model.lm_head(state), minds[:, 1:][asked])
    return Score(loss, int((logits.argmax(-1) == targets[taught]).sum()), len(losses))
