"""What an attribution gives: a record that prints, shows itself in a notebook, and is kept in a file."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.text import Text

from ..errors import DataError, SettingsError
from ..records import Cost, Message
from ..text.files import write_whole
from . import drawn

_VERSION = 2
_READ = (1, _VERSION)
"""The versions that ``load`` takes: the first one had no settings and no seed."""

Setting = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Unit:
    """A word or token of a prompt: ``messages[message].content[start:end]``, and what it does to the answer's value."""

    text: str
    start: int
    end: int
    score: float
    standard_error: float | None = None
    message: int = 0


@dataclass(frozen=True)
class AnswerAttribution:
    """How much each unit of a prompt speaks for (above 0) or against (below 0) an answer.

    ``messages`` are the turns as they were given, ``answer`` what follows them in the model's reply (its end may have been
    trimmed by the chat template). Scores are in the unit of ``value``, in nats for ``"logprob"``; ``full`` and ``empty`` are
    that value with all units and with none. ``completeness_gap`` is |sum of scores - (full - empty)| / |full - empty| where the
    method promises completeness, else None. ``settings`` and ``seed`` are those of the explainer; files of
    an earlier version do not hold them. In a terminal it prints as coloured lines, in a notebook it is a heat map.
    """

    messages: tuple[Message, ...]
    answer: str
    units: tuple[Unit, ...]
    model: str
    explainer: str
    value: str
    full: float
    empty: float
    completeness_gap: float | None = None
    cost: Cost = Cost(0, 0.0)
    settings: dict[str, Setting] = field(default_factory=dict, hash=False)
    seed: int | None = None

    def __post_init__(self) -> None:
        _check(self.messages, self.units)

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(unit.text for unit in self.units)

    @property
    def scores(self) -> tuple[float, ...]:
        return tuple(unit.score for unit in self.units)

    def save(self, path: str | Path) -> Path:
        """Write a .json file, which ``load`` reads, or an .html page with the heat map. Returns the file's path.

        Raises SettingsError for another kind of file, RunError where it can't be written.
        """
        file = Path(path)
        if file.suffix not in (".json", ".html"):
            raise SettingsError(f"An attribution is saved as .json or .html, not as {file.name}; name such a file.")
        data = {"version": _VERSION} | _ADAPTER.dump_python(self, mode="json")
        write_whole(file, drawn.page(self) if file.suffix == ".html" else json.dumps(data, indent=2, ensure_ascii=False) + "\n")
        return file

    @staticmethod
    def load(path: str | Path) -> "AnswerAttribution":
        """Read what ``save`` wrote as .json. Raises DataError if it is missing or damaged."""
        file = Path(path)
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            made_by = data.pop("version")
            if made_by not in _READ:
                raise DataError(
                    f"{file} has version {made_by}, and this package reads up to {_VERSION}; attribute the answer again."
                )
            return _ADAPTER.validate_python(data)
        except OSError as error:
            raise DataError(f"{file} can't be read ({error.strerror}); name a file that `save` wrote.") from error
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
            reason = " ".join(str(error).split())[:120]
            raise DataError(f"{file} is no saved attribution ({reason}); attribute the answer again, and save it.") from error

    def __rich__(self) -> Text:
        return drawn.coloured(self)

    def __str__(self) -> str:
        console = Console(soft_wrap=True)  # of standard output: in colours where that shows them
        with console.capture() as capture:
            console.print(self, end="")
        return capture.get()

    def _repr_html_(self) -> str:
        return drawn.heat_map(self)


_ADAPTER = TypeAdapter(AnswerAttribution)


def _check(messages: Sequence[Message], units: Sequence[Unit]) -> None:
    """Raise ValueError for units that do not stand in the messages, in order, with a finite score."""
    last = (0, 0)
    for unit in units:
        if not 0 <= unit.message < len(messages):
            raise ValueError(f"there is no message {unit.message}")
        if messages[unit.message].content[unit.start : unit.end] != unit.text or not 0 <= unit.start < unit.end:
            raise ValueError(f"{unit.text!r} is not at {unit.start} in message {unit.message}")
        if (unit.message, unit.start) < last:
            raise ValueError(f"{unit.text!r} stands before the unit that precedes it")
        if not math.isfinite(unit.score):
            raise ValueError("scores must be finite")
        last = (unit.message, unit.end)
