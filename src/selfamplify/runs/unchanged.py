"""A run folder goes on with the settings with which it was begun; others are refused, before a model is loaded if possible.

It holds one prompt.json and the results of that prompt, or of a comparison or a study. So what ``build`` and ``tune`` make is
refused to the other, a prompt is refused beside results of others, and these are refused beside a prompt.
"""

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from ..arguments import checked_path
from ..errors import DataError, RunError, SelfAmplifyWarning
from ..prompting.prompt import Prompt
from ..text.lines import argument
from .begun import begun
from .changes import changes

_OTHER = {"prompt": ("tuning", "tune"), "tuning": ("prompt", "build")}
"""What else makes the prompt.json of a folder, and by which command."""


def check_unchanged(out: str | Path, what: str, known: Mapping[str, Any]) -> None:
    """Raise RunError if ``what`` was begun in a folder with other settings than those that are ``known`` without a model, or
    if it does not go together with what else the folder holds.

    The store is only read. Where it can't be, nothing is said: whoever opens it to write does that.
    """
    folder = checked_path("out", out, "runs/mine")
    try:
        held = begun(folder).settings
    except DataError:
        return
    refuse_beside(folder, what, held, known)
    if made := held.get(what):
        refuse_changes(folder, what, {key: made[key] for key in known if key in made}, known)


def check_own(out: str | Path, prompt: Prompt) -> None:
    """Raise RunError if a folder for results of a prompt holds another one, or is to hold one that is not finished.

    The present prompt may be this one edited.
    """
    folder = checked_path("out", out, "runs/mine")
    held = present_prompt(folder)
    if held and prompt.digest() in {held.digest(), *(edit.before for edit in held.edits)}:
        return
    try:
        unfinished = _OTHER.keys() & begun(folder).settings.keys()
    except DataError:
        unfinished = set()
    if held or unfinished:
        which = "another prompt" if held else "a prompt that is not finished"
        raise RunError(
            f"{folder} holds {which}, and these results would be taken for its own; use another folder, as in {_free(folder)}."
        )


def present_prompt(path: Path) -> Prompt | None:
    """The prompt of a folder or file; None if there is none that can be read."""
    try:
        with catch_warnings():
            simplefilter("ignore", SelfAmplifyWarning)
            return Prompt.load(path)
    except DataError:
        return None


def refuse_changes(folder: Path, what: str, made: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise RunError, with the difference, if ``what`` was made in a folder with other settings than are wanted."""
    if changed := changes(made, json.loads(json.dumps(wanted))):
        raise RunError(
            f"The {what} in {folder} {'were' if what == 'results' else 'was'} started with other settings "
            f"({'; '.join(changed)}); use those settings again, or another folder, as in {_free(folder)}."
        )


def refuse_beside(folder: Path, what: str, held: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Any]) -> None:
    """Raise RunError if ``what``, with the settings that are ``wanted``, does not go together with what else a folder holds.

    ``held`` has the settings of all that was begun there.
    """
    other, command = _OTHER.get(what, ("", ""))
    results = held.get("results")
    if other in held:
        reason = f"was made by `selfamplify {command}`, whose prompt would be replaced"
    elif what in _OTHER and what not in held and results is not None and not _are_of(results, folder):
        reason = f"holds results of `selfamplify {results.get('command')}`, which do not belong to this prompt"
    elif what == "results" and wanted.get("command") in ("compare", "faithfulness") and _OTHER.keys() & held.keys():
        reason = "holds a prompt, to which these results do not belong"
    else:
        return
    raise RunError(f"{folder} {reason}; use another folder, as in {_free(folder)}.")


def _are_of(results: Mapping[str, Any], folder: Path) -> bool:
    """Whether results are of the prompt of their folder."""
    prompt = present_prompt(folder)
    return prompt is not None and results.get("prompt_sha256") == prompt.digest()


def _free(folder: Path) -> str:
    """The argument for a folder beside this one that does not exist: `` `out="runs/mine-2"` ``."""
    named = folder if folder.name not in ("", "..") else folder.resolve()
    tried = (named.with_name(f"{named.name}-{number}") for number in count(2))
    return argument("out", str(next(each for each in tried if not each.exists())))
