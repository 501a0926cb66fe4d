"""Why a folder has no prompt: it holds results of one from elsewhere, or what was begun there is not finished."""

from pathlib import Path

from ..errors import DataError
from ..prompting.prompt import Prompt
from ..prompting.prompt_file import FILE_NAME
from .begun import Begun, begun
from .run_toml import tables


def load_prompt(path: str | Path) -> Prompt:
    """The prompt of a folder or file, as ``Prompt.load`` reads it; if a folder has none, the error says what it has instead."""
    try:
        return Prompt.load(path)
    except DataError:
        folder = _folder(Path(path))
        if not (folder / FILE_NAME).exists() and (instead := _instead(folder)):
            raise DataError(instead) from None
        raise


def unfinished(folder: Path, found: Begun) -> str:
    """What to do about a folder in which something was begun, and nothing is finished."""
    if found.running:
        return f"Nothing in {folder} is finished yet, and it is being worked on; see: selfamplify report {folder}"
    again = next(iter(found.commands.values()), "the same command")
    return f"Nothing in {folder} is finished yet; run {again} again, or see: selfamplify report {folder}"


def _folder(path: Path) -> Path:
    return path.parent if path.name == FILE_NAME else path


def _instead(folder: Path) -> str:
    """What a folder without a prompt holds; empty if nothing was begun there, or its prompts are those of a comparison."""
    from .table import FILE_NAME as RESULTS  # heavy: scipy

    try:
        settings = (found := begun(folder)).settings
    except DataError:
        return ""
    if not settings or any(folder.glob("prompts/*.json")):
        return ""
    command, name = settings.get("results", {}).get("command"), tables(folder).get("evaluate", {}).get("prompt")
    if command == "faithfulness":
        return f"{folder} holds a study of faithfulness, which has no prompt; make one in another folder."
    if command == "evaluate" and len(settings) == 1 and (name is None or Path(name) != folder):
        return f"{folder} holds only the results of a prompt that is elsewhere; name its folder{f', {name}' if name else ''}."
    if not (folder / RESULTS).is_file():
        return unfinished(folder, found)
    if {"prompt", "tuning"} & settings.keys():
        return ""  # the same command makes it again
    return f"{folder} holds results, but no longer their prompt; put its {FILE_NAME} back, or name another folder."
