"""What a run folder says of the answers to the prompt in it."""

from pathlib import Path

from ..errors import DataError
from ..prompting.prompt import Prompt
from .cell import Cell
from .responses import Line, load_responses
from .table import Table


def answers_to(prompt: Prompt, path: Path) -> list[Line]:
    """The answers to the prompt at a path, a folder or a prompt.json, from the results of ``evaluate`` or ``compare`` there.

    Empty if there are none, they can't be read, or they are those of another prompt, such as this one before it was edited.
    """
    folder = path.parent if path.suffix == ".json" else path
    compared = folder.name == "prompts"
    folder = folder.parent if compared else folder
    try:
        settings = Table.load(folder).settings
        cell = Cell.read(path.stem) if compared else Cell.of(prompt)
        lines = load_responses(folder)
    except (DataError, ValueError):
        return []
    asked = prompt.with_length(settings.get("decoding", {}).get("max_new_tokens"))
    same = not prompt.edits if compared else settings.get("prompt_sha256") == asked.digest()
    return [line for line in lines if line.cell == cell] if same else []
