"""OpenAI chat messages, and a program that asks questions by them: https://platform.openai.com/docs/api-reference/chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from runpy import run_path
from shlex import quote
from typing import Any, ClassVar, final

from .bundle import QUESTIONS, common, standalone, turns
from .exporter import CHAT_SERVER, AbstractExporter, Export, Messages
from .rendering import apart

ASK = "ask.py"


@final
@dataclass(frozen=True)
class OpenAI(AbstractExporter):
    """messages.json, settings.json and ask.py, which needs nothing but Python and httpx."""

    name: ClassVar[str] = "openai"

    def files(self, export: Export) -> dict[str, str]:
        return turns(export) | {ASK: standalone("ask.py")} | common(export)

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        return [CHAT_SERVER, *asking(folder, export)]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        ask = asker(folder)
        return [ask.messages(text) for text in texts]


def asking(folder: Path, export: Export) -> Sequence[str]:
    """How ask.py is run, with a server."""
    ask = f"python {quote(str(folder / ASK))}"
    every = [f"{ask} --file {quote(str(folder / QUESTIONS))}"] if export.questions else []
    needed = "# ask.py needs httpx: pip install httpx"
    return [needed, "export OPENAI_BASE_URL=http://localhost:8000/v1", *every, f'{ask} "a question"']


def asker(folder: Path) -> Any:
    """The ``Prompt`` of ask.py, which is what the user will run."""
    with apart():
        return run_path(str(folder / ASK))["Prompt"].of(folder)
