"""Attention of many rows to one prefix that is stored once.

Rows that share a prefix attend to two parts: the prefix, whose keys and values are the same for all rows, and their own suffix.
Attention to each part is computed separately, and the two results are merged by their log-sum-exps: the softmax over the union
of two sets of keys is the mean of the softmaxes over each set, weighted by the exponentials of their log-sum-exps (Hydragen,
Juravsky et al. 2024, https://arxiv.org/abs/2402.05099). The queries of all rows meet the prefix in one product per head, and
the prefix is never copied. Rows are run in one pass (``SharedPrefix``), or token by token, with their own keys and values kept
in ``rows.py``.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

KeysValues = list[tuple[Tensor, Tensor]]
"""One (keys, values) pair per layer, each of shape [1, head, token, head_dim]."""

_NAME = "selfamplify_shared_prefix"
_UNSUPPORTED = ("s_aux", "position_bias")  # attention sinks and learned biases: they are not merged here
_ALIGNED = 16
"""The kernel for GPUs reads rows of biases that begin at multiples of so many entries."""


class UnmergeableAttention(Exception):
    """The model's attention has a part that can't be split between prefix and suffix, so the prefix must be copied instead."""


class KeysKept(Exception):
    """The last layer's keys and values are known, and it is to be run again for the places that are read."""


@dataclass(frozen=True)
class Rule:
    """How a layer turns scores into weights: a scale, a cap, and how many tokens back a query sees (None: all of them)."""

    scale: float
    softcap: float | None
    window: int | None

    def sees(self, distances: Int[Tensor, "*rows key"]) -> Bool[Tensor, "*rows key"]:
        """Whether a query sees the keys that are so many tokens back; those ahead of it, at negative distances, it does not."""
        return distances >= 0 if self.window is None else (distances >= 0) & (distances < self.window)


