"""Attention of many rows over one prefix that is stored once.

Rows behind a shared prefix attend to two parts: the prefix, the same keys and values for all of them, and their own suffix.
Each part is attended apart, and both are merged by their log-sum-exp: softmax over the union of two sets of keys is the mean of
the softmaxes over each, weighted by the exponential of their log-sum-exps (Hydragen, Juravsky et al. 2024,
https://arxiv.org/abs/2402.05099). All rows' queries meet the prefix in one product per head, and it is copied for none of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

KeysValues = list[tuple[Tensor, Tensor]]
"""One (keys, values) pair a layer, each of shape [1, head, token, head_dim]."""

_NAME = "selfamplify_shared_prefix"
_UNKNOWN = ("s_aux", "position_bias")  # attention sinks, and learned biases: not merged here


class UnmergeableAttention(Exception):
    """This model's attention has a part that can't be split between prefix and suffix; the prefix is to be copied instead."""


class SharedPrefix:
    """The keys and values of a prefix, and a count of the layers that have attended to it."""

    def __init__(self, layers: KeysValues):
        self.layers = layers
        self.seen: set[int] = set()

    @property
    def length(self) -> int:
        return self.layers[0][0].shape[2]


def mergeable(module: PreTrainedModel) -> bool:
    """Whether a model calls its attention through transformers' interface, where ours can take its place."""
    return bool(module._supports_attention_backend)


@contextmanager
def shared_attention(module: PreTrainedModel) -> Iterator[None]:
    """While active, the model's layers attend to the ``SharedPrefix`` that is given to its forward as ``shared_prefix``."""
    config = module.config.get_text_config(decoder=True)
    before = config._attn_implementation
    config._attn_implementation = _NAME
    try:
        yield
    finally:
        config._attn_implementation = before


def _forward(
    module: nn.Module,
    query: Float[Tensor, "row head token dim"],
    key: Float[Tensor, "row kv_head token dim"],
    value: Float[Tensor, "row kv_head token value_dim"],
    attention_mask: Tensor | None,
    shared_prefix: SharedPrefix,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **others: Any,
) -> tuple[Float[Tensor, "row token head value_dim"], None]:
    """What transformers calls in every layer: rows are padded on the right, so that no mask but the causal one is needed."""
    if any(others.get(name) is not None for name in _UNKNOWN):
        raise UnmergeableAttention
    shared_prefix.seen.add(int(module.layer_idx))  # pyright: ignore[reportArgumentType]
    prefix_key, prefix_value = shared_prefix.layers[int(module.layer_idx)]  # pyright: ignore[reportArgumentType]
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    rows, heads, width, dim = query.shape
    groups = heads // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    out, lse = _attend(query, key, value, scale, True, softcap, _window(sliding_window, 0, width, width, query))
    # Queries that share keys, those of all rows and of a group of heads, become the queries of one row.
    folded = query.unflatten(1, (-1, groups)).permute(1, 2, 0, 3, 4).reshape(1, -1, groups * rows * width, dim)
    window = _window(sliding_window, shared_prefix.length, width, shared_prefix.length, query)
    if window is not None:
        window = window.repeat(groups * rows, 1)
    far, far_lse = _attend(folded, prefix_key, prefix_value, scale, False, softcap, window)
    far = far.unflatten(2, (groups, rows, width)).permute(0, 3, 1, 2, 4, 5)[0].flatten(1, 2)
    far_lse = far_lse.unflatten(2, (groups, rows, width)).permute(0, 3, 1, 2, 4)[0].flatten(1, 2)
    share = torch.sigmoid(far_lse - lse).unsqueeze(-1).to(out.dtype)
    return torch.lerp(out, far, share).transpose(1, 2).contiguous(), None


def _window(size: int | None, before: int, width: int, keys: int, like: Tensor) -> Tensor | None:
    """Which of the ``keys`` a query may see, [query, key], if an attention window hides some: query i stands ``before`` + i."""
    if size is None or before + width <= size:
        return None
    queries = before + torch.arange(width, device=like.device)[:, None]
    return queries - torch.arange(keys, device=like.device) < size


def _attend(
    query: Tensor, key: Tensor, value: Tensor, scale: float, causal: bool, softcap: float | None, window: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Attention, and the log-sum-exp of its scores [row, head, query] in float32."""
    plain = softcap is None and window is None and query.shape[-1] == value.shape[-1]
    if plain and query.device.type == "cpu":
        return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(query, key, value, 0.0, causal, scale=scale)
    if plain and query.device.type == "cuda" and query.dtype in (torch.bfloat16, torch.float16):
        return torch.ops.aten._scaled_dot_product_flash_attention(query, key, value, 0.0, causal, scale=scale)[:2]
    scores = (query @ key.transpose(-2, -1)).float() * scale
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    if causal:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        window = seen if window is None else seen & window
    if window is not None:
        scores = scores.masked_fill(~window, float("-inf"))
    lse = scores.logsumexp(-1)
    # A query that sees no key of this part gets no share of it.
    weights = (scores - lse.clamp(min=torch.finfo(lse.dtype).min).unsqueeze(-1)).exp()
    return weights.to(value.dtype) @ value, lse


AttentionInterface.register(_NAME, _forward)
