"""GGUF files: which of them can be read here, checked before anything slow is done.

A file is a header (settings, the tokenizer, and the place of each tensor) and the tensors, quantised or not. See
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import ModelError, SettingsError
from ...text.lines import first_line

_MAGIC = b"GGUF"
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_NEEDED = ("gguf", "accelerate")
"""What transformers needs for GGUF files."""


@dataclass(frozen=True)
class GgufFile:
    """A GGUF file of an architecture that transformers reads.

    Parameters
    ----------
    path
        The file, absolute.
    settings
        Its settings, such as ``"llama.context_length"``; lists of texts are only counted.
    """

    path: Path
    settings: dict[str, Any]

    @property
    def architecture(self) -> str:
        return self.settings["general.architecture"]


def only_gguf(folder: Path) -> Path | None:
    """The GGUF file of a folder without other weights; None if there is none. Raises ModelError if there are several."""
    files = [] if any(folder.glob("*.safetensors")) else sorted(folder.glob("*.gguf"))
    if len(files) > 1 and not _PART.search(files[0].name):
        names = ", ".join(file.name for file in files)
        raise ModelError(f'{folder} holds {len(files)} GGUF files ({names}); give one of them: `load_model("{files[0]}")`.')
    return files[0] if files else None


def checked(path: Path) -> GgufFile:
    """The file at ``path``.

    Raises
    ------
    ModelError
        If it is no GGUF file, is cut short in its header, is a part of a split model, or of an architecture that transformers
        can't read from such a file.
    SettingsError
        If a package is missing.
    """
    from transformers.integrations.gguf.reader import read_gguf_metadata

    path = path.resolve()
    _check_kind(path)
    try:
        settings, _ = read_gguf_metadata(str(path))
    except Exception as error:  # a damaged file may raise anything
        raise cut_short(path, error) from error
    _check_readable(path, settings)
    missing = [package for package in _NEEDED if find_spec(package) is None]
    if missing:
        raise SettingsError(f"The package {missing[0]} is not installed; run: pip install 'selfamplify[gguf]'")
    return GgufFile(path, settings)


def cut_short(path: Path, error: Exception) -> ModelError:
    """The error for a file that ends too early, or holds something else than it says."""
    return ModelError(f"{path} is cut short or damaged ({first_line(error)}); download it again.")


def serve(path: Path) -> str:
    """What to do with a file that only llama.cpp can read."""
    return f'serve it with llama.cpp (llama-server -m {path.name}), and use `load_server("http://localhost:8080")`'


def _check_kind(path: Path) -> None:
    with path.open("rb") as file:
        magic = file.read(len(_MAGIC))
    if magic != _MAGIC:
        raise ModelError(
            f"{path} is not a GGUF file; give a GGUF file or a folder that `save_pretrained` wrote, or serve the model with "
            f'another program, and use `load_server("http://localhost:8080")`.'
        )


def _check_readable(path: Path, settings: dict[str, Any]) -> None:
    from transformers.integrations.gguf.gguf_conversion_mapping import GGUF_ARCHS
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    part = _PART.search(path.name)
    if part or settings.get("split.count", 1) > 1:
        which = f"part {int(part[1])} of {int(part[2])}" if part else "one part"
        raise ModelError(
            f"{path.name} is {which} of a model, and transformers reads whole ones only; join the parts with llama.cpp "
            f"(llama-gguf-split --merge), or {serve(path)}."
        )
    architecture = settings["general.architecture"]
    if _plain(architecture) not in map(_plain, (*GGUF_SUPPORTED_ARCHITECTURES, *GGUF_ARCHS)):
        raise ModelError(
            f"{path.name} is a model of the architecture {architecture}, which transformers can't read from a GGUF file; "
            f"{serve(path)}."
        )


def _plain(architecture: str) -> str:
    """An architecture's name as both llama.cpp and transformers may write it."""
    return architecture.replace("-", "").replace("_", "")
