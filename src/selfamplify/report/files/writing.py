"""Writing a finished run for other programs: which kinds of files there are, and what each is made of."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ...arguments import checked_path
from ...errors import RunError, SettingsError
from ...names import unknown_name
from ...prompting.prompt_file import FILE_NAME as PROMPT
from ...runs.comparison import BASE
from ...runs.responses import FILE_NAME as RESPONSES
from ...runs.responses import Line, load_responses
from ...runs.run_toml import FILE_NAME as RUN_TOML
from ...runs.store_file import FILE_NAME as STORE
from ...runs.table import FILE_NAME as RESULTS
from ...runs.table import Table
from ...text.files import write_whole
from ...tuning.kept import FILE_NAME as TUNING
from ..printed import PrintedTable, printed_table
from .comma_separated import comma_separated
from .figure import pdf, svg
from .latex import latex
from .markdown import markdown
from .parquet import parquet

OF_TABLE: dict[str, Callable[[PrintedTable], str | bytes]] = {"latex": latex, "markdown": markdown, "svg": svg, "pdf": pdf}
OF_ANSWERS: dict[str, Callable[[Sequence[Line]], str | bytes]] = {"csv": comma_separated, "parquet": parquet}


_OWN = {PROMPT, RESULTS, RESPONSES, RUN_TOML, STORE, TUNING}
"""What a run folder holds."""


def write_files(folder: str | Path, files: Mapping[str, str | Path], *, against: str = BASE) -> list[Path]:
    """Write the results of a finished comparison or evaluation as files for other programs.

    No model is needed. Each file is written whole or not at all, and none is written if one of them can't be made.

    Parameters
    ----------
    folder : str or Path
        The run folder of ``compare`` or ``evaluate``.
    files : mapping of str to str or Path
        The file to write for each kind. ``"csv"`` and ``"parquet"`` hold the answers, one row per method and question; in CSV,
        a text that a spreadsheet would take for a formula gets an apostrophe before it. ``"latex"`` (with booktabs) and
        ``"markdown"`` hold the table as a paper prints it, with the best accuracy of each selection in bold and, over several
        seeds, ± standard deviation. ``"svg"`` and ``"pdf"`` are a figure of the accuracies with their 95 % intervals.
    against : str
        The method that the others are tested against, by default IO; see ``Table.against``.

    Returns
    -------
    list of Path
        The files, in the order of ``files``.

    Raises
    ------
    SettingsError
        For an unknown kind, an unknown method, or a package that is not installed.
    DataError
        If the folder has no such results, or they are damaged or edited.
    RunError
        If a file can't be written, or is one of the run itself.

    Examples
    --------
    >>> write_files("runs/mine", {"latex": "table.tex", "csv": "answers.csv"})  # doctest: +SKIP
    [PosixPath('table.tex'), PosixPath('answers.csv')]
    """
    known = [*OF_TABLE, *OF_ANSWERS]
    for kind in files:
        if kind not in known:
            raise unknown_name("kind of file", kind, known)
    if len(set(map(str, files.values()))) < len(files):
        raise SettingsError("Two kinds of files have the same name; name a file of its own for each.")
    table, lines = printed_table(Table.load(folder), against), load_responses(folder)
    made = {
        checked_path(kind, path, f"results.{kind}"): OF_TABLE[kind](table) if kind in OF_TABLE else OF_ANSWERS[kind](lines)
        for kind, path in files.items()
    }
    own = [file for file in made if file.name in _OWN and file.resolve().parent == Path(folder).resolve()]
    if own:
        raise RunError(f"{own[0]} is a file of the run itself, and is not overwritten; name another file.")
    for file, content in made.items():
        write_whole(file, content)
    return list(made)
