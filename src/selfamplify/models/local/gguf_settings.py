"""A GGUF file's settings, compared with the configuration that transformers made of them: it reads some of them only.

The settings are those of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md and of the package gguf, which llama.cpp's
converters write them with.
"""

from collections.abc import Mapping
from typing import Any
from warnings import warn

from transformers import PreTrainedConfig

from ...errors import ModelError, SelfAmplifyWarning
from .gguf import GgufFile, serve

_SIZES = frozenset(
    ("context_length", "embedding_length", "block_count", "feed_forward_length", "expert_feed_forward_length")
    + ("expert_shared_feed_forward_length", "vocab_size")
)
"""Settings that the shapes of the tensors show as well, or that limit the length of a prompt."""
_HARMLESS = _SIZES | {"tensor_data_layout", "rope.scaling.finetuned", "rope.dimension_sections"}
"""Settings that change nothing for texts, or that follow from others."""
_WINDOW, _PATTERN = "attention.sliding_window", "attention.sliding_window_pattern"
_SCALING, _ORIGINAL = "rope.scaling.type", "rope.scaling.original_context_length"


def check_settings(file: GgufFile, config: PreTrainedConfig) -> None:
    """Compare a file's settings with the configuration that transformers made of them.

    Parameters
    ----------
    file : GgufFile
        The file.
    config : PreTrainedConfig
        What transformers made of its settings.

    Raises
    ------
    ModelError
        If a setting that changes the computation is not in the configuration.

    Warns
    -----
    SelfAmplifyWarning
        If a setting is not read whose meaning the package gguf does not know either.
    """
    own = {key.removeprefix(f"{file.architecture}."): value for key, value in file.settings.items()}
    settings = {name: value for name, value in own.items() if name not in file.settings}
    expected, read, known = expected_settings(config), _read(file, config), _known()
    differing, unknown = [], []
    for name, value in settings.items():
        said = f"{file.architecture}.{name} = {value}"
        if name in expected:
            differing += [] if _same(settings, name, expected[name]) else [said]
        elif name not in read and not _is_neutral(name, value):
            (differing if name in known else unknown).append(said)
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


def expected_settings(config: PreTrainedConfig) -> dict[str, Any]:
    """What a file's settings must be for this configuration; None where the configuration has no such setting."""
    ropes = getattr(config, "rope_parameters", None) or {}
    rope = ropes.get("full_attention", ropes)
    heads = getattr(config, "num_attention_heads", None)
    head = getattr(config, "head_dim", None) or (config.hidden_size // heads if heads else None)
    window = getattr(config, "sliding_window", None)
    epsilons = ("rms_norm_eps", "layer_norm_epsilon", "layer_norm_eps", "norm_epsilon", "norm_eps")
    epsilon = next((getattr(config, name) for name in epsilons if hasattr(config, name)), None)
    layers = getattr(config, "layer_types", None) or ["sliding_attention" if window else ""] * config.num_hidden_layers
    factor = rope.get("factor")
    return {
        "attention.causal": True,
        "attention.head_count": heads,
        "attention.head_count_kv": getattr(config, "num_key_value_heads", heads),
        # Gemma divides by the root of this number, which no file states: a head's size in all models but those of 27B.
        "attention.key_length": getattr(config, "query_pre_attn_scalar", None) or head,
        "attention.value_length": head,
        "attention.layer_norm_epsilon": epsilon,
        "attention.layer_norm_rms_epsilon": epsilon,
        _WINDOW: window,
        _PATTERN: [kind == "sliding_attention" for kind in layers],
        "attn_logit_softcapping": getattr(config, "attn_logit_softcapping", None),
        "final_logit_softcapping": getattr(config, "final_logit_softcapping", None),
        "use_parallel_residual": getattr(config, "use_parallel_residual", None),
        "rope.freq_base": rope.get("rope_theta"),
        "rope.freq_base_swa": ropes.get("sliding_attention", rope).get("rope_theta"),
        "rope.dimension_count": round(head * rope.get("partial_rotary_factor", 1)) if head else None,
        "rope.scale_linear": factor,
        _SCALING: rope.get("rope_type"),
        "rope.scaling.factor": factor,
        _ORIGINAL: rope.get("original_max_position_embeddings"),
    }


def _read(file: GgufFile, config: PreTrainedConfig) -> frozenset[str]:
    """The settings of the architecture from which transformers makes the configuration."""
    from transformers.integrations.ggml import GGUF_CONFIG_MAPPING
    from transformers.integrations.gguf.gguf_config_mapping import GGUF_CONFIG_ARCHS

    if file.architecture not in GGUF_CONFIG_ARCHS:
        table = GGUF_CONFIG_MAPPING.get(config.model_type.removesuffix("_text"), {})
        return _HARMLESS | {name for name, attribute in table.items() if attribute}
    asked = _Asked(file.settings)
    GGUF_CONFIG_ARCHS[file.architecture](asked, ())
    return _HARMLESS | {key.removeprefix(f"{file.architecture}.") for key in asked.keys_asked}


class _Asked(dict[str, Any]):
    """A dictionary that remembers the keys it was asked for: some architectures are read by a function, not by a table."""

    def __init__(self, settings: Mapping[str, Any]):
        super().__init__(settings)
        self.keys_asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.keys_asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.keys_asked.add(key)
        return super().get(key, default)


def _known() -> frozenset[str]:
    """The settings of an architecture that the package gguf has a name for: all of them describe the computation."""
    from gguf.constants import Keys

    groups = [vars(group) for group in vars(Keys).values() if isinstance(group, type)]
    names = [name for group in groups for name in group.values() if isinstance(name, str)]
    return frozenset(name.removeprefix("{arch}.") for name in names if name.startswith("{arch}."))


def _is_neutral(name: str, value: Any) -> bool:
    """Whether a setting asks for nothing: zero of something, or a scale of 1."""
    return value in (0, "", "none") or (value == 1 and (name.startswith("rope.scal") or name.endswith("_scale")))


def _same(settings: Mapping[str, Any], name: str, expected: Any) -> bool:
    value = settings[name]
    if name == _WINDOW:
        length = settings.get("context_length", float("inf"))
        value, expected = (size if size and size < length else None for size in (value, expected))
    elif name == _PATTERN and isinstance(value, int):  # every n-th layer attends to all tokens
        value = [value == 0 or (layer + 1) % value != 0 for layer in range(len(expected))]
    elif name == _ORIGINAL and _is_neutral(_SCALING, settings.get(_SCALING, "")):
        return True
    elif name.startswith("rope.scal") and _is_neutral(name, value):
        value, expected = None, None if expected == "default" else expected
    if isinstance(value, list) and not isinstance(expected, list):  # one number per layer; 0 where a layer does not attend
        return {*value} - {0} == {expected}
    if isinstance(value, int | float) and isinstance(expected, int | float):
        return abs(value - expected) <= 1e-6 * abs(expected)
    return value == expected or not (value or expected)
