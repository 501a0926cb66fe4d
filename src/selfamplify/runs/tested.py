"""What the comparison of a folder is tested against."""

import re
from pathlib import Path

from ..names import NAMES
from .comparison import BASE, names
from .run_toml import tables
from .table import Table


def tested_against(folder: Path, table: Table) -> str:
    """The row that ``compare --against`` named, as the folder's run.toml has it; IO if the table has no such row.

    A table that is not finished has the rows that its settings name.
    """
    known = {*names((line.method, line.keywords) for line in table.lines).values(), *table.settings.get("prompts", {})}
    if not table.means:
        known |= {*table.settings.get("methods", ())}
    against = str(tables(folder).get("compare", {}).get("against", BASE))
    return next((each for each in (against, row_name(Path(against))) if each in known), BASE)


def row_name(path: Path) -> str:
    """What a table calls the prompt at a path: the name of its folder or file, in characters that file names may have."""
    whole = path.resolve()
    own = whole.parent.name if whole.name == "prompt.json" else whole.name if whole.is_dir() else whole.stem
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", own).strip("._-") or "mine"
    return f"my_{plain}" if plain in {**NAMES["explainer"], **NAMES["competitor"]} else plain
