"""The result of an attribution: a record that prints itself, draws itself in a notebook, and can be saved to a file."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.text import Text

from ..arguments import checked_path
from ..errors import DataError, SettingsError
from ..records import Baseline, Cost, Message
from ..text.documents import read_json, version_remedy
from ..text.files import write_whole
from ..text.lines import shortened
from . import drawn
from .unit import Unit, check_units

_VERSION = 3
_READABLE = (1, 2, _VERSION)
"""The versions that ``load`` reads: version 1 had no settings and no seed, version 2 no baseline."""

Setting = bool | int | float | str | None


@dataclass(frozen=True, repr=False)
class AnswerAttribution:
    """How much each unit of a prompt contributes to an answer; the result of ``attribute``.

    On a terminal it prints as coloured lines, and in a notebook it appears as a heat map.

    Parameters
    ----------
    messages
        The turns of the prompt, as they were passed.
    answer
        The text that follows them in the model's reply. A chat template may have trimmed its end.
    units
        The scored words or tokens, in the order of the prompt.
    model
        The name of the model.
    explainer
        The name of the explainer.
    value
        What was attributed, and so the unit of the scores: ``"logprob"`` is in nats.
    full, empty
        The value with all units present, and with all of them absent.
    completeness_gap
        |sum of scores - (full - empty)| / |full - empty| if the explainer guarantees that this is 0, else None.
    cost
        The forward passes and the seconds that the attribution took.
    settings
        The explainer's settings; empty if read from a file of version 1.
    seed
        The random seed; None if read from a file of version 1.
    baseline
        What stood for absent units; None if they were removed, or if the file has a version before 3.

    Raises
    ------
    DataError
        If a unit is not at its place in the messages, or a score is not finite.
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
    baseline: Baseline | None = None

    def __post_init__(self) -> None:
        check_units(self.messages, self.units)

    @property
    def words(self) -> tuple[str, ...]:
        """The texts of the units, in order."""
        return tuple(unit.text for unit in self.units)

    @property
    def scores(self) -> tuple[float, ...]:
        """The scores of the units, in order."""
        return tuple(unit.score for unit in self.units)

    def save(self, path: str | Path) -> Path:
        """Write a file: ``.json``, which ``load`` reads, or ``.html``, a page with the heat map.

        Parameters
        ----------
        path
            The file to write; its suffix decides what is written.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        SettingsError
            If the path ends in another suffix.
        RunError
            If the file can't be written.
        """
        file = checked_path("path", path, "attribution.html")
        if file.suffix not in (".json", ".html"):
            raise SettingsError(f"An attribution can't be saved as {file.name}; use a name that ends in .json or .html.")
        data = {"version": _VERSION} | _ADAPTER.dump_python(self, mode="json")
        html = file.suffix == ".html"
        write_whole(file, drawn.page(self._drawing()) if html else json.dumps(data, indent=2, ensure_ascii=False) + "\n")
        return file

    @staticmethod
    def load(path: str | Path) -> "AnswerAttribution":
        """Read a .json file that ``save`` wrote.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        AnswerAttribution
            An attribution equal to the one that was saved.

        Raises
        ------
        DataError
            If the file is missing, damaged, or was written by a later version.
        """
        file = checked_path("path", path, "attribution.json")
        try:
            data = read_json(file)
        except OSError as error:
            raise DataError(f"Can't read {file} ({error.strerror}); name a file that `save` wrote.") from error
        except ValueError as error:
            raise _damaged(file, error) from error
        if not isinstance(data, dict) or "version" not in data:
            raise _damaged(file, "it has no version")
        if (version := data.pop("version")) not in _READABLE:
            remedy = version_remedy(version, _VERSION, "attribute the answer again")
            raise DataError(f"{file} has version {version!r}, but the latest known is {_VERSION}; {remedy}.")
        try:
            return _ADAPTER.validate_python(data)
        except (DataError, ValidationError) as error:
            raise _damaged(file, error) from error

    def _drawing(self) -> drawn.Drawing:
        return drawn.Drawing(self.messages, self.units, self.answer, self.explainer, _summary(self), _settings(self))

    def __rich__(self) -> Text:
        return drawn.coloured(self._drawing())

    def __str__(self) -> str:
        console = Console(soft_wrap=True)  # for standard output: with colours if it shows them
        with console.capture() as capture:
            console.print(self, end="")
        return capture.get()

    def __repr__(self) -> str:
        strongest = sorted(self.units, key=lambda unit: -abs(unit.score))[:3]
        listed = ", ".join(f"{shortened(unit.text, 30)!r} {unit.score:+.3g}" for unit in strongest) or "none"
        answer = shortened(repr(self.answer), 60)
        return f"AnswerAttribution({answer} by {self.model}, {self.explainer}: {len(self.units)} units, strongest {listed})"

    def _repr_html_(self) -> str:
        return drawn.heat_map(self._drawing())


_ADAPTER = TypeAdapter(AnswerAttribution)


def _damaged(file: Path, reason: object) -> DataError:
    text = shortened(" ".join(str(reason).split()), 120)
    return DataError(f"{file} is not a saved attribution ({text}); attribute the answer again and save the result.")


def _summary(attribution: AnswerAttribution) -> str:
    """The value with and without the units, how far the sum of the scores is from their difference, and the cost."""
    gap, cost = attribution.completeness_gap, attribution.cost
    instead = "" if attribution.baseline is None else f" (replaced by {attribution.baseline})"
    incomplete = "" if gap is None else f"completeness gap {gap:.2g}, "
    return (
        f"{attribution.value} {attribution.full:.4g} with the whole prompt, {attribution.empty:.4g} with the units absent"
        f"{instead}; "
        f"{incomplete}{cost.forward_passes} forward {'pass' if cost.forward_passes == 1 else 'passes'}, {cost.seconds:.2f} s"
    )


def _settings(attribution: AnswerAttribution) -> str:
    """The settings and the seed, with which the scores can be computed again; ``value`` is in the summary already."""
    shown = [f"{name}={value}" for name, value in attribution.settings.items() if name != "value" and value is not None]
    return ", ".join(shown if attribution.seed is None else [*shown, f"seed={attribution.seed}"])
