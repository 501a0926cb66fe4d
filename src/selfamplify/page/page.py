"""One HTML file from a run folder: read, view, render, write."""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from markupsafe import Markup

from ..arguments import checked_path
from ..errors import RunError
from ..text.files import write_whole
from .contents import read
from .rendering import FILES, environment, named_by_hash
from .view import View, view

FILE_NAME = "report.html"
_BEGINNING = b"<!doctype html>"


def write_report(folder: str | Path, out: str | Path | None = None, *, against: str | None = None) -> Path:
    """Write the page of a run folder: one HTML file that holds everything and asks no network for anything.

    It needs no model. Of a run that is not finished, it shows what is, and says so.

    Parameters
    ----------
    folder : str or Path
        The run folder of ``compare``, ``build``, ``evaluate``, ``tune`` or ``faithfulness``.
    out : str or Path, optional
        The file to write; by default report.html in the folder.
    against : str, optional
        The row of a comparison that the others are tested against; see ``Table.against``. By default the one that
        ``selfamplify compare --against`` named, as the folder's run.toml has it, or IO.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        If that is no run folder, or one of its files is damaged or edited.
    SettingsError
        If the comparison has no row ``against``.
    RunError
        If the file can't be written, or is there and is not a page.

    Examples
    --------
    >>> write_report("runs/demo")  # doctest: +SKIP
    PosixPath('runs/demo/report.html')
    """
    file = checked_path("folder", folder, "runs/mine") / FILE_NAME if out is None else checked_path("out", out, FILE_NAME)
    _check_replaceable(file)
    write_whole(file, render(view(read(folder, against)), datetime.now(UTC)))
    return file


def _check_replaceable(file: Path) -> None:
    """Raise RunError if a file is there that is no page, such as one of the run itself."""
    if not file.is_file():
        return
    with file.open("rb") as opened:
        begins = opened.read(len(_BEGINNING))
    if begins and begins.lower() != _BEGINNING:
        raise RunError(f'{file} is not a page, and is not overwritten; name another file, as in `out="report.html"`.')


def render(shown: View, made: datetime) -> str:
    """The page as a text. All texts are escaped, and their control and direction characters replaced."""
    style, script = ((FILES / name).read_text(encoding="utf-8") for name in ("style.css", "script.js"))
    sources = f"style-src {named_by_hash(style)}; script-src {named_by_hash(script)}"
    policy = f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"
    own = {"style": Markup(style), "script": Markup(script)}  # nosec B704 # our own files
    return (
        environment(FILES)
        .get_template("page.html.jinja")
        .render(view=shown, policy=policy, made=made, version=version("selfamplify"), **own)
    )
