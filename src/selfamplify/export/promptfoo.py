"""A prompt as a configuration of promptfoo: https://www.promptfoo.dev."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from subprocess import run
from sys import executable
from typing import Any, ClassVar, final

from ..errors import DataError
from .bundle import common, standalone, turns
from .exporter import CHAT_SERVER, AbstractExporter, Export, Messages
from .rendering import copied_with

CONFIG, FUNCTIONS = "promptfooconfig.json", "functions.py"


@final
@dataclass(frozen=True)
class Promptfoo(AbstractExporter):
    """promptfooconfig.json, with functions that give the turns and read labels as this package does."""

    name: ClassVar[str] = "promptfoo"
    program: ClassVar[tuple[str, str] | None] = ("promptfoo", "npm install --global promptfoo")
    needs_questions: ClassVar[bool] = True

    def files(self, export: Export) -> dict[str, str]:
        how = {name: export.settings[name] for name in ("temperature", "max_tokens")}
        config = {
            "description": f"The prompt of selfamplify, asked of {export.model}",
            "prompts": [{"id": f"file://{FUNCTIONS}:messages", "label": "selfamplify"}],
            "providers": [{"id": f"openai:chat:{export.model}", "config": how | {"apiKeyRequired": False}}],
            "tests": f"file://{FUNCTIONS}:questions",
            "defaultTest": {"assert": [{"type": "python", "value": f"file://{FUNCTIONS}:named_label"}]},
            # Braces in questions and shots are data.
            "env": {"PROMPTFOO_DISABLE_TEMPLATING": "true"},
        }
        written = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        return {CONFIG: written, FUNCTIONS: standalone("promptfoo_functions.py")} | turns(export) | common(export)

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        return [
            CHAT_SERVER,
            "export OPENAI_BASE_URL=http://localhost:8000/v1",
            f"promptfoo eval --config {quote(str(folder / CONFIG))} --no-cache",
            "promptfoo view",
        ]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        with copied_with(folder, texts) as copied:
            config = json.loads((copied / CONFIG).read_text(encoding="utf-8"))
            (copied / CONFIG).write_text(json.dumps(config | {"providers": ["echo"]}), encoding="utf-8")
            found = _evaluated(copied)
        return [json.loads(each["response"]["output"]) for each in sorted(found, key=lambda each: each["testIdx"])]


def _evaluated(folder: Path) -> list[dict[str, Any]]:
    """What promptfoo makes of a folder; its answers come from promptfoo's own provider that gives back what it is sent."""
    out = folder / "results.json"
    own = {"PROMPTFOO_PYTHON": executable, "PROMPTFOO_CONFIG_DIR": str(folder / "own")}
    quiet = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1"}
    command = ["promptfoo", "eval", "--config", str(folder / CONFIG), "--no-cache", "--no-table", "--output", str(out)]
    ended = run(command, capture_output=True, text=True, env=os.environ | own | quiet)  # nosec B603 # no shell, our own files
    if not out.is_file():
        said = (ended.stderr or ended.stdout).strip()[-300:]  # it begins with warnings
        raise DataError(f"promptfoo does not evaluate the exported files ({said}); leave `check=True` out, and report it.")
    return json.loads(out.read_text(encoding="utf-8"))["results"]["results"]
