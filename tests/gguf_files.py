"""GGUF files of tiny Llama models, written as llama.cpp's convert_hf_to_gguf.py does, and an Ollama store that holds one."""

import json
from hashlib import sha256
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from torch import Tensor, zeros

from selfamplify import LocalModel

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
}


def write_gguf(
    model: LocalModel,
    path: Path,
    *,
    architecture: str = "llama",
    division: str = "gpt-2",
    settings: dict[str, Any] | None = None,
    tensors: dict[str, Tensor] | None = None,
) -> Path:
    """Write a Llama model as a GGUF file in float32.

    ``division`` is how a byte-level tokenizer divides texts; ``settings`` (of the architecture) and ``tensors`` are added.
    """
    gguf = pytest.importorskip("gguf", reason="the package gguf is not installed")
    config: Any = model.module.config
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    _add_settings(writer, architecture, settings or {})
    _add_tokenizer(writer, gguf, model, division)
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
    for name, weight in model.module.state_dict().items():
        if name not in tied:
            written = _written(name)
            kind = written.split(".")[-2]
            rows = _interleaved(weight, heads[kind]) if kind in heads else weight
            writer.add_tensor(written, rows.float().numpy())
    for name, weight in (tensors or {}).items():
        writer.add_tensor(name, weight.numpy())
    return _written_file(writer, path)


def write_settings(path: Path, architecture: str, settings: dict[str, Any]) -> Path:
    """Write a GGUF file with the settings of a model, a vocabulary of two tokens, and no weights but their embedding."""
    gguf = pytest.importorskip("gguf", reason="the package gguf is not installed")
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("settings")
    _add_settings(writer, architecture, settings)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["a", "b"])
    writer.add_tensor("token_embd.weight", zeros(2, settings["embedding_length"]).numpy())
    return _written_file(writer, path)


def _add_settings(writer: Any, architecture: str, settings: dict[str, Any]) -> None:
    add = {
        bool: writer.add_bool,
        int: writer.add_uint32,
        float: writer.add_float32,
        str: writer.add_string,
        list: writer.add_array,
    }
    for name, value in settings.items():
        add[type(value)](f"{architecture}.{name}", value)


def _written_file(writer: Any, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _written(name: str) -> str:
    """What a tensor is called in a GGUF file."""
    stem, kind = name.rsplit(".", 1)
    *_, number, inner = ("", "", stem) if ".layers." not in stem else ("", *stem.split(".", 3)[2:])
    return f"blk.{number}.{_NAMES[inner]}.{kind}" if number else f"{_NAMES[inner]}.{kind}"


def _interleaved(weight: Tensor, heads: int) -> Tensor:
    """Rows of queries or keys in llama.cpp's order: the two dimensions that rotate together are next to each other."""
    return weight.reshape(heads, 2, -1, weight.shape[1]).transpose(1, 2).reshape(weight.shape).contiguous()


def _add_tokenizer(writer: Any, gguf: Any, loaded: LocalModel, division: str) -> None:
    tokenizer = loaded.tokenizer
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]  # pyright: ignore
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    writer.add_tokenizer_model("llama" if model["byte_fallback"] else "gpt2")
    writer.add_tokenizer_pre(division)
    writer.add_token_list(tokens)
    writer.add_token_types(
        [gguf.TokenType.CONTROL if token in loaded.control_tokens else gguf.TokenType.NORMAL for token in tokens]
    )
    writer.add_token_merges([" ".join(pair) for pair in model["merges"]])
    for name in ("bos", "eos", "unk", "pad"):
        if (token := getattr(tokenizer, f"{name}_token_id")) is not None:
            getattr(writer, f"add_{name}_token_id")(token)
    if tokenizer.chat_template:
        writer.add_chat_template(tokenizer.chat_template)


def write_store(file: Path, store: Path, host: str, namespace: str, name: str, tag: str, *more: dict[str, str]) -> None:
    """Put a GGUF file into an Ollama store under a name; ``more`` are further layers of its manifest."""
    digest = sha256(file.read_bytes()).hexdigest()
    (store / "blobs").mkdir(parents=True, exist_ok=True)
    copyfile(file, store / "blobs" / f"sha256-{digest}")
    manifest = store / "manifests" / host / namespace / name / tag
    manifest.parent.mkdir(parents=True, exist_ok=True)
    layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}, *more]
    manifest.write_text(json.dumps({"schemaVersion": 2, "config": {}, "layers": layers}))
