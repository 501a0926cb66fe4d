"""Rows are run after a shared prefix; the last layer is computed only where its output is read.

Of all tokens, the last layer needs keys and values; queries, and all that follows them, it needs only at the places whose
logits are read. So it is run twice: up to its attention for all tokens, and from start to end for those places.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import PreTrainedModel

from .attention import KeysKept, SharedPrefix, UnmergeableAttention, shared_attention


def run_after_prefix(
    module: PreTrainedModel, shared: SharedPrefix, places: Int[Tensor, "row place"], **inputs: Tensor
) -> Float[Tensor, "row place column"]:
    """The model's logits after these places of rows that follow a prefix.

    Raises UnmergeableAttention if some layer did not attend to the prefix.
    """
    width = next(iter(inputs.values())).shape[1]
    layer = _last_layer(module) if places.shape[1] < width else None
    with shared_attention(module), nullcontext() if layer is None else _computed_at(layer, shared, places, width):
        logits = module(**inputs, logits_to_keep=places, use_cache=False, shared_prefix=shared).logits
    if len(shared.seen) != module.config.get_text_config(decoder=True).num_hidden_layers:
        raise UnmergeableAttention
    return logits


def _last_layer(module: PreTrainedModel) -> nn.Module | None:
    """The last decoder layer; None if it is not found."""
    count = module.config.get_text_config(decoder=True).num_hidden_layers
    found = [each for each in module.modules() if isinstance(each, nn.ModuleList) and len(each) == count]
    return found[0][-1] if len(found) == 1 else None


@contextmanager
def _computed_at(layer: nn.Module, shared: SharedPrefix, places: Int[Tensor, "row place"], width: int) -> Iterator[None]:
    """While active, the last layer's output is computed at these places alone, of rows of ``width`` tokens, and 0 elsewhere."""
    whole = layer.forward
    own = "forward" in vars(layer)  # a hook of accelerate
    rows = torch.arange(len(places), device=places.device)[:, None]

    def at_places(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(at_places, value))
        if not (isinstance(value, Tensor) and value.ndim in (2, 3) and value.shape[1] == width):
            return value
        return value.expand(len(places), *value.shape[1:])[rows, places]

    def in_place(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(in_place, value))
        if not isinstance(value, Tensor):
            return value
        output = value.new_zeros(len(places), width, *value.shape[2:])
        output[rows, places] = value
        return output

    def forward(*args: Any, **kwargs: Any) -> Any:
        shared.places = places
        try:
            return whole(*args, **kwargs)  # if its attention is not ours, all tokens are computed
        except KeysKept:
            return in_place(whole(*at_places(args), **{name: at_places(value) for name, value in kwargs.items()}))

    layer.forward = forward
    try:
        yield
    finally:
        if own:
            layer.forward = whole
        else:
            del layer.forward
