"""``load_model``: a folder or a hub name becomes a model; what can't be loaded safely is refused, and says why."""

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from ... import demo
from ...errors import ModelError, SettingsError
from ...network import hub_answers
from ...text.lines import first_line
from .model import LocalModel
from .placing import check_placing, keep_differentiable, placing
from .quiet import quiet

EMBEDDED = "embedded"
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def load_model(
    name: str | Path = EMBEDDED,
    *,
    dtype: str = "auto",
    device: str = "auto",
    batch_tokens: int | None = None,
    window: int | None = None,
    device_map: str | None = None,
    quantize: str | None = None,
) -> LocalModel:
    """Load a causal language model: ``"embedded"`` (the one in this package), a local folder, or a Hugging Face hub name.

    ``dtype`` is ``"auto"`` (float32 on a CPU, the checkpoint's own on a GPU), ``"float32"``, ``"bfloat16"`` or
    ``"float16"``; ``device`` is ``"auto"`` (the first GPU if there is one), ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
    ``batch_tokens`` bounds the tokens that are run at once: 8,192 on a CPU and 32,768 elsewhere, unless it is given;
    ``window`` the questions that are answered together: 64 on a CPU and 512 elsewhere. ``device_map`` (``"auto"``) spreads a
    model over the devices and, where they are too small, offloads layers, by accelerate; ``quantize`` (``"8bit"``, ``"4bit"``)
    holds its weights in so many bits, by bitsandbytes. Only safetensors weights are read and no code of the model's repository
    is run. Raises ModelError if the model can't be loaded, SettingsError for an unknown dtype or device.
    """
    place = _device(device)
    precision = _dtype(dtype, place)
    check_placing(device_map, quantize)
    if device_map and device != "auto":
        raise SettingsError(f"A device map chooses the devices; leave --device {device} or --device-map out.")
    told = placing(place, device_map, quantize)
    source = Path(demo.__file__).parent if str(name) == EMBEDDED else Path(name).expanduser()
    if source.is_dir():
        _check_folder(source)
    elif str(name).startswith((".", "/", "~")) or str(name).count("/") > 1 or ("/" in str(name) and source.parent.is_dir()):
        raise ModelError(
            f"There is no model folder at {name}; give a folder with a config.json, or a hub name such as org/model."
        )
    where = str(source) if source.is_dir() else str(name)
    offline = source.is_dir() or not hub_answers()
    common = {"trust_remote_code": False, "local_files_only": offline}
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(where, **common)
            module, report = AutoModelForCausalLM.from_pretrained(  # pyright: ignore
                where, dtype=precision, use_safetensors=True, output_loading_info=True, **common, **told
            )
        module = module if told else module.to(place)
        keep_differentiable(module)
    except torch.OutOfMemoryError as error:
        raise ModelError(
            f"The model {name} does not fit the memory of {place}; use --dtype bfloat16, --quantize 4bit, --device-map auto "
            f"or --device cpu."
        ) from error
    except Exception as error:  # a damaged or foreign checkpoint may raise anything
        raise ModelError(
            f"The model {name} could not be loaded ({first_line(error)}); give a local folder with config.json, "
            f"tokenizer.json and *.safetensors, or a hub name while there is a network."
        ) from error
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:3])
        raise ModelError(f"The weights of {name} are incomplete ({missing} missing); download or save the model again.")
    return LocalModel(module, tokenizer, _label(name), batch_tokens, window)


def _label(name: str | Path) -> str:
    path = Path(name).expanduser()
    return path.resolve().name if path.is_dir() else str(name)


def _device(device: str) -> torch.device:
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        place = torch.device(device)
    except RuntimeError as error:
        raise SettingsError(f"There is no device '{device}'; use --device auto, cpu, cuda, cuda:1 or mps.") from error
    usable = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (place.index or 0) >= usable.get(place.type, 0):
        raise SettingsError(f"This machine has no device '{device}' that torch can use; use --device cpu.")
    return place


def _dtype(dtype: str, place: torch.device) -> torch.dtype | str:
    if dtype == "auto":
        return torch.float32 if place.type == "cpu" else "auto"
    if dtype not in DTYPES:
        raise SettingsError(f"There is no dtype '{dtype}'; use --dtype auto, {', '.join(DTYPES)}.")
    return DTYPES[dtype]


def _check_folder(folder: Path) -> None:
    """Refuse, before transformers sees it, what it would answer with a question, a traceback or a random model."""
    file = folder / "config.json"
    if not file.is_file():
        raise ModelError(
            f"{folder} has no config.json, so it is no transformers model; give the folder that save_pretrained wrote."
        )
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{file} is no JSON; download or save the model again.") from error
    if not isinstance(config, dict):
        raise ModelError(f"{file} is no model's configuration; download or save the model again.")
    if config.get("auto_map") and config.get("model_type") not in CONFIG_MAPPING:
        raise ModelError(
            f"{folder} wants to run its own code (auto_map), which is never done; use a model of a transformers class."
        )
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"{folder} has no *.safetensors weights (pickle files such as pytorch_model.bin are never read); "
            f"save it again with model.save_pretrained(folder)."
        )
    if not (folder / "tokenizer.json").is_file() and not (folder / "tokenizer_config.json").is_file():
        raise ModelError(f"{folder} has no tokenizer; save it there with tokenizer.save_pretrained(folder).")
