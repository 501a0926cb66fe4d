"""run.toml: the options of the commands that were run in a folder, as the command line wrote them."""

import tomllib
from pathlib import Path
from typing import Any

FILE_NAME = "run.toml"


def tables(folder: Path) -> dict[str, dict[str, Any]]:
    """The options of each command that was run in a folder; none if it has no run.toml, or one that can't be read."""
    try:
        found = tomllib.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: table for name, table in found.items() if isinstance(table, dict)}
