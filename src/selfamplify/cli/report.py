"""``selfamplify report``: a run folder as one HTML file."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from .screen import say


def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, finished or not.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write. Default: report.html in the run folder.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Write a run folder as one HTML page: results, figures, prompts and every answer. Needs no model and no network."""
    file = selfamplify.write_report(folder, out)
    say(f"wrote {file}")
    if show:
        webbrowser.open(file.resolve().as_uri())
