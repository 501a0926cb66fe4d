"""``selfamplify import``: the prompt of another tool as a prompt.json."""

from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from ..errors import RunError
from ..prompting.prompt_file import FILE_NAME
from ..runs.unchanged import check_unchanged
from . import options
from .screen import say, stderr


def import_prompt(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="OpenAI chat messages (JSON, or JSONL with one line), the saved state of a DSPy program, or a few-shot text.",
        ),
    ],
    out: options.NewFolder,
) -> None:
    """Turn a prompt of another tool into a prompt.json, and say how it was read.

    Then `selfamplify evaluate` measures it, and `selfamplify compare --against FILE` tests methods against it.
    """
    prompt = selfamplify.import_prompt(path)
    file = out / FILE_NAME
    if file.exists():
        raise RunError(f'{file} exists already; name another folder, as in `out="{out}-imported"`.')
    check_unchanged(out, "prompt", {})
    for note in prompt.imported.notes if prompt.imported else ():
        say(note, console=stderr)
    prompt.save(file)
    for message in prompt.messages("⟨question⟩"):
        say(message["role"], "bold")
        say(message["content"])
    say(f"wrote the prompt to {out}; measure it with: selfamplify evaluate {out} --model MODEL --task TASK")
