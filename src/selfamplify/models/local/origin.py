"""Where a model is loaded from: what a name stands for, checked before anything is loaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from ...errors import ModelError, SettingsError
from ...names import NAMES, find
from ...network import hub_answers
from ...text.documents import read_json, reason
from ...text.lines import counted, first_line, one_line, shortened
from . import gguf, ollama
from .named import place

EMBEDDED = "embedded"
_LAYERS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers")
"""What configurations call the number of layers."""
_USUAL_LAYERS = 200
"""So many are built without looking at the weights first."""


@dataclass(frozen=True)
class Origin:
    """A folder, a GGUF file, or a repository on the hub.

    Parameters
    ----------
    source
        The folder, the file, or the name on the hub.
    file
        The GGUF file, if it is one.
    """

    source: str
    file: gguf.GgufFile | None = None

    @property
    def arguments(self) -> dict[str, bool]:
        """The arguments of transformers' loading functions that depend on it."""
        return {"trust_remote_code": False, "local_files_only": Path(self.source).exists() or not hub_answers()}


def origin(name: object) -> Origin:
    """Where the model of this name is. Raises SettingsError for an invalid name, ModelError for one that leads to no model."""
    if not isinstance(name, str | Path) or not str(name).strip():
        raise SettingsError(
            f"The name of a model must be a text or a path, not {shortened(one_line(repr(name)), 60)}; "
            f'use `load_model("embedded")`, a folder, a GGUF file, or a hub name such as `load_model("org/model")`.'
        )
    path = local_path(name)
    if path is None:
        return Origin(str(name))
    if path.is_file():
        return Origin(str(path), gguf.checked(path))
    _check_folder(path)
    return Origin(str(path))


def local_path(name: str | Path) -> Path | None:
    """The folder or the GGUF file that a name stands for; None for a name on the hub. Raises ModelError if there is none."""
    if str(name) in NAMES["model"]:
        return place(str(name), find("model", str(name)))
    if str(name).startswith(ollama.PREFIX):
        return ollama.stored(str(name))
    path = Path(name).expanduser()
    if path.is_dir():
        return gguf.only_gguf(path) or path
    if path.is_file():
        return path
    if str(name).endswith(".gguf"):
        raise ModelError(f"There is no file {name}; give the path of a GGUF file.")
    if str(name).startswith((".", "/", "~")) or str(name).count("/") > 1 or ("/" in str(name) and path.parent.is_dir()):
        raise ModelError(
            f"There is no model folder at {name}; give a folder with a config.json, a GGUF file, or a hub name such as "
            f"org/model."
        )
    return None


def label(name: str | Path) -> str:
    """The name that a loaded model shows."""
    path = _existing(name)
    return path.name if path else str(name)


def absolute(name: str | Path) -> str:
    """The name as processes with another working directory need it."""
    return str(_existing(name) or name)


def _existing(name: str | Path) -> Path | None:
    """The folder or file at a path, resolved; None if the name is no path, or nothing is there."""
    path = Path(name).expanduser()
    return path.resolve() if str(name) not in NAMES["model"] and path.exists() else None


def _check_folder(folder: Path) -> None:
    """Refuse a folder for which transformers would ask a question, raise a traceback, or make a random model."""
    file = folder / "config.json"
    if not file.is_file():
        raise ModelError(
            f"{folder} has no config.json and no GGUF file, so it is not a model; give a folder that `save_pretrained` wrote."
        )
    try:
        config = read_json(file)
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} is not valid JSON ({reason(error)}); download or save the model again.") from error
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
    _check_layers(file, config)
    if not (folder / "tokenizer.json").is_file() and not (folder / "tokenizer_config.json").is_file():
        raise ModelError(f"{folder} has no tokenizer; save it there with `tokenizer.save_pretrained(folder)`.")


def _check_layers(file: Path, config: dict[str, Any]) -> None:
    """Refuse a configuration with more layers than there are weights: building them all would take hours."""
    nested = [config, *(each for each in config.values() if isinstance(each, dict))]
    claimed = max((own[name] for own in nested for name in _LAYERS if isinstance(own.get(name), int)), default=0)
    if claimed <= _USUAL_LAYERS:
        return
    tensors = 0
    for weights in file.parent.glob("*.safetensors"):
        try:
            with safe_open(weights, "numpy") as opened:
                tensors += len(opened.keys())
        except Exception as error:  # safetensors' own errors have no common type
            raise ModelError(f"{weights} can't be read ({first_line(error)}); download or save the model again.") from error
    if claimed > tensors:
        raise ModelError(
            f"{file} names {claimed:,} layers, and the weights hold {counted(tensors, 'tensor')}; download or save the model "
            f"again."
        )
