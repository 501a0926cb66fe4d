"""A GGUF file's tensors and settings become an ordinary module: dequantised by transformers, and checked against the file."""

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any
from warnings import warn

import torch
from transformers import AutoConfig, AutoModelForCausalLM, GgufConfig, PreTrainedConfig, PreTrainedModel

from ...errors import ModelError, SelfAmplifyWarning
from .gguf import GgufFile, cut_short, serve

if TYPE_CHECKING:
    from gguf import ReaderTensor

_ROPE_FACTORS = "rope_freqs.weight"
"""Llama 3's: the factors by which the rotary frequencies are divided, one for each pair of dimensions."""
_HARMLESS = frozenset(
    ("vocab_size", "attention.causal", "attention.value_length", "tensor_data_layout", "rope.scaling.finetuned")
    + ("rope.scaling.original_context_length", "attention.sliding_window_pattern", "rope.dimension_sections")
)
"""Settings that change nothing, or that follow from others."""


def read_model(file: GgufFile, options: dict[str, Any]) -> tuple[PreTrainedModel, dict[str, Any]]:
    """The module of a GGUF file, and transformers' report about it.

    Parameters
    ----------
    file : GgufFile
        The file, checked.
    options : dict
        More arguments of ``from_pretrained``. With ``dtype="auto"``, weights that are quantised become bfloat16.

    Returns
    -------
    tuple of PreTrainedModel and dict

    Raises
    ------
    ModelError
        If the file has settings or tensors that transformers does not read, and without which the answers would be wrong.
    """
    given = {"gguf_file": str(file.path), "local_files_only": True}
    with _parsed_once():
        tensors = _tensors(file)
        config = AutoConfig.from_pretrained(file.path.parent, **given)
        _check_settings(file, config)
        _scale_rope(tensors, config)
        if options["dtype"] == "auto":
            options = options | {"dtype": _own_dtype(tensors)}
        with redirect_stderr(StringIO()):  # its progress bars, which have no switch
            module, report = AutoModelForCausalLM.from_pretrained(  # pyright: ignore
                file.path.parent,
                config=config,
                quantization_config=GgufConfig(dequantize=True),  # removed again when all is dequantised
                output_loading_info=True,
                **given,
                **options,
            )
        _check_tensors(file, tensors, module)
    _set_ends(file, module)
    return module, report


@contextmanager
def _parsed_once() -> Iterator[None]:
    """While active, the header is parsed once, and the tensors' names are mapped once.

    transformers parses it for the configuration and again for the weights, and maps the names anew for every submodule, which
    is most of the time that loading takes.
    """
    import gguf

    reader, name_map = gguf.GGUFReader, gguf.get_tensor_name_map
    gguf.GGUFReader, gguf.get_tensor_name_map = cache(reader), cache(name_map)  # pyright: ignore
    try:
        yield
    finally:
        gguf.GGUFReader, gguf.get_tensor_name_map = reader, name_map  # pyright: ignore


def _tensors(file: GgufFile) -> "list[ReaderTensor]":
    """The tensors of a file, still in the file. Raises ModelError if it ends before they do."""
    import gguf

    try:
        return gguf.GGUFReader(str(file.path)).tensors
    except Exception as error:  # a damaged file may raise anything
        raise cut_short(file.path, error) from error


def _own_dtype(tensors: "list[ReaderTensor]") -> torch.dtype:
    """The precision in which a file's weights are written; bfloat16 if they are quantised."""
    kinds = {tensor.tensor_type.name for tensor in tensors}
    return {"F32": torch.float32, "F16": torch.float16}.get(max(kinds - {"F32"}, default="F32"), torch.bfloat16)


