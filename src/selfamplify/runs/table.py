"""The table of a run, and results.json, the file that holds it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from ..arguments import checked_path
from ..errors import DataError, SettingsError
from ..evaluation.frames import data_frame
from ..records.shown import html_repr
from ..text.documents import read_json, reason
from ..text.files import write_whole
from ..text.lines import counted
from ..text.sealing import seal, sealed, unsealed
from .comparison import BASE, Comparison, conclusions, corrected_together, names
from .measured import seconds_of

if TYPE_CHECKING:
    import pandas

FILE_NAME = "results.json"
UNFINISHED = "unfinished.json"
"""The rows that are finished while others are not; there are no tests of them yet."""


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Parameters
    ----------
    method, explainer, selection, task, model : str
        Names; ``explainer`` is None for a competitor.
    keywords : int, optional
        Keywords per rationale; None if rationales are not made of keywords.
    seed, shots, n, correct : int
        The context, its shots, the test questions, and how many were answered correctly.
    accuracy, ci_low, ci_high : float
        The share of correct answers, from 0 to 1, and its 95 % interval.
    p_vs_io : float, optional
        McNemar's exact p against IO on the same sample and questions, not corrected; None for IO itself, or if there is no IO.
    unparsed, cut : float
        The share of responses from which no rule read a label, and of those that were cut at their maximum length.
    seconds : float, optional
        Wall clock, explanations included as far as their time is known. It is in the store, not in results.json, and None where
        there is no store.
    shot_answers, answers : dict
        How often each label is the answer of a shot, and of a test question (unparsed ones are left out).
    """

    method: str
    explainer: str | None
    selection: str
    keywords: int | None
    task: str
    model: str
    seed: int
    shots: int
    n: int
    correct: int
    accuracy: float
    ci_low: float
    ci_high: float
    p_vs_io: float | None
    unparsed: float
    seconds: float | None = None
    cut: float = 0.0
    shot_answers: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)

    @property
    def called(self) -> str:
        """What tables call its method: the explainer, if there is one."""
        return self.explainer or self.method


@dataclass(frozen=True)
class Mean:
    """A method over the contexts of several seeds (Table 2).

    ``mean`` and ``sd`` are those of its accuracy (``sd`` is None for one context). ``low`` to ``high`` is the 95 % interval
    of the accuracy: for other contexts and other questions, or, in one context, for other questions.
    """

    method: str
    selection: str
    keywords: int | None
    runs: int
    mean: float
    sd: float | None
    low: float
    high: float


