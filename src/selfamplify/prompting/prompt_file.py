"""prompt.json, the finished product: what it holds of a prompt, and the prompt that it is read as."""

import json
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING
from warnings import warn

from pydantic import TypeAdapter, ValidationError

from ..arguments import checked_path
from ..errors import DataError, SelfAmplifyWarning
from ..text.documents import read_json, reason
from ..text.lines import counted
from .edited import TEXTS_APART, as_written, record_seal, settled

if TYPE_CHECKING:
    from .prompt import Prompt

FILE_NAME = "prompt.json"
_VERSION = 6
_READABLE = (2, 3, 4, 5, _VERSION)
"""Version 2 has no answer style: its answers are letters. Versions 2 and 3 have a digest of their messages only, and version 4
one of all that it holds, so that an edit of texts can't be told from any other change. Up to version 5, explanations have
seconds."""
_TURNS = TypeAdapter(list[dict[str, str]])
_ADDED = ("version", "messages")
"""What the file holds besides its hashes and the fields of Prompt."""


def document(prompt: "Prompt", adapter: "TypeAdapter[Prompt]") -> str:
    """The contents of prompt.json."""
    data = {"version": _VERSION, "messages": prompt.context} | adapter.dump_python(prompt, mode="json")
    for shot in data["shots"]:
        if shot["explanation"]:
            del shot["explanation"]["cost"]["seconds"]  # a measurement: it would differ from run to run
    data["hashes"] = {"prompt_sha256": prompt.digest(), "record_sha256": record_seal(data, prompt.digest())}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def read(path: str | Path, adapter: "TypeAdapter[Prompt]") -> "Prompt":
    """The prompt of a file or folder: see ``Prompt.load``."""
    file = file_of(path)
    if not file.is_file():
        others = sorted(file.parent.glob("prompts/*.json"))
        if others:
            held = counted(len(others), "prompt")
            raise DataError(f"{file.parent} is a comparison with {held}; name one of them, such as {others[0]}.")
        raise DataError(f"There is no prompt at {file}; make one with `selfamplify build --out {file.parent}`.")
    try:
        data = read_json(file)
        if not isinstance(data, dict):
            raise ValueError("it is not an object")
        if data["version"] not in _READABLE:
            raise DataError(f"{file} has version {data['version']}, and this package reads 2 to {_VERSION}; build it again.")
        hashes, messages = data.pop("hashes"), _TURNS.validate_python(data["messages"])
        if any(turn.keys() != {"role", "content"} for turn in messages):
            raise ValueError("a message is not a role and a content")
        recorded = hashes["prompt_sha256"]
        untouched = as_written(data, hashes)
        prompt = adapter.validate_python({key: value for key, value in data.items() if key not in _ADDED})
        intact = recorded == prompt.digest() and messages == prompt.context
    except DataError:
        raise
    except JSONDecodeError as error:
        raise DataError(
            f"{file} is not JSON (line {error.lineno}, column {error.colno}: {error.msg}); correct it there, or build it again."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise DataError(f"{file} is not a prompt.json of this package ({reason(error)}); build it again.") from error
    if not untouched or (data["version"] < TEXTS_APART and not intact):
        raise DataError(
            f"{file} no longer matches its hashes, so it was edited, and not only in its texts; build it again, or undo "
            f"that and use `selfamplify edit {path}`."
        )
    if intact:
        return prompt
    edited = settled(prompt, messages, recorded, file)
    warn(f"{file} was {edited.edits[-1]}.", SelfAmplifyWarning, stacklevel=3)
    return edited


def file_of(path: str | Path) -> Path:
    """The file of a prompt, or of a folder."""
    path = checked_path("path", path, "runs/mine")
    return path if path.suffix == ".json" else path / FILE_NAME
