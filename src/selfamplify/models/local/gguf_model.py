"""A GGUF file's tensors and settings become an ordinary module: dequantised by transformers, and checked against the file."""

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM, GgufConfig, PreTrainedConfig, PreTrainedModel

from ...errors import ModelError
from .gguf import GgufFile, cut_short, serve
from .gguf_settings import check_settings

if TYPE_CHECKING:
    from gguf import ReaderTensor

_ROPE_FACTORS = "rope_freqs.weight"
"""Llama 3's: the factors by which the rotary frequencies are divided, one for each pair of dimensions."""


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
        config = AutoConfig.from_pretrained(file.path.parent, **given)  # nosec B615 # a local file
        check_settings(file, config)
        _scale_rope(tensors, config)
        if options["dtype"] == "auto":
            options = options | {"dtype": _own_dtype(tensors)}
        with redirect_stderr(StringIO()):  # its progress bars, which have no switch
            module, report = AutoModelForCausalLM.from_pretrained(  # pyright: ignore # nosec B615 # a local file
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
    is most of the time that loading takes. The file is read as an ordinary array, since a part of a numpy.memmap is a memmap,
    too, and a vocabulary has hundreds of thousands of parts.
    """
    import gguf

    class Reader(gguf.GGUFReader):
        def _get(self, *arguments: Any, **options: Any) -> Any:
            self.data = self.data.view(np.ndarray)
            return super()._get(*arguments, **options)

    reader, name_map = gguf.GGUFReader, gguf.get_tensor_name_map
    gguf.GGUFReader, gguf.get_tensor_name_map = cache(Reader), cache(name_map)  # pyright: ignore
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
