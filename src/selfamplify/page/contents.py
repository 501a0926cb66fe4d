"""What a run folder holds, read without a model and without torch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from ..arguments import checked_path
from ..errors import DataError, SettingsError
from ..prompting.prompt import Prompt
from ..prompting.prompt_file import FILE_NAME as PROMPT
from ..runs.begun import Begun, begun
from ..runs.cell import Cell
from ..runs.comparison import BASE
from ..runs.findings import Faithfulness, is_study
from ..runs.responses import FILE_NAME as RESPONSES
from ..runs.responses import UNFINISHED as ANSWERS
from ..runs.responses import Line, load_responses
from ..runs.store_file import FILE_NAME as STORE
from ..runs.table import FILE_NAME as RESULTS
from ..runs.table import UNFINISHED as ROWS
from ..runs.table import Table
from ..runs.tested import tested_against
from ..text.lines import argument
from ..tuning.kept import FILE_NAME as TUNING
from ..tuning.kept import left_out, opened

State = Literal["finished", "running", "interrupted"]


@dataclass(frozen=True)
class Arm:
    """One arm of a race: its name, its answers to validation questions, and, if it stayed, the tokens of an answer.

    ``unparsed`` is the share of replies from which no rule read a label; None where that was not counted.
    """

    name: str
    correct: int
    n: int
    tokens: float | None = None
    unparsed: float | None = None


@dataclass(frozen=True)
class Race:
    """What tuning.json says about a race; its evidence is in the prompt."""

    raced: tuple[Arm, ...]
    failed: dict[str, str]
    calls: dict[str, int]
    settings: dict[str, Any]

    @property
    def left_out(self) -> tuple[str, ...]:
        """The arms that the budget did not suffice for, by name."""
        return left_out(self.settings, (each.name for each in self.raced), self.failed)


@dataclass(frozen=True)
class Contents:
    """Everything that a page shows.

    Parameters
    ----------
    folder : Path
        The run folder.
    begun : Begun
        What its store says.
    table : Table, optional
        The table of a comparison or evaluation. If it is not ``complete``, it has the rows that are finished, and no tests.
    complete : bool
        Whether that table is the final one.
    findings : Faithfulness, optional
        The study of faithfulness.
    race : Race, optional
        The race of ``tune``.
    prompt : Prompt, optional
        prompt.json.
    prompts : dict
        The prompts of a comparison, by their row.
    lines : list of Line
        Every response.
    against : str
        The row of the table that the others are tested against.
    """

    folder: Path
    begun: Begun
    table: Table | None = None
    complete: bool = False
    findings: Faithfulness | None = None
    race: Race | None = None
    prompt: Prompt | None = None
    prompts: dict[Cell, Prompt] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    against: str = BASE

    @property
    def unfinished(self) -> list[str]:
        """What was begun and is not there yet: "prompt", "results" or "tuning"."""
        there = {"prompt": self.prompt, "results": self.complete or self.findings, "tuning": self.race}
        return [what for what in self.begun.settings if not there.get(what)]

    @property
    def state(self) -> State:
        """Whether everything that was begun is there and, if not, whether a process is working on it."""
        if not self.unfinished:
            return "finished"
        return "running" if self.begun.running else "interrupted"

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """The settings of everything that was begun, also where the store is missing."""
        found = dict(self.begun.settings)
        held = {"results": self.table or self.findings, "tuning": self.race}
        return found | {what: each.settings for what, each in held.items() if each is not None}


def read(folder: str | Path, against: str | None = None) -> Contents:
    """Read a run folder, and test its table against a row, by default the one that its comparison named.

    Raises DataError if it is no run folder, or one of its files is damaged or edited; SettingsError if it has no table for
    that row.
    """
    folder = checked_path("folder", folder, "runs/mine")
    if not any((folder / name).is_file() for name in (RESULTS, PROMPT, TUNING, STORE)):
        what = "is not a run folder" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {what}; name one that `selfamplify build`, `evaluate` or `compare` made.")
    study, complete = is_study(folder), (folder / RESULTS).is_file()
    table = None if study else _table(folder, complete)
    if against and table is None:
        raise SettingsError(f"{argument('against', against)} is a row of a comparison, and {folder} has none; leave it out.")
    return Contents(
        folder,
        begun(folder),
        table,
        complete and not study,
        Faithfulness.load(folder) if study else None,
        _race(folder / TUNING),
        Prompt.load(folder) if (folder / PROMPT).is_file() else None,
        dict(_prompts(folder)),
        _lines(folder, complete) if table else [],
        against or (tested_against(folder, table) if table else BASE),
    )


def _table(folder: Path, complete: bool) -> Table | None:
    name = RESULTS if complete else ROWS
    return Table.load(folder, name) if (folder / name).is_file() else None


def _prompts(folder: Path) -> Iterator[tuple[Cell, Prompt]]:
    """The files of prompts/ that are named after a row."""
    for file in sorted(folder.glob("prompts/*.json")):
        try:
            cell = Cell.read(file.stem)
        except ValueError:
            continue
        yield cell, Prompt.load(file)


def _lines(folder: Path, complete: bool) -> list[Line]:
    name = RESPONSES if complete else ANSWERS
    return load_responses(folder, name) if (folder / name).is_file() else []


def _race(file: Path) -> Race | None:
    """The race of a tuning.json, if there is one."""
    if not file.is_file():
        return None
    with opened(file) as data:
        return TypeAdapter(Race).validate_python(data)
