"""The language-model head, reduced to what is read from it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

_CHUNK = 8192
"""Rows of the head that are turned into float32 at once."""


class _Float32Head(nn.Module):
    """Logits of ``tokens`` (None: of all) in float32, whatever the precision of the weights."""

    def __init__(self, head: nn.Linear, tokens: Sequence[int] | None):
        super().__init__()
        weight, bias = head.weight, head.bias
        if tokens is not None:
            places = torch.tensor(tokens, device=weight.device)
            weight, bias = weight[places], None if bias is None else bias[places]
        self._linear = weight, bias  # in a tuple, so that they are not registered as parameters of this module

    def forward(self, hidden: Float[Tensor, "row place embed"]) -> Float[Tensor, "row place column"]:
        weight, bias = self._linear
        exact = torch.promote_types(weight.dtype, torch.float32)
        parts = [functional.linear(hidden.to(exact), rows.to(exact)) for rows in weight.split(_CHUNK)]
        logits = parts[0] if len(parts) == 1 else torch.cat(parts, -1)
        return logits if bias is None else logits + bias.to(exact)


@contextmanager
def float32_head(module: PreTrainedModel, tokens: Sequence[int] | None) -> Iterator[Sequence[int] | slice]:
    """While active, the model's logits are those of ``tokens`` alone and computed in float32; what the model does to its logits
    afterwards, such as capping them, it still does.

    Yields what picks the columns of ``tokens`` out of the logits. A head that is no plain linear layer, or whose weights are
    elsewhere, is left as it is.
    """
    head = module.get_output_embeddings()
    narrow = tokens is not None or module.dtype != torch.float32
    hooked = hasattr(head, "_hf_hook")  # by a device map: the hook brings weights or tensors along
    if hooked or not (narrow and type(head) is nn.Linear and head.weight.is_floating_point()):
        yield slice(None) if tokens is None else tokens
        return
    module.set_output_embeddings(_Float32Head(head, tokens))
    try:
        yield slice(None)
    finally:
        module.set_output_embeddings(head)
