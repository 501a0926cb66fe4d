"""prompt.json, the finished product: what it holds of a prompt, and the prompt that it is read as."""

import json
from collections.abc import Callable, Mapping
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from ..arguments import checked_path
from ..errors import DataError
from ..text.documents import read_json, reason, version_remedy
from ..text.lines import counted
from ..text.sealing import seal
from .demonstrations import Demonstrations
from .edited import Edited, settled

FILE_NAME = "prompt.json"
_VERSION = 6
_READABLE = (2, 3, 4, 5, _VERSION)
"""Version 2 has no answer style: its answers are letters. Versions 2 and 3 have a digest of their messages only, and version 4
one of all that it holds, so that an edit of texts can't be told from any other change. Up to version 5, explanations have
seconds."""
_TURNS = TypeAdapter(list[dict[str, str]])
_ADDED = ("version", "messages")
"""What the file holds besides its hashes and the fields of Prompt."""
_TEXTS_APART = 5
"""From this version on, texts and all else have a digest each, so that an edit of texts is told as one."""
Made = TypeVar("Made")


def document(fields: dict[str, Any], shown: Demonstrations) -> str:
    """The contents of prompt.json, from the fields of a prompt, as JSON has them, and what it shows."""
    data = {"version": _VERSION, "messages": shown.context} | fields
    for shot in data["shots"]:
        if shot["explanation"]:
            del shot["explanation"]["cost"]["seconds"]  # a measurement: it would differ from run to run
    data["hashes"] = {"prompt_sha256": shown.digest(), "record_sha256": record_seal(data, shown.digest())}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def read(
    path: str | Path, made_of: Callable[[dict[str, Any]], Made], shown_by: Callable[[Made], Demonstrations]
) -> tuple[Made, Edited | None]:
    """The prompt of a file or folder (see ``Prompt.load``), and how its texts were edited there, if they were.

    Parameters
    ----------
    path
        The file, or its folder.
    made_of : callable
        Makes a prompt of its fields.
    shown_by : callable
        What a prompt shows.
    """
    file = file_of(path)
    if not file.is_file():
        raise _missing(file)
    try:
        data = read_json(file)
        if not isinstance(data, dict):
            raise ValueError("it is not an object")
        if data["version"] not in _READABLE:
            remedy = version_remedy(data["version"], _VERSION, "build it again")
            raise DataError(f"{file} has version {data['version']}, and this package reads 2 to {_VERSION}; {remedy}.")
        hashes, messages = data.pop("hashes"), _TURNS.validate_python(data["messages"])
        if any(turn.keys() != {"role", "content"} for turn in messages):
            raise ValueError("a message is not a role and a content")
        recorded = hashes["prompt_sha256"]
        untouched = _as_written(data, hashes)
        prompt = made_of({key: value for key, value in data.items() if key not in _ADDED})
        shown = shown_by(prompt)
        intact = recorded == shown.digest() and messages == shown.context
    except DataError:
        raise
    except JSONDecodeError as error:
        raise DataError(
            f"{file} is not JSON (line {error.lineno}, column {error.colno}: {error.msg}); correct it there, or build it again."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise DataError(f"{file} is not a prompt.json of this package ({reason(error)}); build it again.") from error
    if not untouched or (data["version"] < _TEXTS_APART and not intact):
        raise DataError(
            f"{file} no longer matches its hashes, so it was edited, and not only in its texts; build it again, or undo "
            f"that and use `selfamplify edit {path}`."
        )
    return prompt, settled(shown, messages, recorded, file)


def _missing(file: Path) -> DataError:
    folder = file.parent
    if folder.is_file():
        return DataError(f"{folder} is not a prompt; give the folder of one, or its prompt.json.")
    if others := sorted(folder.glob("prompts/*.json")):
        held = counted(len(others), "prompt")
        return DataError(f"{folder} is a comparison with {held}; name one of them, such as {others[0]}.")
    if folder.name == "prompts" and (others := sorted(folder.glob("*.json"))):
        return DataError(f"There is no prompt at {file}; name one of the {len(others)} in that folder, such as {others[0]}.")
    return DataError(
        f"There is no prompt at {file}; check the path, or make one with "
        f"`selfamplify build --model MODEL --data FILE --out {file.parent}`."
    )


def record_seal(data: Mapping[str, Any], prompt_sha256: str) -> str:
    """The digest of all that a file says of a prompt besides its texts, and of the digest of its texts."""
    return seal([_without_texts(data), prompt_sha256])


def _without_texts(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data without the texts that may be edited: the record, in which every change is a forgery."""
    shots = [
        {**shot, "reply": "", "question": {**asked, "text": "", "choices": [each["label"] for each in asked["choices"]]}}
        for shot in data["shots"]
        for asked in [shot["question"]]
    ]
    return {**data, "messages": [], "instruction": "", "system": "", "prefill": "", "shots": shots}


def _as_written(data: Mapping[str, Any], hashes: Mapping[str, str]) -> bool:
    """Whether a file matches its hashes, but for the texts if these have a digest of their own."""
    if data["version"] >= _TEXTS_APART:
        return hashes["record_sha256"] == record_seal(data, hashes["prompt_sha256"])
    return data["version"] < 4 or hashes["file_sha256"] == seal(data)


def file_of(path: str | Path) -> Path:
    """The file of a prompt, or of a folder."""
    path = checked_path("path", path, "runs/mine")
    return path if path.suffix == ".json" else path / FILE_NAME
