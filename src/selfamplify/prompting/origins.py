"""Where a prompt came from other than from a method, in sentences: it was imported, or edited by hand."""

from collections.abc import Mapping
from typing import Any

from .prompt import Prompt


def origins(prompt: Prompt) -> list[str]:
    """A sentence for each thing; none for a prompt as it was made."""
    found: list[str] = []
    if prompt.imported:
        found += [f"Imported from {prompt.imported.file}.", *prompt.imported.notes]
    for edit in prompt.edits:
        said = str(edit)
        found.append(f"{said[:1].upper()}{said[1:]}.")
    return found


def of_another(prompt: Prompt | None, settings: Mapping[str, Any]) -> str:
    """A sentence if results with these settings are not those of the prompt beside them; else empty."""
    measured = settings.get("prompt_sha256")
    if prompt is None or measured in (None, prompt.digest()):
        return ""
    which = "before it was edited" if any(measured == edit.before for edit in prompt.edits) else "that was here before"
    return f"These results are of the prompt {which}; evaluate the present one with another --out."
