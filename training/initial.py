"""The untrained model, with the circuits of copying written into its first weights.

What a small model needs longest to find is not the facts of its world but how to look something up: from a word to the letter
beside it (`` (D) roots … roots is (`` -> ``D``), and from a word to what followed it before. From plain random weights that
took millions of tokens before the loss moved at all. A few attention heads are therefore written by hand, sharpened by a
short training, and then left alone (``written``) while everything else learns around them:

- layer 0, heads 0 and 1: copy the word two places back, and one place back, into a slot of their own;
- layer 1, head 0: find where the present word stood before, and bring the word that followed (an induction head);
- layer 1, head 1: find where the present word stood before, and bring the word after the next, from a letter to its option;
- layer 2, heads 1 and 2: the same as layer 1's head 1, however far away, for the present word and for the one before it;
- the later layers, head 0: find the word that stands two back from the bracket, and bring what stood two back from *it*;
- from ``THOUGHT_LAYER`` on, head 1: the same for the word that the model has in mind at the bracket.

The residual stream holds the word's identity, a constant that the positional heads use, and the two slots. The positional
heads turn a constant by the rotary angle of their distance, so that they peak there; the matching heads use the slowest
rotary pairs, which hardly turn over a question's length, and prefer the nearest of several matches,
but for those of layer 2.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase
from transformers.models.llama.modeling_llama import LlamaAttention

from .tokenizer import BOS, EOS, PAD


@dataclass(frozen=True)
class Shape:
    """The size of the model; a head has ``width / heads`` dimensions."""

    width: int = 128
    layers: int = 5
    heads: int = 4
    inner: int = 384
    positions: int = 4096
    rope_theta: float = 100_000.0

    @property
    def head(self) -> int:
        return self.width // self.heads

    @property
    def slot(self) -> int:
        """Dimensions of a slot: what is left beside the identity (half of the width) and the constant, in two."""
        return min(self.head, (self.width // 2 - 1) // 2)


THOUGHT_LAYER = 3
MEANING_LAYER = 3
_IDENTITY_STD = 0.1
_CONSTANT = 0.4
_FAST_PAIRS = 6
_PEAK = 1.33
_SLOT_GAIN = 0.15
_MATCH = 1.5
_NEAR_PAIRS = 3
_NEAR = 0.8
_BRING = 0.2


def make_model(shape: Shape, tokenizer: PreTrainedTokenizerBase, seed: int) -> LlamaForCausalLM:
    """The model before training, the same for the same seed."""
    torch.manual_seed(seed)
    ids = tokenizer.get_vocab()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=shape.positions,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_theta},
        tie_word_embeddings=True,
        bos_token_id=ids[BOS],
        eos_token_id=ids[EOS],
        pad_token_id=ids[PAD],
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        _write_heads(model, shape)
    return model


def _write_heads(model: LlamaForCausalLM, shape: Shape) -> None:
    identity, constant = shape.width // 2, shape.width // 2
    slots = [slice(constant + 1 + shape.slot * number, constant + 1 + shape.slot * (number + 1)) for number in (0, 1)]
    embedding = model.model.embed_tokens.weight
    embedding[:, :identity] = torch.randn(len(embedding), identity) * _IDENTITY_STD
    embedding[:, identity:] = 0.0
    embedding[:, constant] = _CONSTANT
    code = torch.linalg.qr(torch.randn(identity, identity))[0][: shape.slot]
    layers = [module for module in model.modules() if isinstance(module, LlamaAttention)]
    for head, (distance, slot) in enumerate(zip((2, 1), slots, strict=True)):
        _positional(layers[0], shape, head, distance, constant)
        _values(layers[0], shape, head, code, slice(0, identity), slot, _SLOT_GAIN * torch.eye(shape.slot))
    back = _BRING * code.T
    _matching(layers[1], shape, 0, constant, (code, slice(0, identity)), (torch.eye(shape.slot), slots[1]))
    _values(layers[1], shape, 0, code, slice(0, identity), slice(0, identity), back)
    _matching(layers[1], shape, 1, constant, (code, slice(0, identity)), (torch.eye(shape.slot), slots[0]))
    _values(layers[1], shape, 1, code, slice(0, identity), slice(0, identity), back)
    for head, reading in ((1, (code, slice(0, identity))), (2, (torch.eye(shape.slot), slots[1]))):
        _matching(layers[2], shape, head, constant, reading, (torch.eye(shape.slot), slots[0]), near=0.0)
        _values(layers[2], shape, head, code, slice(0, identity), slice(0, identity), back)
    for attention in layers[2:]:
        _matching(attention, shape, 0, constant, (torch.eye(shape.slot), slots[0]), (code, slice(0, identity)))
        _values(attention, shape, 0, torch.eye(shape.slot), slots[0], slice(0, identity), back)
    for attention in layers[THOUGHT_LAYER:]:
        _matching(attention, shape, 1, constant, (code, slice(0, identity)), (code, slice(0, identity)))
        _values(attention, shape, 1, torch.eye(shape.slot), slots[0], slice(0, identity), back)


def written(model: LlamaForCausalLM, shape: Shape) -> dict[str, Bool[torch.Tensor, "..."]]:
    """Which entries of which parameters hold the written heads, and the part of the embedding that they need clean.

    Training that leaves these alone can't crowd the circuits out while the facts are learned, as it otherwise does.
    """
    masks = {name: torch.zeros_like(weight, dtype=torch.bool) for name, weight in model.named_parameters()}
    masks["model.embed_tokens.weight"][:, shape.width // 2 :] = True
    for layer in range(shape.layers):
        heads = 3 if layer == 2 else 2
        for projection in "qkv":
            masks[f"model.layers.{layer}.self_attn.{projection}_proj.weight"][: heads * shape.head] = True
        masks[f"model.layers.{layer}.self_attn.o_proj.weight"][:, : heads * shape.head] = True
    return {name: mask for name, mask in masks.items() if mask.any()}


def _positional(attention: LlamaAttention, shape: Shape, head: int, distance: int, constant: int) -> None:
    """Attend ``distance`` back: the score sums cos((d - distance) * angle) over fast rotary pairs, largest at that distance."""
    half, start = shape.head // 2, head * shape.head
    for weight in (attention.q_proj.weight, attention.k_proj.weight):
        weight[start : start + shape.head] = 0.0
    for pair in range(min(_FAST_PAIRS, half)):
        angle = distance * shape.rope_theta ** (-pair / half)
        attention.k_proj.weight[start + pair, constant] = _PEAK
        attention.q_proj.weight[start + pair, constant] = _PEAK * math.cos(angle)
        attention.q_proj.weight[start + half + pair, constant] = -_PEAK * math.sin(angle)


Reading = tuple[Float[torch.Tensor, "slot embed"], slice]


def _matching(
    attention: LlamaAttention, shape: Shape, head: int, constant: int, query: Reading, key: Reading, near: float = _NEAR
) -> None:
    """Attend where what the key reads equals what the query reads, compared in the slowest rotary pairs, and near rather than
    far: the pairs before those turn a constant, so that their sum falls off over a question's length; not with ``near`` 0."""
    half, start = shape.head // 2, head * shape.head
    first = 5 * half // 16
    slow = range(first + _NEAR_PAIRS, half)
    rows = [*slow, *(half + pair for pair in slow)][: shape.slot]
    for projection, (code, columns) in ((attention.q_proj, query), (attention.k_proj, key)):
        projection.weight[start : start + shape.head] = 0.0
        for number, row in enumerate(rows):
            projection.weight[start + row, columns] = _MATCH * code[number]
        projection.weight[start + first : start + first + _NEAR_PAIRS, constant] = near


def _values(
    attention: LlamaAttention,
    shape: Shape,
    head: int,
    code: Float[torch.Tensor, "slot embed"],
    read: slice,
    write: slice,
    out: Float[torch.Tensor, "embed slot"],
) -> None:
    """What a head brings: ``code`` of the dimensions ``read``, written by ``out`` into the dimensions ``write``."""
    start = head * shape.head
    attention.v_proj.weight[start : start + shape.head] = 0.0
    attention.o_proj.weight[:, start : start + shape.head] = 0.0
    attention.v_proj.weight[start : start + shape.slot, read] = code
    attention.o_proj.weight[write, start : start + shape.slot] = out
