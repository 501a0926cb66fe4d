"""Where the weights of a large model are: spread over devices, offloaded, or in fewer bits, by transformers' own means."""

import logging
from importlib.util import find_spec
from typing import Any, Literal, get_args

import torch
from transformers import BitsAndBytesConfig, PreTrainedModel

from ...errors import SettingsError
from ...text.lines import argument

DeviceMap = Literal["auto", "balanced", "balanced_low_0", "sequential"]
"""How accelerate spreads the layers of a model over the devices."""
Quantization = Literal["8bit", "4bit"]
"""The number of bits in which bitsandbytes stores a weight."""


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise SettingsError if the value of an argument is not one of its choices."""
    if value not in choices:
        *others, last = (argument(name, choice) for choice in choices)
        raise SettingsError(f"{argument(name, value)} is not supported; use {', '.join(others)} or {last}.")


def check_placement(device_map: object, quantize: object) -> None:
    """Raise SettingsError for an unknown device map or quantization, or if a package that it needs is not installed."""
    if device_map is not None:
        check_choice("device_map", device_map, get_args(DeviceMap))
    if quantize is not None:
        check_choice("quantize", quantize, get_args(Quantization))
    needed = (["accelerate"] if device_map or quantize else []) + (["bitsandbytes"] if quantize else [])
    for package in needed:
        if find_spec(package) is None:
            raise SettingsError(f"The package {package} is not installed; run: pip install 'selfamplify[large]'")


def placement_arguments(device: torch.device, device_map: DeviceMap | None, quantize: Quantization | None) -> dict[str, Any]:
    """Arguments of ``from_pretrained`` that place a model; none if it is to be loaded as it is and then moved to ``device``."""
    arguments: dict[str, Any] = {}
    if device_map or quantize:
        arguments["device_map"] = device_map or {"": str(device)}
    if quantize:
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it warns in every call that it casts its inputs
        config = BitsAndBytesConfig(load_in_8bit=quantize == "8bit", load_in_4bit=quantize == "4bit")
        arguments["quantization_config"] = config
    return arguments


def keep_differentiable(module: PreTrainedModel) -> None:
    """Keep bitsandbytes from packing 4-bit weights when they are first used, as it does on CPUs with bfloat16.

    Packed weights are faster, but their product has no gradient, and would silently give a wrong one.
    """
    for each in module.modules():
        if hasattr(each, "support_avx512bf16_for_cpu"):
            each.support_avx512bf16_for_cpu = False  # pyright: ignore[reportArgumentType]


def offloaded(module: PreTrainedModel) -> bool:
    """Whether some weights are on their device only while they are used."""
    return any(weight.device.type == "meta" for weight in module.parameters())


def split(module: PreTrainedModel) -> bool:
    """Whether the layers compute on more than one device."""
    devices: dict[str, Any] = getattr(module, "hf_device_map", None) or {}
    return len({str(device) for device in devices.values()} - {"cpu", "disk"}) > 1


def weights(module: PreTrainedModel) -> dict[str, Any]:
    """All weights by name, including those that are offloaded."""
    if not offloaded(module):
        return module.state_dict()
    from accelerate.utils.modeling import get_state_dict_offloaded_model

    return get_state_dict_offloaded_model(module)
