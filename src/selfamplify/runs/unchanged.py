"""A run folder goes on with the settings with which it was begun; others are refused, before a model is loaded if possible.

It holds one prompt.json, so what ``build`` and ``tune`` make there is refused to the other, too; and both are refused where
there are results of another prompt.
"""

import json
from collections.abc import Mapping
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
            f"({'; '.join(changed)}); use those settings again, or another folder, as in {free_folder(folder)}."
        )


def refuse_replacing(folder: Path, what: str, held: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise RunError if a prompt would replace that of another command, or stand beside results that are not its own.

    ``held`` has the settings of all that was begun in the folder.
    """
    if what not in _OTHER:
        return
    other, command = _OTHER[what]
    if other in held:
        reason = f"was made by `selfamplify {command}`, whose prompt would be replaced"
    elif what not in held and "results" in held:
        reason = f"holds results of `selfamplify {held['results'].get('command')}`, which are not of this prompt"
    else:
        return
    raise RunError(f"{folder} {reason}; use another folder, as in {free_folder(folder)}.")


def free_folder(folder: Path) -> str:
    """The argument for a folder beside this one that does not exist: `` `out="runs/mine-2"` ``."""
    named = folder if folder.name not in ("", "..") else folder.resolve()
    tried = (named.with_name(f"{named.name}-{number}") for number in count(2))
    return argument("out", str(next(each for each in tried if not each.exists())))
