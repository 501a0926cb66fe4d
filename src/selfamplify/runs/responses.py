"""responses.jsonl: what the model said to every question in every row of a run, and what was read from it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from ..arguments import checked_path
from ..errors import DataError
from ..records.shown import short_repr
from ..text.documents import read_json, reason
from ..text.lines import sha256
from ..text.sealing import changed
from .cell import Cell
from .table import FILE_NAME as RESULTS

FILE_NAME = "responses.jsonl"
UNFINISHED = "unfinished.jsonl"
"""The responses of the rows that are finished while others are not."""


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One response: the row (``cell``) and the question it belongs to, the text, and the label that ``rule`` read from it.

    With self-consistency, ``votes`` are the labels of all replies in the order in which they were drawn (None: no label), and
    ``unparsed_votes`` says from how many of them no rule could read one; ``text`` is the first reply with the winning label.
    ``log_probabilities`` are those of the labels, in the order of the choices, if likelihood decided; else empty. ``names`` are
    the names of labels that are answers themselves, such as "positive" for "B"; empty for answers that are letters or texts.
    """

    cell: Annotated[Cell, BeforeValidator(lambda text: Cell.read(str(text)))]
    question: str
    question_id: str
    answer: str
    label: str | None
    rule: str
    correct: bool
    text: str
    log_probabilities: tuple[float, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    votes: tuple[str | None, ...] = ()
    unparsed_votes: int = 0

    __repr__ = short_repr

    def called(self, label: str) -> str:
        """A label's name, or its letter in parentheses."""
        return self.names.get(label, f"({label})")


def load_responses(folder: str | Path, name: str = FILE_NAME) -> list[Line]:
    """Read the responses.jsonl of a run folder, or ``name``. Raises DataError if it is missing, damaged or edited."""
    folder = checked_path("folder", folder, "runs/mine")
    file = folder / name
    adapter = TypeAdapter(Line)
    lines: list[Line] = []
    try:
        written = file.read_text(encoding="utf-8")
        if name == FILE_NAME and _recorded(folder) not in (None, sha256(written)):
            raise changed(file, "the command that made it")
        # Only a line feed ends a line here: a response may hold other separators, such as U+2028.
        for text in written.split("\n"):
            if text:
                lines.append(adapter.validate_json(text))
    except FileNotFoundError:
        raise DataError(f"There is no {name} in {folder}; run `selfamplify compare --out {folder}` first.") from None
    except DataError:
        raise
    except (OSError, ValueError) as error:
        where = f"line {len(lines) + 1}: " if isinstance(error, ValidationError) else ""
        raise DataError(
            f"{file} can't be read ({where}{reason(error)}); run the command that made the results again."
        ) from error
    return lines


def _recorded(folder: Path) -> str | None:
    """The digest of the responses in results.json; None if nothing is finished, or that file is not in order itself."""
    try:
        return read_json(folder / RESULTS)["responses_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
