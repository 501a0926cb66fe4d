"""The models that benchmarks run: decoders with random weights, by the name of their shape."""

from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, PreTrainedConfig, PreTrainedModel

from selfamplify import LocalModel
from selfamplify.models.local.load import load_tokenizer

_COMMON: dict[str, Any] = {
    "vocab_size": 32_000,
    "max_position_embeddings": 4096,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": 0,
}


@dataclass(frozen=True)
class _Shape:
    config: type[PreTrainedConfig]
    sizes: dict[str, Any]
    dtype: torch.dtype


SHAPES = {
    "small": _Shape(
        LlamaConfig,
        {"hidden_size": 512, "intermediate_size": 1376, "num_hidden_layers": 8, "num_attention_heads": 8},
        torch.float32,
    ),
    "7b": _Shape(MistralConfig, {"sliding_window": None}, torch.bfloat16),
    "tiny": _Shape(
        MistralConfig,
        {
            "sliding_window": None,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
        },
        torch.bfloat16,
    ),
}
"""``small`` has 8 layers of width 512; ``7b`` is that of Mistral-7B; ``tiny`` is 7b's in little, for dry runs."""


def build(shape: str, device: str) -> PreTrainedModel:
    """A decoder of this shape, whose random weights are made on the device in their own precision."""
    made = SHAPES[shape]
    torch.manual_seed(0)
    with torch.device(device):
        return AutoModelForCausalLM.from_config(made.config(**_COMMON, **made.sizes), dtype=made.dtype).eval()


def build_model(shape: str, device: str) -> LocalModel:
    """The same with the embedded model's tokenizer."""
    return LocalModel(build(shape, device), load_tokenizer("embedded"), shape)
