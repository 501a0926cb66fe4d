"""What a prompt is and where it came from, in words."""

from collections.abc import Mapping
from typing import Any

from ..text.lines import counted
from .prompt import Prompt


def described(prompt: Prompt) -> str:
    """What a prompt is: "a prompt of 8 shots (self_amplify with deep_lift, for planted_arc)"."""
    made = prompt.provenance
    how = f"{prompt.method} with {made.explainer}" if made and made.explainer else prompt.method
    return f"a prompt of {counted(len(prompt.shots), 'shot')} ({how}{f', for {made.task}' if made else ''})"


def origins(prompt: Prompt) -> list[str]:
    """A sentence for each thing that happened to a prompt besides a method: it was imported, edited by hand, or checked."""
    found: list[str] = []
    if prompt.imported:
        found += [f"Imported from {prompt.imported.file}.", *prompt.imported.notes]
    for edit in prompt.edits:
        said = str(edit)
        found.append(f"{said[:1].upper()}{said[1:]}.")
    if prompt.check:
        found.append(f"Quick check: {prompt.check}.")
    return found


def of_another(prompt: Prompt | None, settings: Mapping[str, Any]) -> str:
    """A sentence if results with these settings are not those of the prompt beside them; else empty."""
    measured = settings.get("prompt_sha256")
    if prompt is None or measured in (None, prompt.digest()):
        return ""
    edited = any(measured == edit.before for edit in prompt.edits)
    which = "the prompt before it was edited" if edited else "another prompt"
    return f"These results belong to {which}; evaluate the present one with another --out."
