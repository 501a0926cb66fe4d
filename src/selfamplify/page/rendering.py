"""How templates become HTML: every text is escaped, and style and script are named by their hashes in the page's policy."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..text.printable import printable

FILES = Path(__file__).parent / "templates"


def environment(folder: Path) -> Environment:
    """The templates of a folder. What they show is escaped, and its control and direction characters are replaced."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def named_by_hash(text: str) -> str:
    """What a content security policy calls a style or a script that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _shown(value: Any) -> Any:
    return value if isinstance(value, Markup) else printable(str(value))
