"""``selfamplify edit``: the texts of a prompt in the user's own text editor."""

import os
import shlex
import subprocess
from pathlib import Path
from typing import Annotated

import selfamplify

from ..errors import RunError, SettingsError
from ..importing.labels import contradictions
from ..prompting.texts import differences
from ..runs.editing import Editing
from . import options
from .screen import say, stderr


def edit(path: Annotated[Path, options.path_argument("PATH", "A run folder, or a prompt.json.")]) -> None:
    """Edit the instruction, questions and replies of a prompt in $VISUAL or $EDITOR; the original is kept."""
    editing = Editing.of(path)
    command = _editor()
    if editing.begin():
        say(f"note: {editing.form_file} is left from an edit that could not be read, and is opened again.", console=stderr)
    _run(command, editing)
    if editing.cancelled():
        say("The file was emptied, so the edit was cancelled; the prompt is unchanged.")
        return
    texts = editing.read()
    edited = editing.finish(texts)
    if edited is editing.prompt:
        say("Nothing was changed, and nothing is written.")
        return
    for line in differences(editing.prompt.texts, texts):
        say(line)
    _note(editing, edited)


def _editor() -> list[str]:
    """The command of the user's editor. Raises SettingsError if there is none."""
    try:
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    except ValueError as error:
        raise SettingsError(f"$VISUAL or $EDITOR is not a command ({error}); set it, as in: export EDITOR=nano") from error
    if not command:
        raise SettingsError("Neither $VISUAL nor $EDITOR is set; set one of them to your editor, as in: export EDITOR=nano")
    return command


def _run(command: list[str], editing: Editing) -> None:
    """Have the form edited. Raises RunError if the editor fails; a form that it has not changed is taken away."""
    file = editing.form_file
    try:
        code = subprocess.run([*command, str(file)], check=False).returncode  # nosec B603 # the user's own editor
        failed = f"ended with code {code}" if code else ""
    except OSError as error:
        failed = f"can't be run ({error.strerror})"
    if not file.is_file():
        raise RunError(f"The editor {shlex.join(command)} left no file {file}; save the text under that name.")
    if failed:
        kept = f"your text is kept in {file}, and opened again by the next edit"
        if editing.unchanged():
            file.unlink()
            kept = "nothing was changed"
        raise RunError(f"The editor {shlex.join(command)} {failed}, and {kept}; set $VISUAL or $EDITOR to one that works.")


def _note(editing: Editing, edited: "selfamplify.Prompt") -> None:
    """Say what follows from an edit."""
    from ..runs.table import FILE_NAME as RESULTS  # heavy

    if editing.prompt.shots and not edited.shots:
        say("note: no shot is left, so the prompt asks without examples.", console=stderr)
    last = edited.edits[-1]
    if last.lost_evidence:
        say("note: the evidence of tune describes the prompt before the edit, and was left out.", console=stderr)
    if (editing.file.parent / RESULTS).is_file():
        say(
            "note: the results beside it belong to the prompt before the edit; evaluate the edited one with another --out.",
            console=stderr,
        )
    if (editing.file.parent / "exported").is_dir():
        say("note: the exported files hold the prompt before the edit; export it again.", console=stderr)
    for note in contradictions(edited):
        say(f"note: {note}", console=stderr)
    say(f"wrote {editing.file}; the prompt before its first edit is in {editing.original}")
