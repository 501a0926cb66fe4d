"""The language-model head, limited to the tokens that are needed and computed in float32."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeGuard

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

_CHUNK = 8192
"""Rows of the head's weight matrix that are converted to float32 at once."""
_CANDIDATES = 8
"""Tokens whose logits are computed again in float32, where the best one is looked for."""
_EPSILONS = 4
"""How many epsilons below the largest rounded logit a token may still be the best: rounding explains one, sums far less."""


class _Float32Head(nn.Module):
    """Logits of ``tokens`` (None: of all tokens) in float32, whatever the precision of the weights."""

    def __init__(self, head: nn.Linear, tokens: Sequence[int] | None):
        super().__init__()
        weight, bias = head.weight, head.bias
        if tokens is not None:
            rows = torch.tensor(tokens, device=weight.device)
            weight, bias = weight[rows], None if bias is None else bias[rows]
        self._linear = weight, bias  # in a tuple, so that they are not registered as parameters of this module

    def forward(self, hidden: Float[Tensor, "row place embed"]) -> Float[Tensor, "row place column"]:
        weight, bias = self._linear
        exact = torch.promote_types(weight.dtype, torch.float32)
        parts = [functional.linear(hidden.to(exact), rows.to(exact)) for rows in weight.split(_CHUNK)]
        logits = parts[0] if len(parts) == 1 else torch.cat(parts, -1)
        return logits if bias is None else logits + bias.to(exact)


class BestHead(nn.Module):
    """Logits of the tokens that may be the best of their place, in float32: the few that are largest when rounded.

    A head of a small model takes as long to convert to float32 as all layers take to run, and rounded logits tie too often.
    ``tokens`` holds the ids of the last call's columns, of shape (row, place, column), in ascending order; None: all tokens.
    """

    def __init__(self, head: nn.Linear):
        super().__init__()
        self._head = (head,)  # in a tuple, as above
        self._whole = _Float32Head(head, None)
        self.tokens: Int[Tensor, "row place column"] | None = None

    def forward(self, hidden: Float[Tensor, "row place embed"]) -> Float[Tensor, "row place column"]:
        (head,) = self._head
        logits, tokens = head(hidden).topk(min(_CANDIDATES, head.out_features))
        best, last = logits[..., :1].float(), logits[..., -1:].float()
        if (last >= best - _EPSILONS * torch.finfo(logits.dtype).eps * best.abs().clamp(min=1.0)).any():
            self.tokens = None  # further tokens may be the best
            return self._whole(hidden)
        self.tokens = tokens.sort(-1)[0]
        exact = (hidden.float().unsqueeze(-2) * head.weight[self.tokens].float()).sum(-1)
        return exact if head.bias is None else exact + head.bias[self.tokens].float()


@contextmanager
def float32_head(module: PreTrainedModel, tokens: Sequence[int] | None) -> Iterator[Sequence[int] | slice]:
    """While active, the model computes the logits of ``tokens`` alone (None: of all tokens), in float32.
    Whatever the model does to its logits afterwards, such as capping them, it still does. Yields an index that selects the
    columns of ``tokens`` from the logits. A head that is not a plain linear layer, or whose weights are offloaded, is left
    unchanged.
    """
    head = module.get_output_embeddings()
    needed = tokens is not None or module.dtype != torch.float32
    if not (needed and _replaceable(head)):
        yield slice(None) if tokens is None else tokens
        return
    with _head(module, _Float32Head(head, tokens)):
        yield slice(None)


@contextmanager
def best_head(module: PreTrainedModel) -> Iterator[BestHead | None]:
    """While active, the model computes only the logits that may be the largest of their place, in float32.

    Yields the head, which knows the tokens. None: it computes all logits, since they are cheap in float32, or the head can't be
    replaced.
    """
    head = module.get_output_embeddings()
    if not _replaceable(head) or head.weight.dtype not in (torch.bfloat16, torch.float16):
        yield None
        return
    best = BestHead(head)
    with _head(module, best):
        yield best


def _replaceable(head: nn.Module | None) -> TypeGuard[nn.Linear]:
    hooked = hasattr(head, "_hf_hook")  # by a device map: the hook moves the weights or the inputs
    return not hooked and type(head) is nn.Linear and head.weight.is_floating_point()


@contextmanager
def _head(module: PreTrainedModel, head: nn.Module) -> Iterator[None]:
    before = module.get_output_embeddings()
    module.set_output_embeddings(head)
    try:
        yield
    finally:
        module.set_output_embeddings(before)
