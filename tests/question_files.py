"""Question files in miniature: written into a folder, read, and the texts of their right answers."""

import json
from pathlib import Path
from typing import Any

from selfamplify import overview

HOOF, FIN = ["horse", "shark", "wren"], ["goat", "carp", "kite"]


def saved(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, **options: Any) -> dict[str, Any]:
    """How a file is read, with all questions as examples."""
    return overview("file", path, **options).as_json(100)


def golds(found: dict[str, Any]) -> list[str]:
    return [example["answer_text"] for example in found["examples"]]