def _check_settings(file: GgufFile, config: PreTrainedConfig) -> None:
    """Refuse a file whose settings differ from the configuration that was made of them, and name those that were not read."""
    from transformers.integrations.ggml import GGUF_CONFIG_MAPPING

    differing, unknown = [], []
    expected = _expected(config)
    read = GGUF_CONFIG_MAPPING.get(config.model_type.removesuffix("_text"), {})
    for key, value in file.settings.items():
        name = key.removeprefix(f"{file.architecture}.")
        if name == key or name in _HARMLESS or not _matters(name, value):
            continue
        if name in expected:
            differing += [f"{key} = {value}"] if not _same(value, expected[name]) else []
        elif not read.get(name):
            unknown.append(f"{key} = {value}")
    if differing:
        raise ModelError(
            f"{file.path.name} has settings that transformers does not read from such a file ({', '.join(differing)}), so that "
            f"its answers would be wrong; {serve(file.path)}."
        )
    if unknown:
        warn(
            f"{file.path.name} has settings that transformers does not read ({', '.join(unknown)}), so its answers may differ "
            f"from llama.cpp's (llama-server -m {file.path.name}), which reads them.",
            SelfAmplifyWarning,
            stacklevel=2,
        )


def _expected(config: PreTrainedConfig) -> dict[str, Any]:
    """What the file's settings must be for this configuration; None where the configuration has no such setting."""
    rope = getattr(config, "rope_parameters", None) or {}
    rope = rope.get("full_attention", rope)
    heads = getattr(config, "num_attention_heads", None)
    head = getattr(config, "head_dim", None) or (config.hidden_size // heads if heads else None)
    return {
        "attention.head_count": heads,
        "attention.head_count_kv": getattr(config, "num_key_value_heads", heads),
        "attention.key_length": head,
        "attention.sliding_window": getattr(config, "sliding_window", None),
        "attn_logit_softcapping": getattr(config, "attn_logit_softcapping", None),
        "final_logit_softcapping": getattr(config, "final_logit_softcapping", None),
        "rope.freq_base": rope.get("rope_theta"),
        "rope.dimension_count": int(head * rope.get("partial_rotary_factor", 1)) if head else None,
        "rope.scaling.type": rope.get("rope_type"),
        "rope.scaling.factor": rope.get("factor"),
    }


def _matters(name: str, value: Any) -> bool:
    """Whether a setting asks for anything: no scaling, or one by 1, does not."""
    return not (name.startswith("rope.scaling.") and value in ("none", "", 0, 1))


def _same(value: Any, expected: Any) -> bool:
    if isinstance(value, int | float) and isinstance(expected, int | float):
        return abs(value - expected) <= 1e-6 * abs(expected)
    return value == expected


def _scale_rope(tensors: "list[ReaderTensor]", config: PreTrainedConfig) -> None:
    """Put the file's rotary factors into the configuration; transformers' own reader leaves them out."""
    found = next((tensor for tensor in tensors if tensor.name == _ROPE_FACTORS), None)
    if found is None:
        return
    factors = [float(factor) for factor in found.data]
    config.rope_parameters = dict(config.rope_parameters) | {
        "rope_type": "longrope",
        "short_factor": factors,
        "long_factor": factors,
        "attention_factor": 1.0,
        "original_max_position_embeddings": config.max_position_embeddings,
    }


def _set_ends(file: GgufFile, module: PreTrainedModel) -> None:
    """Let a text end at the end of a turn, too, where the file names one besides the end of a text."""
    named = [file.settings.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot")]
    ends = [end for end in dict.fromkeys(named) if end is not None]
    if len(ends) > 1 and module.generation_config is not None:
        module.generation_config.eos_token_id = ends


def _check_tensors(file: GgufFile, tensors: "list[ReaderTensor]", module: PreTrainedModel) -> None:
    """Refuse a file with tensors that no weight was made of."""
    apart = (_ROPE_FACTORS, "output.weight") if module.config.tie_word_embeddings else (_ROPE_FACTORS,)
    stored = sum(int(tensor.n_elements) for tensor in tensors if tensor.name not in apart)
    used = sum(weight.numel() for weight in module.parameters())
    if stored > used:
        raise ModelError(
            f"{file.path.name} holds {stored - used:,} numbers more than transformers' {type(module).__name__} has weights, so "
            f"that its answers would be wrong; {serve(file.path)}."
        )
