"""Where the weights of a large model lie: spread over devices, offloaded, or in fewer bits, by transformers' own means."""

import logging
from importlib.util import find_spec
from typing import Any

import torch
from transformers import BitsAndBytesConfig, PreTrainedModel

from ...errors import SettingsError

DEVICE_MAPS = ("auto", "balanced", "balanced_low_0", "sequential")
QUANTIZED = ("8bit", "4bit")


def check_placing(device_map: str | None, quantize: str | None) -> None:
    """Raise SettingsError for a name that is none, or a package that is not installed."""
    if device_map is not None and device_map not in DEVICE_MAPS:
        raise SettingsError(f"There is no device map '{device_map}'; use --device-map {', '.join(DEVICE_MAPS)}.")
    if quantize is not None and quantize not in QUANTIZED:
        raise SettingsError(f"Weights can't be quantized to '{quantize}'; use --quantize {' or '.join(QUANTIZED)}.")
    needed = (["accelerate"] if device_map or quantize else []) + (["bitsandbytes"] if quantize else [])
    for package in needed:
        if find_spec(package) is None:
            raise SettingsError(f"The package {package} is not installed; run: pip install 'selfamplify[large]'")


def placing(place: torch.device, device_map: str | None, quantize: str | None) -> dict[str, Any]:
    """What ``from_pretrained`` is told: nothing, where the model is loaded as it is, and then moved to ``place``."""
    told: dict[str, Any] = {}
    if device_map or quantize:
        told["device_map"] = device_map or {"": str(place)}
    if quantize:
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it tells every call that it casts
        told["quantization_config"] = BitsAndBytesConfig(load_in_8bit=quantize == "8bit", load_in_4bit=quantize == "4bit")
    return told


def keep_differentiable(module: PreTrainedModel) -> None:
    """Keep bitsandbytes from packing 4-bit weights at their first use, as it does on CPUs with bfloat16: that is quicker, but
    its product has no gradient, and would silently give a wrong one."""
    for each in module.modules():
        if hasattr(each, "support_avx512bf16_for_cpu"):
            each.support_avx512bf16_for_cpu = False  # pyright: ignore[reportArgumentType]


def offloaded(module: PreTrainedModel) -> bool:
    """Whether weights come to their device only while they are used."""
    return any(weight.device.type == "meta" for weight in module.parameters())


def split(module: PreTrainedModel) -> bool:
    """Whether layers compute on several devices."""
    places: dict[str, Any] = getattr(module, "hf_device_map", None) or {}
    return len({str(place) for place in places.values()} - {"cpu", "disk"}) > 1


def weights(module: PreTrainedModel) -> dict[str, Any]:
    """All weights by name, also those that are offloaded."""
    if not offloaded(module):
        return module.state_dict()
    from accelerate.utils.modeling import get_state_dict_offloaded_model

    return get_state_dict_offloaded_model(module)
