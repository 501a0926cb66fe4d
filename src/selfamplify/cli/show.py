"""``selfamplify show``: what a run folder holds."""

from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from ..errors import DataError
from .screen import out, say


def show(
    path: Annotated[Path, typer.Argument(help="A run folder, or a prompt.json.")],
    responses: Annotated[int, typer.Option("--responses", min=0, help="Show the responses to so many questions.")] = 0,
) -> None:
    """Show the prompt of a run, or its table, and its responses."""
    has_prompt = path.suffix == ".json" or (path / "prompt.json").is_file()
    has_table = path.is_dir() and (path / "results.json").is_file()
    if not has_prompt and not has_table:
        raise DataError(f"There is neither a prompt.json nor a results.json at {path}; make one with `selfamplify build`.")
    if has_prompt:
        prompt = selfamplify.Prompt.load(path)
        for message in prompt.messages("⟨question⟩"):
            say(message["role"], "bold")
            say(message["content"])
        for key, value in prompt.provenance.items():
            say(f"{key}: {value}", "dim")
    if has_table:
        out.print(selfamplify.comparison_table(selfamplify.Table.load(path)))
        for answers in selfamplify.responses_side_by_side(path, responses) if responses else ():
            out.print(answers)
