"""One HTML file from a run folder: read, view, render, write."""

import base64
import hashlib
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..arguments import checked_path
from ..text.files import write_whole
from ..text.printable import printable
from .contents import read
from .view import View, view

FILE_NAME = "report.html"
_FILES = Path(__file__).parent / "templates"


def write_report(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write the page of a run folder: one HTML file that holds everything and asks no network for anything.

    It needs no model. Of a run that is not finished, it shows what is, and says so.

    Parameters
    ----------
    folder : str or Path
        The run folder of ``compare``, ``build``, ``evaluate``, ``tune`` or ``faithfulness``.
    out : str or Path, optional
        The file to write; by default report.html in the folder.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        If that is no run folder, or one of its files is damaged or edited.
    RunError
        If the file can't be written.

    Examples
    --------
    >>> write_report("runs/demo")  # doctest: +SKIP
    PosixPath('runs/demo/report.html')
    """
    file = checked_path("folder", folder, "runs/mine") / FILE_NAME if out is None else checked_path("out", out, FILE_NAME)
    write_whole(file, render(view(read(folder)), datetime.now(UTC)))
    return file


def render(shown: View, made: datetime) -> str:
    """The page as a text. All texts are escaped, and their control and direction characters replaced."""
    style, script = _own("style.css"), _own("script.js")
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    loader = FileSystemLoader(_FILES)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.jinja").render(
        view=shown, style=Markup(style), script=Markup(script), policy=policy, made=made, version=version("selfamplify")
    )


def _own(name: str) -> str:
    return (_FILES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _shown(value: Any) -> Any:
    return value if isinstance(value, Markup) else printable(str(value))
