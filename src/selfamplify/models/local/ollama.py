"""Models in Ollama's store on this machine: ``ollama:NAME`` or ``ollama:NAME:TAG``.

A manifest, ``manifests/HOST/NAMESPACE/NAME/TAG``, lists the layers of a model; the layer that holds its weights names a GGUF
file in ``blobs/``. See https://github.com/ollama/ollama/blob/main/types/model/name.go.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from ...errors import ModelError
from ...text.lines import shortened

PREFIX = "ollama:"
_DEFAULTS = ("registry.ollama.ai", "library")
_WEIGHTS = "application/vnd.ollama.image.model"
_ADAPTER = "application/vnd.ollama.image.adapter"


def stored(name: str) -> Path:
    """The GGUF file of a model in the store.

    Parameters
    ----------
    name : str
        ``"ollama:llama3.2"``, ``"ollama:llama3.2:1b"``, ``"ollama:user/name"`` or ``"ollama:hf.co/org/name:Q4_K_M"``.

    Returns
    -------
    Path

    Raises
    ------
    ModelError
        If there is no store, no such model in it, or if its weights are not in one GGUF file.
    """
    store = _store()
    manifest = store / "manifests" / _place(name.removeprefix(PREFIX))
    if not manifest.is_file():
        raise ModelError(_unknown(name, store))
    try:
        layers = [_layer(each) for each in json.loads(manifest.read_text(encoding="utf-8"))["layers"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{manifest} is not a manifest of Ollama; run: ollama pull {name.removeprefix(PREFIX)}") from error
    if any(kind == _ADAPTER for kind, _ in layers):
        raise ModelError(f"{name} consists of a model and an adapter, which only Ollama can join; {_served()}.")
    weights = [store / "blobs" / digest.replace(":", "-") for kind, digest in layers if kind == _WEIGHTS]
    if len(weights) != 1:
        raise ModelError(f"{name} has its weights in {len(weights)} GGUF files in place of one; {_served()}.")
    if not weights[0].is_file():
        raise ModelError(f"The weights of {name} are not in {store}; run: ollama pull {name.removeprefix(PREFIX)}")
    return weights[0]


def _store() -> Path:
    """The folder of Ollama's models: the one that it is told to use, a user's, or that of its Linux service."""
    told = os.environ.get("OLLAMA_MODELS")
    places = [Path(told)] if told else [Path.home() / ".ollama/models", Path("/usr/share/ollama/.ollama/models")]
    found = next((place for place in places if (place / "manifests").is_dir()), None)
    if found is None:
        raise ModelError(
            f"There are no models of Ollama in {' or '.join(map(str, places))}; set OLLAMA_MODELS to its folder of models, "
            f"or {_served()}."
        )
    return found


def _place(name: str) -> Path:
    """The manifest's path in the store: host, namespace, name and tag, of which only the name must be given."""
    path, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
    parts = path.split("/")
    return Path(*_DEFAULTS[: max(0, 3 - len(parts))], *parts, tag)


def _layer(layer: Any) -> tuple[str, str]:
    """The kind and the digest of a layer. Raises ValueError for a digest that is none: it names a file."""
    kind, digest = str(layer["mediaType"]), str(layer["digest"])
    if not re.fullmatch(r"sha256[:-][0-9a-f]+", digest):
        raise ValueError("no digest")
    return kind, digest


def _unknown(name: str, store: Path) -> str:
    names = sorted(map(_short, (file.relative_to(store / "manifests") for file in (store / "manifests").glob("*/*/*/*"))))
    there = f"it has {shortened(', '.join(PREFIX + each for each in names), 300)}" if names else "it is empty"
    return f"There is no {name} in {store}; {there}; run: ollama pull {name.removeprefix(PREFIX)}"


def _short(manifest: Path) -> str:
    """The name of a model as Ollama lists it."""
    host, namespace, name, tag = manifest.parts
    shown = (host, namespace, name) if host != _DEFAULTS[0] else (namespace, name) if namespace != _DEFAULTS[1] else (name,)
    return f"{'/'.join(shown)}:{tag}"


def _served() -> str:
    return 'let Ollama serve it, and use `load_server("http://localhost:11434")`'
