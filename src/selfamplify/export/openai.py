"""OpenAI chat messages, and a program that asks questions by them: https://platform.openai.com/docs/api-reference/chat."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from runpy import run_path
from shlex import quote
from typing import Any, ClassVar, final

from .bundle import FILE_NAME as READING
from .bundle import reading, standalone
from .exporter import AbstractExporter, Export, Messages

SETTINGS, QUESTIONS, ASK, CHAT = "settings.json", "questions.jsonl", "ask.py", "messages.json"


@final
@dataclass(frozen=True)
class OpenAI(AbstractExporter):
    """messages.json, settings.json and ask.py, which needs nothing but Python and httpx."""

    name: ClassVar[str] = "openai"

    def files(self, export: Export) -> dict[str, str]:
        written = {
            CHAT: json.dumps(export.messages(export.slot), indent=2, ensure_ascii=False) + "\n",
            SETTINGS: json.dumps(export.settings, indent=2, ensure_ascii=False) + "\n",
            ASK: standalone("ask.py"),
            READING: reading(),
        }
        return written | ({QUESTIONS: lines(export)} if export.questions else {})

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        return asking(folder, export)

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        ask = asker(folder)
        return [ask.messages(text) for text in texts]


def asking(folder: Path, export: Export) -> Sequence[str]:
    """How ask.py is run."""
    ask = f"python {quote(str(folder / ASK))}"
    every = [f"{ask} --file {quote(str(folder / QUESTIONS))}"] if export.questions else []
    return ["export OPENAI_BASE_URL=http://localhost:8000/v1", *every, f'{ask} "a question"']


def asker(folder: Path) -> Any:
    """The ``Asker`` of ask.py, which is what the user will run; its import of reading.py leaves no trace here."""
    name = READING.removesuffix(".py")
    path, another = list(sys.path), sys.modules.pop(name, None)
    try:
        return run_path(str(folder / ASK))["Asker"].of(folder)
    finally:
        sys.path[:] = path
        sys.modules.pop(name, None)
        if another is not None:
            sys.modules[name] = another


def lines(export: Export) -> str:
    """The questions as JSON, one on each line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in export.rows)
