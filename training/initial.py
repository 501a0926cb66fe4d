"""The untrained model, with the circuits of copying written into its first weights.

What takes a small model longest to learn is not the facts of its world but how to look something up: from a word to the letter
next to it (`` (D) roots … roots is (`` -> ``D``), and from a word to what followed its last occurrence. With plain random
weights, that took millions of tokens before the loss moved at all. Therefore a few attention heads are written by hand,
sharpened by a short training, and then kept fixed (``written``) while everything else learns around them:

- layer 0, heads 0 and 1: copy the word two places back, and one place back, each into a slot of its own;
- layer 1, head 0: find the last occurrence of the present word, and fetch the word after it (an induction head);
- layer 1, head 1: find the last occurrence of the present word, and fetch the second word after it (a letter's option);
- the later layers, head 0: find the word two places before the bracket among the options, and fetch its letter;
- from ``THOUGHT_LAYER`` on, head 1: the same for the word that the model has in mind at the bracket.

The residual stream contains the word's identity, a constant that the positional heads use, and the two slots. The positional
heads turn a constant by the rotary angle of their distance, so that they peak there; the matching heads use the slowest
rotary pairs, which hardly turn over the length of a question, and prefer the nearest of several matches. Heads that look for an
option prefer a word after a closing bracket, because the word itself also occurs in what was written since, and what the model
has in mind is also present at the bracket.

All of these weights are large compared with the random rest, whose part in the stream grows with learning: the heads of later
layers have to find words by an identity that others overwrite.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch.nn.functional import normalize
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase
from transformers.models.llama.modeling_llama import LlamaAttention

from .tokenizer import BOS, EOS, PAD


@dataclass(frozen=True)
class Shape:
    """The size of the model; a head has ``head`` dimensions."""

    width: int = 128
    layers: int = 6
    heads: int = 4
    head: int = 32
    inner: int = 384
    positions: int = 4096
    rope_theta: float = 100_000.0

    @property
    def slot(self) -> int:
        """The dimensions of a slot: half of what the identity (half of the width) and the constant leave."""
        return min(self.head, (self.width // 2 - 1) // 2)


THOUGHT_LAYER = 4
_IDENTITY_NORM = 2.0
_CONSTANT = 1.0
_FAST_PAIRS = 6
_PEAK = 1.33
_SLOT_GAIN = 0.375
_MATCH = 1.5
_NEAR_PAIRS = 3
_NEAR = 0.8
_OPTION = 2.0
_BRING = 0.5
_READ_OUT = 0.4


def make_model(shape: Shape, tokenizer: PreTrainedTokenizerBase, seed: int) -> LlamaForCausalLM:
    """The model before training; it depends on the seed alone."""
    torch.manual_seed(seed)
    ids = tokenizer.get_vocab()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        head_dim=shape.head,
        max_position_embeddings=shape.positions,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_theta},
        tie_word_embeddings=True,
        bos_token_id=ids[BOS],
        eos_token_id=ids[EOS],
        pad_token_id=ids[PAD],
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        _write_heads(model, shape, ids[")"])
    return model


def _write_heads(model: LlamaForCausalLM, shape: Shape, closing: int) -> None:
    identity, constant = shape.width // 2, shape.width // 2
    slots = [slice(constant + 1 + shape.slot * number, constant + 1 + shape.slot * (number + 1)) for number in (0, 1)]
    embedding = model.model.embed_tokens.weight
    # Words of one length: RMSNorm then leaves the constant the same in all, on which the positional heads rely.
    embedding[:, :identity] = normalize(torch.randn(len(embedding), identity)) * _IDENTITY_NORM
    embedding[:, identity:] = 0.0
    embedding[:, constant] = _CONSTANT
    code = torch.linalg.qr(torch.randn(identity, identity))[0][: shape.slot]
    layers = [module for module in model.modules() if isinstance(module, LlamaAttention)]
    for name, weight in model.named_parameters():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            weight[constant:] = 0.0
        elif name == "model.norm.weight":
            weight *= _READ_OUT
    for head, (distance, slot) in enumerate(zip((2, 1), slots, strict=True)):
        _positional(layers[0], shape, head, distance, constant)
        _values(layers[0], shape, head, code, slice(0, identity), slot, _SLOT_GAIN * torch.eye(shape.slot))
    back = _BRING * code.T
    word, before, two_before = (code, slice(0, identity)), (torch.eye(shape.slot), slots[1]), (torch.eye(shape.slot), slots[0])
    for head, key in enumerate((before, two_before)):
        _matching(layers[1], shape, head, constant, word, key)
        _values(layers[1], shape, head, code, slice(0, identity), slice(0, identity), back)
    after_bracket = normalize(code @ embedding[closing, :identity], dim=0), slots[1]
    for number, attention in enumerate(layers[2:], start=2):
        for head, query in enumerate((two_before, word) if number >= THOUGHT_LAYER else (two_before,)):
            _matching(attention, shape, head, constant, query, word, after_bracket, _OPTION * (1 + 0.5 * head))
            _values(attention, shape, head, torch.eye(shape.slot), slots[0], slice(0, identity), back)


def written(model: LlamaForCausalLM, shape: Shape) -> dict[str, Bool[torch.Tensor, "..."]]:
    """Masks of the entries of parameters that hold the written heads, and of the part of the embedding that these use alone.

    Training that does not change these can't overwrite the circuits while the facts are learned, as it does otherwise.
    """
    masks = {name: torch.zeros_like(weight, dtype=torch.bool) for name, weight in model.named_parameters()}
    masks["model.embed_tokens.weight"][:, shape.width // 2 :] = True
    for layer in range(shape.layers):
        heads = 1 if 2 <= layer < THOUGHT_LAYER else 2
        for projection in "qkv":
            masks[f"model.layers.{layer}.self_attn.{projection}_proj.weight"][: heads * shape.head] = True
        masks[f"model.layers.{layer}.self_attn.o_proj.weight"][:, : heads * shape.head] = True
    return {name: mask for name, mask in masks.items() if mask.any()}


def _positional(attention: LlamaAttention, shape: Shape, head: int, distance: int, constant: int) -> None:
    """Attend ``distance`` places back: the score, a sum of cos((d - distance) * angle) over fast rotary pairs, peaks there."""
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
    attention: LlamaAttention,
    shape: Shape,
    head: int,
    constant: int,
    query: Reading,
    key: Reading,
    marked: tuple[Float[torch.Tensor, " slot"], slice] | None = None,
    preference: float = 0.0,
) -> None:
    """Attend where the key reads the same as the query, compared in the slowest rotary pairs, and rather near than far.

    The pairs before those turn a constant, so that their sum decreases over the length of a question. Keys with the direction
    ``marked`` in a slot are preferred.
    """
    half, start = shape.head // 2, head * shape.head
    first = 5 * half // 16
    slow = range(first + _NEAR_PAIRS, half)
    *rows, last = [*(half + pair for pair in slow), *slow][: shape.slot]
    if marked is None:
        rows.append(last)
    for projection, (code, columns) in ((attention.q_proj, query), (attention.k_proj, key)):
        projection.weight[start : start + shape.head] = 0.0
        for number, each in enumerate(rows):
            projection.weight[start + each, columns] = _MATCH * code[number]
        projection.weight[start + first : start + first + _NEAR_PAIRS, constant] = _NEAR
    if marked is not None:
        direction, slot = marked
        attention.q_proj.weight[start + last, constant] = preference
        attention.k_proj.weight[start + last, slot] = preference * direction


def _values(
    attention: LlamaAttention,
    shape: Shape,
    head: int,
    code: Float[torch.Tensor, "slot embed"],
    read: slice,
    write: slice,
    out: Float[torch.Tensor, "embed slot"],
) -> None:
    """What a head fetches: ``code`` of the dimensions ``read``, written by ``out`` into the dimensions ``write``."""
    start = head * shape.head
    attention.v_proj.weight[start : start + shape.head] = 0.0
    attention.o_proj.weight[:, start : start + shape.head] = 0.0
    attention.v_proj.weight[start : start + shape.slot, read] = code
    attention.o_proj.weight[write, start : start + shape.slot] = out
