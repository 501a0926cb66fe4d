"""A prompt of the user's own that a comparison is tested against."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import selfamplify

from ..errors import SettingsError
from ..names import NAMES
from .config import tables
from .screen import say, stderr

if TYPE_CHECKING:
    from ..runs.plan import Plan
    from ..runs.table import Table


def baseline(against: str, plan: "Plan") -> tuple[str, dict[str, "selfamplify.Prompt"]]:
    """The row that others are tested against, and the prompt that it is if ``against`` names a file, and no method.

    Says how the prompt was read. Raises SettingsError if ``against`` is neither.
    """
    from ..importing.reading import as_prompt
    from ..runs.comparison import BASE, names  # heavy

    methods = list(names((cell.method, plan.keywords_of(cell)) for cell in plan.cells()).values())
    if against in (BASE, *methods):
        return against, {}
    path = Path(against)
    if not path.exists():
        raise SettingsError(
            f"'{against}' is neither a method of this comparison ({', '.join(methods)}) nor a file or folder with a prompt; "
            f'use one of these, as in `against="{BASE}"`.'
        )
    prompt, name = as_prompt(path), row_name(path)
    say(f"{against} is the row {name} of the table", console=stderr)
    for note in prompt.imported.notes if prompt.imported else ():
        say(f"  {note}", console=stderr)
    return name, {name: prompt}


def remembered(folder: Path, table: "Table") -> str:
    """What the comparison of a folder was tested against, as its run.toml has it; IO if its table has no such row."""
    from ..runs.comparison import BASE, names  # heavy

    known = names((mean.method, mean.keywords) for mean in table.means).values()
    against = str(tables(folder).get("compare", {}).get("against", BASE))
    return next((each for each in (against, row_name(Path(against))) if each in known), BASE)


def row_name(path: Path) -> str:
    """What a table calls the prompt at a path: the name of its folder or file, in characters that file names may have."""
    whole = path.resolve()
    own = whole.parent.name if whole.name == "prompt.json" else whole.name if whole.is_dir() else whole.stem
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", own).strip("._-") or "mine"
    return f"my_{plain}" if plain in {**NAMES["explainer"], **NAMES["competitor"]} else plain
