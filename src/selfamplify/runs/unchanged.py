"""A run folder goes on with the settings with which it was begun; others are refused, before a model is loaded if possible.

It holds one prompt.json, so what ``build`` and ``tune`` make there is refused to the other, too.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from ..arguments import checked_path
from ..errors import DataError, RunError
from ..text.lines import argument
from .begun import begun
from .changes import changes

_OTHER = {"prompt": ("tuning", "tune"), "tuning": ("prompt", "build")}
"""What else makes the prompt.json of a folder, and by which command."""


def check_unchanged(out: str | Path, what: str, known: Mapping[str, Any]) -> None:
    """Raise RunError if ``what`` was begun in a folder with other settings than those that are ``known`` without a model, or
    if it would replace the prompt of another command.

    The store is only read. Where it can't be, nothing is said: whoever opens it to write does that.
    """
    folder = checked_path("out", out, "runs/mine")
    try:
        held = begun(folder).settings
    except DataError:
        return
    refuse_replacing(folder, what, held)
    if made := held.get(what):
        refuse_changes(folder, what, {key: made[key] for key in known if key in made}, known)


def refuse_changes(folder: Path, what: str, made: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise RunError, with the difference, if ``what`` was made in a folder with other settings than are wanted."""
    if changed := changes(made, json.loads(json.dumps(wanted))):
        raise RunError(
            f"The {what} in {folder} {'were' if what == 'results' else 'was'} started with other settings "
            f"({'; '.join(changed)}); use those settings again, or another folder, as in {argument('out', str(_free(folder)))}."
        )


def refuse_replacing(folder: Path, what: str, held: Iterable[str]) -> None:
    """Raise RunError if the prompt of a folder, in which all that it ``held`` was begun, is another command's than ``what``."""
    other, command = _OTHER.get(what, ("", ""))
    if other in held:
        raise RunError(
            f"{folder} was made by `selfamplify {command}`, whose prompt would be replaced; use another folder, as in "
            f"{argument('out', str(_free(folder)))}."
        )


def _free(folder: Path) -> Path:
    """A folder beside this one that does not exist: ``runs/mine-2``."""
    named = folder if folder.name not in ("", "..") else folder.resolve()
    tried = (named.with_name(f"{named.name}-{number}") for number in count(2))
    return next(each for each in tried if not each.exists())
