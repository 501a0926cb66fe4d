"""``load_model``: a name or a folder becomes a model; whatever can't be loaded safely is refused with a reason."""

import json
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from ... import demo
from ...arguments import check_whole
from ...errors import ModelError, SettingsError
from ...network import hub_answers
from ...text.lines import argument, first_line, one_line, shortened
from ..model import AbstractLanguageModel
from .model import LocalModel
from .placing import DeviceMap, Quantization, check_choice, check_placement, keep_differentiable, placement_arguments
from .quiet import quiet

EMBEDDED = "embedded"
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


def load_model(
    name: str | Path = EMBEDDED,
    *,
    dtype: Dtype = "auto",
    device: str = "auto",
    batch_tokens: int | None = None,
    window: int | None = None,
    device_map: DeviceMap | None = None,
    quantize: Quantization | None = None,
) -> LocalModel:
    """Load a causal language model: the one in this package, a local folder, or one from the Hugging Face hub.

    Only safetensors weights are read, and no code of the model's repository is run.

    Parameters
    ----------
    name : str or Path, default "embedded"
        ``"embedded"`` (the small model in this package), a local folder that ``save_pretrained`` wrote, or a name on the
        Hugging Face hub such as ``"org/model"``.
    dtype : {"auto", "float32", "bfloat16", "float16"}, default "auto"
        Precision of the weights. ``"auto"`` is float32 on a CPU, and the checkpoint's own precision elsewhere.
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
        Store each weight in 8 or 4 bits. Needs bitsandbytes.

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
    _check_name(name)
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
    options = placement_arguments(target, device_map, quantize) | {"dtype": _dtype(dtype, target)}
    module, tokenizer = _loaded(name, target, options)
    return LocalModel(module, tokenizer, label(name), batch_tokens, window)


def as_model(model: object, what: str = "model") -> AbstractLanguageModel:
    """The model that an argument stands for: a model as it is, or the model of a name or a folder.

    Parameters
    ----------
    model : AbstractLanguageModel, str or Path
        A model, or what ``load_model`` takes as a name.
    what : str, default "model"
        What the argument is called in an error.

    Returns
    -------
    AbstractLanguageModel

    Raises
    ------
    SettingsError
        If ``model`` is anything else, such as a class, a module of transformers, or None.
    ModelError
        If the named model can't be loaded.
    """
    if isinstance(model, AbstractLanguageModel):
        return model
    if isinstance(model, str | Path):
        return load_model(model)
    if isinstance(model, torch.nn.Module):
        raise SettingsError(
            f"The {what} is a {type(model).__name__} without its tokenizer; save both with `save_pretrained(folder)`, and use "
            f'`load_model("folder")`.'
        )
    shown = f"the class {model.__name__}" if isinstance(model, type) else shortened(one_line(repr(model)), 60)
    raise SettingsError(f'The {what} is {shown}, which is not a model; use `load_model("org/model")`, or give the name itself.')


def load_tokenizer(name: str | Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model, without its weights; ``name`` is as for ``load_model``.

    Raises SettingsError for an invalid name, ModelError if there is no such model, or its tokenizer can't be loaded.
    """
    _check_name(name)
    return _tokenizer(name, *_origin(name))


def _loaded(name: str | Path, device: torch.device, options: dict[str, Any]) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model and the tokenizer, on their devices. Raises ModelError if they can't be loaded, or not completely."""
    source, common = _origin(name)
    tokenizer = _tokenizer(name, source, common)
    try:
        with quiet():
            module, report = AutoModelForCausalLM.from_pretrained(  # pyright: ignore
                source, use_safetensors=True, output_loading_info=True, **common, **options
            )
        module = module if "device_map" in options else module.to(device)
        keep_differentiable(module)
    except torch.OutOfMemoryError as error:
        raise ModelError(
            f'The model {name} does not fit in the memory of {device}; use `dtype="bfloat16"`, `quantize="4bit"`, '
            f'`device_map="auto"` or `device="cpu"`.'
        ) from error
    except Exception as error:  # a damaged or foreign checkpoint may raise anything
        raise _not_loaded(name, error) from error
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:3])
        raise ModelError(f"The weights of {name} are incomplete ({missing} missing); download or save the model again.")
    return module, tokenizer


def _tokenizer(name: str | Path, source: str, common: dict[str, bool]) -> PreTrainedTokenizerBase:
    try:
        with quiet():
            return AutoTokenizer.from_pretrained(source, **common)
    except Exception as error:  # as for the weights
        raise _not_loaded(name, error) from error


def _not_loaded(name: str | Path, error: Exception) -> ModelError:
    return ModelError(
        f"The model {name} could not be loaded ({first_line(error)}); give a local folder with config.json, "
        f"tokenizer.json and *.safetensors, or a name on the Hugging Face hub while there is a network connection."
    )


def _origin(name: str | Path) -> tuple[str, dict[str, bool]]:
    """Where to load from, and the arguments of transformers' loading functions that depend on it."""
    source = _source(name)
    return source, {"trust_remote_code": False, "local_files_only": Path(source).is_dir() or not hub_answers()}


def _source(name: str | Path) -> str:
    """The folder or the hub name to load from. Raises ModelError for a folder that is missing or holds no usable model."""
    folder = Path(demo.__file__).parent if str(name) == EMBEDDED else Path(name).expanduser()
    if folder.is_dir():
        _check_folder(folder)
        return str(folder)
    if str(name).startswith((".", "/", "~")) or str(name).count("/") > 1 or ("/" in str(name) and folder.parent.is_dir()):
        raise ModelError(
            f"There is no model folder at {name}; give a folder with a config.json, or a hub name such as org/model."
        )
    return str(name)


def label(name: str | Path) -> str:
    """The name that a loaded model shows."""
    path = Path(name).expanduser()
    return path.resolve().name if path.is_dir() else str(name)


def _check_name(name: object) -> None:
    if not isinstance(name, str | Path) or not str(name).strip():
        raise SettingsError(
            f"The name of a model must be a text or a path, not {shortened(one_line(repr(name)), 60)}; "
            f'use `load_model("embedded")`, a folder, or a hub name such as `load_model("org/model")`.'
        )


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


def _check_folder(folder: Path) -> None:
    """Refuse a folder for which transformers would ask a question, raise a traceback, or make a random model."""
    file = folder / "config.json"
    if not file.is_file():
        raise ModelError(
            f"{folder} has no config.json, so it is not a transformers model; give a folder that `save_pretrained` wrote."
        )
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{file} is not valid JSON; download or save the model again.") from error
    if not isinstance(config, dict):
        raise ModelError(f"{file} is not the configuration of a model; download or save the model again.")
    if config.get("auto_map") and config.get("model_type") not in CONFIG_MAPPING:
        raise ModelError(
            f"{folder} needs code of its own (auto_map in config.json), which is never run; use a model whose class is part of "
            f"transformers."
        )
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"{folder} has no *.safetensors weights (pickle files such as pytorch_model.bin are never read); "
            f"save it again with `model.save_pretrained(folder)`."
        )
    if not (folder / "tokenizer.json").is_file() and not (folder / "tokenizer_config.json").is_file():
        raise ModelError(f"{folder} has no tokenizer; save it there with `tokenizer.save_pretrained(folder)`.")
