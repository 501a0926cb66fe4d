"""What a race found, and tuning.json, the file that holds it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ..arguments import checked_path
from ..errors import DataError
from ..prompting.prompt import Prompt
from ..prompting.prompt_file import FILE_NAME as PROMPT
from ..records import Evidence
from ..runs.editing import before_edit
from ..text.files import write_whole
from ..text.lines import counted
from ..text.sealing import changed, sealed
from .arm import Arm
from .kept import FILE_NAME, left_out, opened


@dataclass(frozen=True)
class Raced:
    """How an arm did.

    Parameters
    ----------
    arm : Arm
        How its prompt was made.
    correct, n : int
        How many of the validation questions it answered correctly before it was dropped, or to the end.
    tokens : float, optional
        The mean number of tokens of the prompt, a question and its reply together; None for an arm that was dropped. A server
        shows no tokenizer: there, words are counted.
    unparsed : float, optional
        The share of its replies from which no rule read a label, from 0 to 1; None where that was not counted.
    """

    arm: Arm
    correct: int
    n: int
    tokens: float | None = None
    unparsed: float | None = None

    @property
    def accuracy(self) -> float:
        """The share of correct answers, from 0 to 1."""
        return self.correct / self.n


@dataclass(frozen=True, repr=False)
class Tuning:
    """The result of ``tune``.

    Parameters
    ----------
    prompt : Prompt
        The chosen prompt, with its evidence.
    raced : tuple of Raced
        All arms that answered questions, the best of those that stayed longest first.
    failed : dict
        The arms without a prompt, each with the reason.
    calls : dict
        How many answers were asked for: in the ``race`` and for the ``test``; and, for comparison, how many a ``grid`` of all
        arms and all validation questions would take. The first and the last include the answers for calibration.
    settings : dict
        What the race was begun with.
    """

    prompt: Prompt
    raced: tuple[Raced, ...]
    failed: dict[str, str]
    calls: dict[str, int]
    settings: dict[str, Any]

    @property
    def evidence(self) -> Evidence:
        """How well the chosen prompt did."""
        assert self.prompt.evidence is not None
        return self.prompt.evidence

    @property
    def left_out(self) -> tuple[str, ...]:
        """The arms that the budget did not suffice for, by name."""
        return left_out(self.settings, map(str, (each.arm for each in self.raced)), self.failed)

    def __repr__(self) -> str:
        return f"Tuning({self.evidence.arm} of {counted(len(self.raced), 'arm')}: {self.evidence.conclusion})"

    def save(self, folder: Path) -> Path:
        """Write tuning.json."""
        file = folder / FILE_NAME
        data = {
            "evidence": asdict(self.evidence),
            "raced": [{"name": str(each.arm), **asdict(each)} for each in self.raced],
            "failed": self.failed,
            "calls": self.calls,
            "settings": self.settings,
        }
        write_whole(file, json.dumps(sealed(data), indent=2, ensure_ascii=False) + "\n")
        return file

    @staticmethod
    def load(folder: str | Path) -> "Tuning":
        """Read the tuning.json and the prompt.json of a run folder; of an edited prompt, the one before its first edit.

        Raises DataError if one of them is missing, damaged or edited without an original, or if they are not of the same race.
        """
        folder = checked_path("folder", folder, "runs/tuned")
        file, prompt = folder / FILE_NAME, Prompt.load(folder)
        if prompt.edits:
            original = before_edit(folder / PROMPT)
            if not original.is_file():
                raise DataError(
                    f"{folder / PROMPT} was edited and the original is missing, but {file} describes the original; read the "
                    f"edited prompt with `Prompt.load(folder)`, or run `selfamplify tune` with another `out`."
                )
            prompt = Prompt.load(original)
        if not file.is_file():
            raise DataError(f"There is no {FILE_NAME} in {folder}; run `selfamplify tune --out {folder}` first.")
        with opened(file) as data:
            same = TypeAdapter(Evidence).validate_python(data["evidence"]) == prompt.evidence
            raced = TypeAdapter(tuple[Raced, ...]).validate_python(data["raced"])
            found = Tuning(prompt, raced, data["failed"], data["calls"], data["settings"])
        if not same:
            raise changed(file, "`selfamplify tune`")
        return found
