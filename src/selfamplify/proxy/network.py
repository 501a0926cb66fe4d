"""A fine-tuned encoder as a classifier of questions: one output per label, or, where choices differ, a score per choice."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..records import Question
from .encoder import Encoder

Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Input:
    """Texts as the encoder reads them, one row each.

    Parameters
    ----------
    ids, mask : tensors of shape (row, token)
        Token ids, and 1 where there is a token.
    embeddings : tensor of shape (row, token, embed)
        The embeddings of the ids, before positions are added.
    spans : list of lists of (int, int)
        The characters of each token, in the text or in the choice that it belongs to.
    parts : list of lists of (int or None)
        0 for a token of the question's text, 1 for one of a choice, None for a special token.
    """

    ids: Int[Tensor, "row token"]
    mask: Int[Tensor, "row token"]
    embeddings: Float[Tensor, "row token embed"]
    spans: list[Spans]
    parts: list[list[int | None]]


class Proxy(nn.Module):
    """An encoder with a linear head on the mean of its last hidden states.

    Where all questions offer the same choices, a text is read once and the head has an output per label. Else the head has one
    output, and the pairs of a question with each of its choices are read; the softmax is over the choices.

    Parameters
    ----------
    encoder : Encoder
        Its weights are trained, too.
    labels : int or None
        The number of labels of a classification; None for questions with choices of their own.
    seed : int
        The seed of the head's first weights.
    """

    def __init__(self, encoder: Encoder, labels: int | None, seed: int):
        super().__init__()
        width = int(encoder.module.config.hidden_size)
        self.module = encoder.module
        self.head = nn.Linear(width, labels or 1)
        self.pairs = labels is None
        self._encoder = encoder
        draw = torch.Generator().manual_seed(seed)
        nn.init.normal_(self.head.weight, std=0.02, generator=draw)
        nn.init.zeros_(self.head.bias)

    def read(self, questions: Sequence[Question]) -> Input:
        """Questions as rows: one per question, or one per question and choice."""
        texts, choices = [question.text for question in questions], None
        if self.pairs:
            texts = [question.text for question in questions for _ in question.choices]
            choices = [choice.text for question in questions for choice in question.choices]
        read = self._encoder.tokenizer(
            texts,
            choices,
            padding=True,
            truncation=True,
            max_length=self._encoder.longest,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        ids = read["input_ids"]
        spans = [[(int(start), int(end)) for start, end in row] for row in read["offset_mapping"].tolist()]
        parts = [read.sequence_ids(row) for row in range(len(texts))]
        return Input(ids, read["attention_mask"], self.module.get_input_embeddings()(ids), spans, parts)

    def log_probabilities(self, given: Input, questions: Sequence[Question]) -> list[Float[Tensor, " choice"]]:
        """log p of each choice of each question, in their order."""
        hidden = self.module(inputs_embeds=given.embeddings, attention_mask=given.mask).last_hidden_state
        weights = given.mask[..., None].to(hidden.dtype)
        scores = self.head((hidden * weights).sum(1) / weights.sum(1))
        if not self.pairs:
            return list(scores.log_softmax(-1))
        counts = [len(question.choices) for question in questions]
        return [each.log_softmax(-1) for each in scores[:, 0].split(counts)]

    def loss(self, questions: Sequence[Question]) -> Float[Tensor, ""]:
        """The mean cross-entropy of the true answers."""
        found = self.log_probabilities(self.read(questions), questions)
        targets = [question.labels.index(question.answer) for question in questions]
        return -torch.stack([each[target] for each, target in zip(found, targets, strict=True)]).mean()


def labels_of(questions: Sequence[Question]) -> int | None:
    """How many labels questions have if all offer the same choices; None if they do not."""
    same = len({question.choices for question in questions}) == 1
    return len(questions[0].choices) if same else None