@dataclass(frozen=True, repr=False)
class Table:
    """The result of a comparison.

    Parameters
    ----------
    rows : tuple of Row
        One per method, selection, number of keywords and seed.
    means : tuple of Mean
        The same over seeds.
    comparisons : tuple of Comparison
        Any two methods of a selection, over the contexts that both have.
    failed : dict
        The cells without a result, each with the reason.
    settings : dict
        What the run was begun with.
    responses_sha256 : str
        The digest of responses.jsonl; by default empty, for a table of no run folder.
    """

    rows: tuple[Row, ...]
    means: tuple[Mean, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    responses_sha256: str = ""

    _repr_html_ = html_repr

    @property
    def source(self) -> str:
        """What the questions are called: their file, if it is the user's own, else their task."""
        return source_of(self.settings, self.rows[0].task if self.rows else "")

    def __repr__(self) -> str:
        asked = f", {counted(self.rows[0].n, 'test question')} of {self.source} on {self.rows[0].model}" if self.rows else ""
        failed = f", {len(self.failed)} failed" if self.failed else ""
        return f"Table({counted(len(self.rows), 'row')}{asked}{failed})"

    def against(self, method: str = BASE) -> tuple[Comparison, ...]:
        """Every other method of the same selection against one, with p corrected by Holm's method for these tests.

        Parameters
        ----------
        method : str
            By default IO. If the table has a method with several numbers of keywords, its name ends in one: ``deep_lift-k4``.

        Returns
        -------
        tuple of Comparison
            With ``method`` as the second.

        Raises
        ------
        SettingsError
            If the table has no such method.
        """
        known = list(names((mean.method, mean.keywords) for mean in self.means).values())
        if method not in known and method != BASE:
            raise SettingsError(f"{method!r} is not a method of this table; choose one of {', '.join(known)}.")
        found = [each.to(method) for each in self.comparisons if method in (each.first, each.second)]
        return tuple(found) if method == BASE else corrected_together(found)  # those with IO already are, see ``Comparison``

    @property
    def lines(self) -> tuple[Mean, ...]:
        """The means or, as long as not all rows are finished and there are none, each row as one of a single context."""
        return self.means or tuple(
            Mean(row.called, row.selection, row.keywords, 1, row.accuracy, None, row.ci_low, row.ci_high) for row in self.rows
        )

    @property
    def rows_of_lines(self) -> tuple[tuple[Row, ...], ...]:
        """The rows of each line: those of all contexts of a mean, or the row itself."""
        if not self.means:
            return tuple((row,) for row in self.rows)
        keys = [(each.method, each.selection, each.keywords) for each in self.means]
        return tuple(tuple(row for row in self.rows if (row.called, row.selection, row.keywords) == key) for key in keys)

    def conclusions(self, method: str = BASE) -> list[str]:
        """What may be concluded from the tests against a method, in plain sentences; see ``against``."""
        return conclusions(self.against(method))

    def to_frame(self) -> "pandas.DataFrame":
        """The rows as a data frame.

        Returns
        -------
        pandas.DataFrame
            One row per method, selection, number of keywords and seed, with the fields of ``Row`` as columns.

        Raises
        ------
        SettingsError
            If pandas is not installed.
        """
        return data_frame([asdict(row) for row in self.rows])

    def digest(self) -> str:
        """SHA-256 of everything but the seconds, the responses included: equal for two runs with the same results."""
        return seal(self._contents())

    def save(self, folder: str | Path, name: str = FILE_NAME) -> Path:
        """Write results.json, or a file of another name, into a folder; returns the file's path. It holds no seconds."""
        file = checked_path("folder", folder, "runs/mine") / name
        write_whole(file, json.dumps(sealed(self._contents()), indent=2, ensure_ascii=False) + "\n")
        return file

    def _contents(self) -> dict[str, Any]:
        """What results.json holds."""
        return {
            "rows": [{key: value for key, value in asdict(row).items() if key != "seconds"} for row in self.rows],
            "means": [asdict(mean) for mean in self.means],
            "comparisons": [each.as_dict() for each in self.comparisons],
            "conclusions": self.conclusions(),
            "failed": self.failed,
            "settings": self.settings,
            "responses_sha256": self.responses_sha256,
        }

    def _timed(self, seconds: Sequence[float] | None) -> "Table":
        """The table with the seconds of its rows; as it is if they are not known, or are in an older file itself."""
        if seconds is None:
            return self
        return replace(self, rows=tuple(replace(row, seconds=own) for row, own in zip(self.rows, seconds, strict=True)))

    @staticmethod
    def load(folder: str | Path, name: str = FILE_NAME) -> "Table":
        """Read the results.json of a run folder, or ``name``, and the seconds of its rows from the folder's store.

        Raises DataError if the file is missing, damaged or edited.
        """
        folder = checked_path("folder", folder, "runs/mine")
        file = folder / name
        try:
            data = read_json(file)
            if "faithfulness" in data:
                raise DataError(f"{file} was made by `selfamplify faithfulness`; read it with `Faithfulness.load(folder)`.")
            unsealed(data, file, "the original command")
            means = TypeAdapter(tuple[Mean, ...]).validate_python(data["means"])
            compared = TypeAdapter(tuple[Comparison, ...]).validate_python(data["comparisons"])
            rows = TypeAdapter(tuple[Row, ...]).validate_python(data["rows"])
            failed = TypeAdapter(dict[str, str]).validate_python(data["failed"])
            settings = TypeAdapter(dict[str, Any]).validate_python(data["settings"])
            table = Table(rows, means, compared, failed, settings, str(data["responses_sha256"]))
            return table._timed(seconds_of(folder, name, table.digest(), len(rows)))
        except FileNotFoundError:
            raise DataError(f"There is no {name} in {folder}; run `selfamplify compare --out {folder}` first.") from None
        except DataError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{file} is damaged ({reason(error)}); run the original command again.") from error


def source_of(settings: Mapping[str, Any], task: str) -> str:
    """What the questions of a run with these settings are called: their file, if it is the user's own, else their task."""
    return settings.get("source") or task