class SharedPrefix:
    """The keys and values of a prefix that rows attend to in addition to their own tokens; ``seen`` holds the layers that did.

    Rows are padded on the right, so that they need no mask but the causal one. In the last layer, ``places`` may hold the only
    tokens of each row whose output is read (``after_prefix.py``).
    """

    def __init__(self, layers: KeysValues):
        self.layers = layers
        self.seen: set[int] = set()
        self.places: Int[Tensor, "row place"] | None = None
        self._kept: tuple[Tensor, Tensor] | None = None
        self._biases: dict[Hashable, Tensor] = {}

    def keys_values(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """The keys and values of all tokens of the rows in this layer. Raises KeysKept if only now all are known."""
        if self.places is None:
            return key, value
        if self._kept is None:
            self._kept = key, value
            raise KeysKept
        return self._kept

    @property
    def length(self) -> int:
        """The number of tokens in the prefix."""
        return self.layers[0][0].shape[2] if self.layers else 0

    def positions(self, width: int, device: torch.device) -> Int[Tensor, "row query"]:
        """The positions of the queries, counted from the end of the prefix; a single row if all rows have the same ones."""
        return torch.arange(width, device=device)[None] if self.places is None else self.places

    def last_position(self, width: int) -> int:
        """The largest of the positions, at most."""
        return width - 1 if self._kept is None else self._kept[0].shape[2] - 1

    def attend_to_suffix(
        self,
        layer: int,
        query: Float[Tensor, "row head query dim"],
        key: Float[Tensor, "row kv_head token dim"],
        value: Float[Tensor, "row kv_head token value_dim"],
        rule: Rule,
    ) -> tuple[Float[Tensor, "row head query value_dim"], Float[Tensor, "row head query"]]:
        """Attention of the rows to their own tokens, and the log-sum-exp of its scores."""
        width = key.shape[2]
        windowed = rule.window is not None and width > rule.window
        if self.places is None and not windowed:
            return attend(query, key, value, rule, True)

        def visible() -> Tensor:
            slots = torch.arange(width, device=query.device)
            return rule.sees(self.positions(width, query.device)[..., None] - slots)[:, None]

        return attend(query, key, value, rule, False, self._bias("suffix", rule, visible, query.dtype))

    def attend_to_prefix(
        self, layer: int, query: Float[Tensor, "row head token dim"], rule: Rule
    ) -> tuple[Float[Tensor, "row head token value_dim"], Float[Tensor, "row head token"]]:
        """Attention of the rows to the prefix, and the log-sum-exp of its scores.

        All queries that share keys, those of every row and of every head in a group, become the queries of one row.
        """
        key, value = self.layers[layer]
        rows, heads, width, dim = query.shape
        groups = heads // key.shape[1]
        folded = query.unflatten(1, (-1, groups)).permute(1, 2, 0, 3, 4).reshape(1, -1, groups * rows * width, dim)

        def visible() -> Tensor:
            positions = self.length + self.positions(width, query.device)
            distances = positions[..., None] - torch.arange(self.length, device=query.device)
            return rule.sees(distances).expand(rows, -1, -1).flatten(0, 1).repeat(groups, 1)

        reaches = rule.window is None or self.length + self.last_position(width) < rule.window
        bias = None if reaches else self._bias("prefix", rule, visible, query.dtype)
        out, lse = attend(folded, key, value, rule, False, bias)
        out = out.unflatten(2, (groups, rows, width)).permute(0, 3, 1, 2, 4, 5)[0].flatten(1, 2)
        return out, lse.unflatten(2, (groups, rows, width)).permute(0, 3, 1, 2, 4)[0].flatten(1, 2)

    def _bias(
        self, part: str, rule: Rule, visible: Callable[[], Bool[Tensor, "*rows query key"]], dtype: torch.dtype
    ) -> Tensor:
        """The bias that hides the other keys of a part, made once for all layers that have the same rule."""
        key = part, rule, dtype, self.places is None
        if key not in self._biases:
            self._biases[key] = hiding(visible(), dtype)
        return self._biases[key]


def mergeable(module: PreTrainedModel) -> bool:
    """Whether a model calls its attention through transformers' interface, so that ours can replace it."""
    return bool(module._supports_attention_backend)


@contextmanager
def shared_attention(module: PreTrainedModel) -> Iterator[None]:
    """While active, the model's layers attend to the ``SharedPrefix`` that its forward receives as ``shared_prefix``."""
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
    """The attention function that transformers calls in every layer."""
    if any(others.get(name) is not None for name in _UNSUPPORTED):
        raise UnmergeableAttention
    layer = int(module.layer_idx)  # pyright: ignore[reportArgumentType]
    shared_prefix.seen.add(layer)
    rule = Rule(query.shape[-1] ** -0.5 if scaling is None else scaling, softcap, sliding_window)
    key, value = shared_prefix.keys_values(key, value)
    out, lse = shared_prefix.attend_to_suffix(layer, query, key, value, rule)
    if shared_prefix.length:
        prefix_out, prefix_lse = shared_prefix.attend_to_prefix(layer, query, rule)
        out = torch.lerp(out, prefix_out, torch.sigmoid(prefix_lse - lse).unsqueeze(-1).to(out.dtype))
    return out.transpose(1, 2).contiguous(), None


def hiding(visible: Bool[Tensor, "*rows query key"], dtype: torch.dtype) -> Float[Tensor, "*rows query key"]:
    """Return what is added to scores so that keys that are not visible get no weight.

    It is finite, even times log2(e) as in some kernels, since a query that sees no key at all would get NaN; its log-sum-exp is
    so low that this part has no weight.
    """
    count = visible.shape[-1]
    aligned = torch.zeros(*visible.shape[:-1], -(-count // _ALIGNED) * _ALIGNED, dtype=dtype, device=visible.device)
    return aligned[..., :count].masked_fill_(~visible, torch.finfo(dtype).min / 2)


def attend(
    query: Float[Tensor, "row head query dim"],
    key: Float[Tensor, "row kv_head key dim"],
    value: Float[Tensor, "row kv_head key value_dim"],
    rule: Rule,
    causal: bool,
    bias: Float[Tensor, "*rows _query key"] | None = None,
) -> tuple[Float[Tensor, "row head query value_dim"], Float[Tensor, "row head query"]]:
    """Attention, and the log-sum-exp of its scores in float32.

    ``bias`` is added to the scores, if they are not ``causal``; ``hiding`` makes one. Heads are in groups that share keys and
    values.
    """
    same, device = query.shape[-1] == value.shape[-1], query.device.type
    if rule.softcap is None and same and device == "cpu":
        return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, 0.0, causal, attn_mask=bias, scale=rule.scale
        )
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    if rule.softcap is None and same and device == "cuda":
        if bias is None and _flash_on_gpu(query):
            return torch.ops.aten._scaled_dot_product_flash_attention(query, key, value, 0.0, causal, scale=rule.scale)[:2]
        if query.shape[-1] % 8 == 0:
            bias = None if bias is None else bias.expand(*query.shape[:-1], key.shape[2])
            out, lse = torch.ops.aten._scaled_dot_product_efficient_attention(
                query, key, value, bias, True, 0.0, causal, scale=rule.scale
            )[:2]
            return out, lse[..., : query.shape[2]]  # it is padded
    return attend_plainly(query, key, value, rule, causal, bias)


def _flash_on_gpu(query: Tensor) -> bool:
    """Whether torch's flash kernel for GPUs takes such queries."""
    dim = query.shape[-1]
    half = query.dtype in (torch.bfloat16, torch.float16)
    return half and dim % 8 == 0 and dim <= 256 and torch.cuda.get_device_capability(query.device) >= (8, 0)


def attend_plainly(
    query: Tensor, key: Tensor, value: Tensor, rule: Rule, causal: bool, bias: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """What ``attend`` computes, by plain operations; each head has its own keys and values."""
    scores = (query @ key.transpose(-2, -1)).float() * rule.scale
    if rule.softcap is not None:
        scores = rule.softcap * torch.tanh(scores / rule.softcap)
    if causal:
        bias = hiding(torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril(), scores.dtype)
    if bias is not None:
        scores = scores + bias
    lse = scores.logsumexp(-1)
    weights = (scores - lse.unsqueeze(-1)).exp()
    return weights.to(value.dtype) @ value, lse


AttentionInterface.register(_NAME, _forward)
