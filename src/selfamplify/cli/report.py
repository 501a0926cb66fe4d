"""``selfamplify report``: a run folder as one HTML file, and as files for other programs."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from ..errors import DataError
from . import options
from .screen import say


def report(
    folder: Annotated[Path, options.path_argument("RUN", "A run folder, finished or not.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write. Default: report.html in the run folder.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", help="Write the answers as CSV, with no text that a spreadsheet would take for a formula."),
    ] = None,
    parquet: Annotated[Path | None, typer.Option("--parquet", help="Write the answers as parquet.")] = None,
    latex: Annotated[Path | None, typer.Option("--latex", help="Write the table in LaTeX, with booktabs.")] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write the table in Markdown.")] = None,
    svg: Annotated[Path | None, typer.Option("--svg", help="Write a figure of the accuracies as SVG.")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write a figure of the accuracies as PDF.")] = None,
    against: options.Against = None,
) -> None:
    """Write a run folder as one HTML page: results, figures, prompts and every answer. Needs no model and no network.

    With --csv, --parquet, --latex, --markdown, --svg or --pdf, these files are written instead, for a finished run, and the
    page only with --out or --open.
    """
    kinds = {"csv": csv, "parquet": parquet, "latex": latex, "markdown": markdown, "svg": svg, "pdf": pdf}
    files = {kind: path for kind, path in kinds.items() if path is not None}
    if files:
        from ..runs.findings import is_study  # heavy
        from ..runs.tested import tested_against

        if is_study(folder):
            raise DataError(
                f"{folder} is a study of faithfulness, which has none of these files; write its page with "
                f"`selfamplify report {folder}`, or print it with `selfamplify show {folder}`."
            )
        row = against or tested_against(folder, selfamplify.Table.load(folder))
        for written in selfamplify.write_files(folder, files, against=row):
            say(f"wrote {written}")
    if files and out is None and not show:
        return
    file = selfamplify.write_report(folder, out, against=against)
    say(f"wrote {file}")
    if show:
        webbrowser.open(file.resolve().as_uri())
