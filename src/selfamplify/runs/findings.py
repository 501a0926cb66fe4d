"""What a study of faithfulness found, and the results.json that holds it."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ..arguments import checked_path
from ..errors import DataError
from ..evaluation.conclusion import p_in_words
from ..evaluation.figures import MEASURES, Figure
from ..text.documents import read_json, reason
from ..text.files import write_whole
from ..text.lines import counted
from ..text.sealing import seal, sealed, unsealed
from .table import FILE_NAME, source_of

RANKED_BY = ("comprehensiveness", "flips")
"""What explainers are ranked by: those that score words, and those that name or write them."""


@dataclass(frozen=True)
class Measures:
    """What was measured of one explainer.

    Parameters
    ----------
    explainer : str
        Its name.
    makes : str
        ``"scores"``, ``"words"`` or ``"text"``; empty if it explained no question.
    figures : tuple of Figure
        One per measure that is defined for what it makes. The tests of all explainers are corrected together.
    missing : int
        Questions that it could not explain.
    reason : str
        Why it could not explain the first of them; by default empty.
    naming : int
        Rationales that contain the text of the answer; by default 0. Simulatability says little about these.
    """

    explainer: str
    makes: str
    figures: tuple[Figure, ...]
    missing: int
    reason: str = ""
    naming: int = 0


@dataclass(frozen=True)
class Agreement:
    """How many of their words two explainers have in common.

    Parameters
    ----------
    first, second : str
        The explainers.
    figure : Figure
        The share of the smaller set of words that the larger one holds, and what it would be by chance. The tests of all pairs
        are corrected together.
    """

    first: str
    second: str
    figure: Figure


@dataclass(frozen=True, repr=False)
class Faithfulness:
    """What explanations of a model's own answers to a task are worth.

    Parameters
    ----------
    task, model : str
        Their names.
    questions, right : int
        How many questions were answered with a label, and how many of them correctly.
    measures : tuple of Measures
        One per explainer, in the order in which they were given.
    agreements : tuple of Agreement
        One per pair of explainers.
    notes : tuple of str
        What a reader must know: questions and explanations that are missing, and what the figures can't say.
    settings : dict
        What the study was begun with.
    """

    task: str
    model: str
    questions: int
    right: int
    measures: tuple[Measures, ...]
    agreements: tuple[Agreement, ...] = ()
    notes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        explainers = ", ".join(each.explainer for each in self.measures)
        return f"Faithfulness({explainers}: {counted(self.questions, 'answer')} of {self.model} to {self.source})"

    @property
    def source(self) -> str:
        """What the questions are called: their file, if it is the user's own, else their task."""
        return source_of(self.settings, self.task)

    def figure(self, measure: str, explainer: str) -> Figure | None:
        """The figure of one measure and explainer; None if there is none."""
        own = (figure for each in self.measures if each.explainer == explainer for figure in each.figures)
        return next((figure for figure in own if figure.measure == measure), None)

    def ranking(self, measure: str) -> list[Figure]:
        """The figures of one measure, the best explainer first."""
        found = [figure for each in self.measures if (figure := self.figure(measure, each.explainer))]
        return sorted(found, key=lambda each: each.mean, reverse=MEASURES[measure] == "higher")

    def conclusions(self) -> list[str]:
        """What may be concluded, in plain sentences: the rankings, and how each explainer compares with random words."""
        compared = (_in_words(each) for each in self.measures if each.figures)
        return [*self._rankings(), *compared, *self._naming(), *self._in_general()]

    def _rankings(self) -> Iterator[str]:
        for measure in RANKED_BY:
            ranked = self.ranking(measure)
            if len(ranked) > 1:
                names = ", ".join(f"{each.explainer} {each.mean:.2f} (random words {each.random:.2f})" for each in ranked)
                yield f"By {measure}: {names}."

    def _naming(self) -> Iterator[str]:
        for each in self.measures:
            if each.naming:
                share = f"{each.naming} of {counted(self.questions - each.missing, 'rationale')}"
                yield f"{share} by {each.explainer} contain the answer itself, which by itself can lead the model to it."

    def _in_general(self) -> Iterator[str]:
        found = [figure for each in self.measures for figure in each.figures]
        if found and not any(each.verdict == "better" for each in found):
            yield (
                f"No explainer was shown to be better than random words on {counted(self.questions, 'question')}: these "
                "explanations can't be told from random ones here. That is not proof that they are equal."
            )

    def digest(self) -> str:
        """SHA-256 of all results: equal for two runs with the same results."""
        return seal(self._contents())

    def save(self, folder: str | Path) -> Path:
        """Write results.json into a folder; returns the file's path."""
        file = checked_path("folder", folder, "runs/faithful") / FILE_NAME
        write_whole(file, json.dumps(sealed(self._contents()), indent=2, ensure_ascii=False) + "\n")
        return file

    def _contents(self) -> dict[str, Any]:
        """What results.json holds."""
        return {"faithfulness": asdict(self), "conclusions": self.conclusions()}

    @staticmethod
    def load(folder: str | Path) -> "Faithfulness":
        """Read the results.json of a run folder. Raises DataError if there is none, or it is another one, or was edited."""
        folder = checked_path("folder", folder, "runs/faithful")
        file = folder / FILE_NAME
        try:
            data = read_json(file)
            own = unsealed(data, file, "`selfamplify faithfulness`")
            return TypeAdapter(Faithfulness).validate_python(own["faithfulness"])
        except FileNotFoundError:
            raise DataError(
                f"There is no {FILE_NAME} in {folder}; run `selfamplify faithfulness --out {folder}` first."
            ) from None
        except DataError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{file} is damaged, or made by another command ({reason(error)}); run `selfamplify faithfulness` with another "
                "`out`."
            ) from error


def is_study(folder: Path) -> bool:
    """Whether the results.json of a folder holds a study of faithfulness."""
    try:
        return "faithfulness" in read_json(folder / FILE_NAME)
    except (OSError, ValueError, TypeError):
        return False


def _in_words(measures: Measures) -> str:
    """How an explainer compares with random words, by all of its figures."""
    named = {
        verdict: [each for each in measures.figures if each.verdict == verdict] for verdict in ("better", "worse", "not shown")
    }
    parts = [f"{verdict} than random words on {_listed(found)}" for verdict in ("better", "worse") if (found := named[verdict])]
    if named["not shown"]:
        parts.append(f"not shown to differ from random words on {_listed(named['not shown'])}")
    return f"{measures.explainer} is {'; '.join(parts)}."


def _listed(figures: list[Figure]) -> str:
    return ", ".join(each.measure if each.p_holm is None else f"{each.measure} ({p_in_words(each.p_holm)})" for each in figures)
