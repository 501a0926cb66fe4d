"""The language-model head, limited to the tokens that are needed and computed in float32."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

_CHUNK = 8192
"""Rows of the head's weight matrix that are converted to float32 at once."""


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


@contextmanager
def float32_head(module: PreTrainedModel, tokens: Sequence[int] | None) -> Iterator[Sequence[int] | slice]:
    """While active, the model computes the logits of ``tokens`` alone (None: of all tokens), in float32.

    Whatever the model does to its logits afterwards, such as capping them, it still does. Yields an index that selects the
    columns of ``tokens`` from the logits. A head that is not a plain linear layer, or whose weights are offloaded, is left
    unchanged.
    """
    head = module.get_output_embeddings()
    replaced = tokens is not None or module.dtype != torch.float32
    hooked = hasattr(head, "_hf_hook")  # by a device map: the hook moves the weights or the inputs
    if hooked or not (replaced and type(head) is nn.Linear and head.weight.is_floating_point()):
        yield slice(None) if tokens is None else tokens
        return
    module.set_output_embeddings(_Float32Head(head, tokens))
    try:
        yield slice(None)
    finally:
        module.set_output_embeddings(head)
