"""A prompt for Langfuse's prompt management: https://langfuse.com/docs/prompt-management/."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from shlex import quote
from typing import ClassVar, final

from ..errors import SettingsError
from ..text.lines import shortened
from .exporter import AbstractExporter, Export, Messages

PROMPT = "prompt.json"
_SPECIAL = ("{{", "@@@langfusePrompt:")
"""What begins a variable and a reference to another prompt; nothing makes Langfuse take either literally."""


@final
@dataclass(frozen=True)
class Langfuse(AbstractExporter):
    """prompt.json, the request that creates a chat prompt: the body of ``POST /api/public/v2/prompts``."""

    name: ClassVar[str] = "langfuse"
    package: ClassVar[str | None] = "langfuse"

    def files(self, export: Export) -> dict[str, str]:
        _check_literal(export)
        request = {
            "type": "chat",
            "name": export.title,
            "prompt": export.messages("{{question}}"),
            "config": {name: export.settings[name] for name in ("model", "temperature", "max_tokens")},
            "labels": [],
            "tags": ["selfamplify", export.prompt.method],
            "commitMessage": f"selfamplify, prompt {export.prompt.digest()[:12]}",
        }
        return {PROMPT: json.dumps(request, indent=2, ensure_ascii=False) + "\n"}

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        keys = '"${LANGFUSE_PUBLIC_KEY:?}:${LANGFUSE_SECRET_KEY:?}"'
        address = '"${LANGFUSE_BASE_URL:-https://cloud.langfuse.com}/api/public/v2/prompts"'
        body = f'--header "Content-Type: application/json" --data-binary @{quote(str(folder / PROMPT))}'
        return [f"curl --fail-with-body --user {keys} {body} {address}"]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        api, model = import_module("langfuse.api"), import_module("langfuse.model")
        request = json.loads((folder / PROMPT).read_text(encoding="utf-8"))
        prompt = model.ChatPromptClient(api.Prompt_Chat.model_validate(request | {"version": 1}))
        return [[dict(turn) for turn in prompt.compile(question=text)] for text in texts]


def _check_literal(export: Export) -> None:
    """Raise SettingsError if Langfuse would read more than our variable in the turns."""
    for text in ("\0".join(export.around), *(turn["content"] for turn in export.messages(""))):
        for special in _SPECIAL:
            if special in text:
                raise SettingsError(
                    f"Langfuse would take {special} in {shortened(repr(text))} for one of its own marks, and can't be told not "
                    f'to; use another tool, as in `to="openai"`, or leave the row out.'
                )
