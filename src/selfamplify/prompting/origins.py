"""Where a prompt came from other than from a method, in sentences: it was imported, or edited by hand."""

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
