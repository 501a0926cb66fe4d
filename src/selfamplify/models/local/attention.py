"""Attention of many rows over one prefix that is stored once.

Rows behind a shared prefix attend to two parts: the prefix, the same keys and values for all of them, and their own suffix.
Each part is attended apart, and both are merged by their log-sum-exp: softmax over the union of two sets of keys is the mean of
the softmaxes over each, weighted by the exponential of their log-sum-exps (Hydragen, Juravsky et al. 2024,
https://arxiv.org/abs/2402.05099). All rows' queries meet the prefix in one product per head, and it is copied for none of them.
Rows are run in one pass (``SharedPrefix``), or token by token behind what ``rows.py`` keeps of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

KeysValues = list[tuple[Tensor, Tensor]]
"""One (keys, values) pair a layer, each of shape [1, head, token, head_dim]."""

_NAME = "selfamplify_shared_prefix"
_UNKNOWN = ("s_aux", "position_bias")  # attention sinks, and learned biases: not merged here


class UnmergeableAttention(Exception):
    """This model's attention has a part that can't be split between prefix and suffix; the prefix is to be copied instead."""


@dataclass(frozen=True)
class Rule:
    """How a layer's scores become weights: their factor, a cap, and how many tokens back a query sees (None: all)."""

    scale: float
    softcap: float | None
    window: int | None


class SharedPrefix:
    """The keys and values of a prefix, which rows attend to besides themselves, and a note of the layers that did.

    Rows are padded on the right, so that no mask but the causal one is needed.
    """

    def __init__(self, layers: KeysValues):
        self.layers = layers
        self.seen: set[int] = set()

    @property
    def length(self) -> int:
        """Tokens of the prefix."""
        return self.layers[0][0].shape[2] if self.layers else 0

    def places(self, width: int, device: torch.device) -> Int[Tensor, "row query"]:
        """Where the queries stand behind the prefix, one row of places for all rows if these are equal."""
        return torch.arange(width, device=device)[None]

    def farthest(self, width: int) -> int:
        """The largest of the places."""
        return width - 1

    def near(
        self,
        layer: int,
        query: Float[Tensor, "row head token dim"],
        key: Float[Tensor, "row kv_head token dim"],
        value: Float[Tensor, "row kv_head token value_dim"],
        rule: Rule,
    ) -> tuple[Float[Tensor, "row head token value_dim"], Float[Tensor, "row head token"]]:
        """Attention of the rows to themselves, and the log-sum-exp of its scores."""
        groups = query.shape[1] // key.shape[1]
        if groups > 1:
            key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        width = query.shape[2]
        seen = None
        if rule.window is not None and width > rule.window:
            places = torch.arange(width, device=query.device)
            seen = places[:, None] - places < rule.window
        return attend(query, key, value, rule, True, seen)

    def far(
        self, layer: int, query: Float[Tensor, "row head token dim"], rule: Rule
    ) -> tuple[Float[Tensor, "row head token value_dim"], Float[Tensor, "row head token"]]:
        """Attention of the rows to the prefix: queries that share keys, those of all rows and of a group of heads, become the
        queries of one row."""
        key, value = self.layers[layer]
        rows, heads, width, dim = query.shape
        groups = heads // key.shape[1]
        folded = query.unflatten(1, (-1, groups)).permute(1, 2, 0, 3, 4).reshape(1, -1, groups * rows * width, dim)
        seen = None
        if rule.window is not None and self.length + self.farthest(width) >= rule.window:
            distances = (
                self.length + self.places(width, query.device)[..., None] - torch.arange(self.length, device=query.device)
            )
            seen = (distances < rule.window).expand(rows, -1, -1).flatten(0, 1).repeat(groups, 1)
        out, lse = attend(folded, key, value, rule, False, seen)
        out = out.unflatten(2, (groups, rows, width)).permute(0, 3, 1, 2, 4, 5)[0].flatten(1, 2)
        return out, lse.unflatten(2, (groups, rows, width)).permute(0, 3, 1, 2, 4)[0].flatten(1, 2)


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


def run_behind(module: PreTrainedModel, shared: SharedPrefix, **given: Any) -> Float[Tensor, "row place column"]:
    """The model's logits for rows behind a prefix. Raises UnmergeableAttention where not every layer attends to it as here."""
    with shared_attention(module):
        logits = module(**given, use_cache=False, shared_prefix=shared).logits
    if len(shared.seen) != module.config.get_text_config(decoder=True).num_hidden_layers:
        raise UnmergeableAttention
    return logits


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
    """What transformers calls in every layer."""
    if any(others.get(name) is not None for name in _UNKNOWN):
        raise UnmergeableAttention
    layer = int(module.layer_idx)  # pyright: ignore[reportArgumentType]
    shared_prefix.seen.add(layer)
    rule = Rule(query.shape[-1] ** -0.5 if scaling is None else scaling, softcap, sliding_window)
    out, lse = shared_prefix.near(layer, query, key, value, rule)
    if shared_prefix.length:
        far, far_lse = shared_prefix.far(layer, query, rule)
        out = torch.lerp(out, far, torch.sigmoid(far_lse - lse).unsqueeze(-1).to(out.dtype))
    return out.transpose(1, 2).contiguous(), None


def attend(query: Tensor, key: Tensor, value: Tensor, rule: Rule, causal: bool, seen: Tensor | None) -> tuple[Tensor, Tensor]:
    """Attention, and the log-sum-exp of its scores [row, head, query] in float32; ``seen`` [query, key] says which keys a query
    may see, None all of them."""
    plain = rule.softcap is None and seen is None and query.shape[-1] == value.shape[-1]
    if plain and query.device.type == "cpu":
        return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(query, key, value, 0.0, causal, scale=rule.scale)
    if plain and query.device.type == "cuda" and query.dtype in (torch.bfloat16, torch.float16):
        return torch.ops.aten._scaled_dot_product_flash_attention(query, key, value, 0.0, causal, scale=rule.scale)[:2]
    scores = (query @ key.transpose(-2, -1)).float() * rule.scale
    if rule.softcap is not None:
        scores = rule.softcap * torch.tanh(scores / rule.softcap)
    if causal:
        before = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        seen = before if seen is None else before & seen
    if seen is not None:
        scores = scores.masked_fill(~seen, float("-inf"))
    lse = scores.logsumexp(-1)
    # A query that sees no key of this part gets no share of it.
    weights = (scores - lse.clamp(min=torch.finfo(lse.dtype).min).unsqueeze(-1)).exp()
    return weights.to(value.dtype) @ value, lse


AttentionInterface.register(_NAME, _forward)
