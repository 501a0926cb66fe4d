"""A local model that records what it is asked, for tests of what explainers show to a model."""

from collections.abc import Sequence

import torch
from zoo import tiny_module, tiny_tokenizer

from selfamplify import LocalModel


class ObservedModel(LocalModel):
    """A tiny random model that records its batches: of token rows, and of embeddings (the prefix included)."""

    def __init__(self, family: str = "llama"):
        super().__init__(tiny_module(family), tiny_tokenizer(), f"tiny-{family}")
        self.rows: list[list[list[int]]] = []
        self.embeddings: list[torch.Tensor] = []

    def last_logits(
        self, rows: Sequence[Sequence[int]], prefix: int, keep: int = 1, tokens: Sequence[int] | None = None
    ) -> torch.Tensor:
        self.rows.append([list(row) for row in rows])
        return super().last_logits(rows, prefix, keep, tokens)

    def logits_from_embeddings(
        self,
        embeddings: torch.Tensor,
        prefix: tuple[int, ...] = (),
        lengths: Sequence[int] | None = None,
        keep: int = 1,
        tokens: Sequence[int] | None = None,
    ) -> torch.Tensor:
        before = self.embedding(torch.tensor([prefix], dtype=torch.long)).expand(len(embeddings), -1, -1)
        self.embeddings.append(torch.cat([before, embeddings.detach()], 1))
        return super().logits_from_embeddings(embeddings, prefix, lengths, keep, tokens)
