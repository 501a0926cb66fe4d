"""A prompt for MLflow's prompt registry: https://mlflow.org/docs/latest/genai/prompt-registry/."""

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from subprocess import run
from tempfile import TemporaryDirectory
from typing import ClassVar, final

from ..errors import DataError
from .bundle import standalone
from .exporter import AbstractExporter, Export, Messages

PROMPT, REGISTER = "prompt.json", "register.py"
_SPECIAL = re.compile(r"\{\{|\{%")
"""Where a text could begin a variable, or a statement of a Jinja template."""


_RENDER = """
import json, pathlib, runpy, sys
import mlflow
script = pathlib.Path(sys.argv[1])
made = runpy.run_path(str(script))["register"](script.parent)
prompt = mlflow.genai.load_prompt(f"prompts:/{made.name}/{made.version}")
turns = [prompt.format(question=text) for text in json.loads(pathlib.Path("texts.json").read_text(encoding="utf-8"))]
pathlib.Path("turns.json").write_text(json.dumps(turns), encoding="utf-8")
"""
"""Registers the prompt, loads it again, and renders the questions of texts.json."""


@final
@dataclass(frozen=True)
class MLflowPrompt(AbstractExporter):
    """prompt.json, and register.py, which registers it as a chat prompt by MLflow's own client."""

    name: ClassVar[str] = "mlflow"
    package: ClassVar[str | None] = "mlflow"

    def files(self, export: Export) -> dict[str, str]:
        settings = export.settings
        prompt = {
            "name": export.title,
            "template": _template(export),
            "commit_message": f"selfamplify, prompt {export.prompt.digest()[:12]}",
            "tags": {"selfamplify.prompt_sha256": export.prompt.digest(), "selfamplify.method": export.prompt.method},
            "model_config": {
                "model_name": settings["model"],
                "temperature": settings["temperature"],
                "max_tokens": settings["max_tokens"],
            },
        }
        return {PROMPT: json.dumps(prompt, indent=2, ensure_ascii=False) + "\n", REGISTER: standalone("register.py")}

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        return ["pip install mlflow", f"python {quote(str(folder / REGISTER))}"]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        # MLflow also notes the prompt in the default experiment, in a thread: hence a process and a database of their own.
        with TemporaryDirectory() as temporary:
            place, store = Path(temporary), f"sqlite:///{temporary}/mlflow.db"
            (place / "texts.json").write_text(json.dumps(list(texts)), encoding="utf-8")
            done = run(  # nosec B603 # our own program, with a path
                [sys.executable, "-c", _RENDER, str((folder / REGISTER).resolve())],
                cwd=place,
                env=os.environ | {"MLFLOW_TRACKING_URI": store, "MLFLOW_REGISTRY_URI": store},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
                raise DataError(f"{folder / REGISTER} can't register the prompt: {reason}; update MLflow, or export it again.")
            return json.loads((place / "turns.json").read_text(encoding="utf-8"))


def _template(export: Export) -> Messages:
    """The turns with the variable ``question``.

    MLflow replaces ``{{name}}``, and has no way to write that literally. But if a text has a statement of Jinja, it renders all
    turns by Jinja, which knows texts in quotes. A prompt without such braces is written as it is.
    """
    turns = export.messages("")
    if not any(_SPECIAL.search(turn["content"]) for turn in turns):
        return export.messages("{{question}}")
    asked = "{% if question %}{{ question }}{% endif %}".join(map(_literal, export.around))
    literal = [turn | {"content": _literal(turn["content"])} for turn in turns]
    place = len(export.context)
    return [*literal[:place], turns[place] | {"content": asked}, *literal[place + 1 :]]


def _literal(text: str) -> str:
    """A text as an expression of Jinja, whose texts have the escapes of JSON."""
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if text else ""
