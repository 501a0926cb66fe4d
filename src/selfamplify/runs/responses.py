"""responses.jsonl: what the model said to every question in every row of a run, and what was read from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path
from sys import intern
from typing import Annotated, BinaryIO

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, ValidationError

from ..arguments import checked_path
from ..errors import DataError
from ..records.shown import short_repr
from ..text.documents import read_json, reason
from ..text.sealing import changed
from .cell import Cell
from .table import FILE_NAME as RESULTS

FILE_NAME = "responses.jsonl"
UNFINISHED = "unfinished.jsonl"
"""The responses of the rows that are finished while others are not."""
_cell = lru_cache(Cell.read)


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One response: the row (``cell``) and the question it belongs to, the text, and the label that ``rule`` read from it.

    With self-consistency, ``votes`` are the labels of all replies in the order in which they were drawn (None: no label), and
    ``unparsed_votes`` says from how many of them no rule could read one; ``text`` is the first reply with the winning label.
    ``log_probabilities`` are those of the labels, in the order of the choices, if likelihood decided; else empty. ``names`` are
    the names of labels that are answers themselves, such as "positive" for "B"; empty for answers that are letters or texts.
    """

    cell: Annotated[Cell, BeforeValidator(lambda text: _cell(str(text)))]
    question: Annotated[str, AfterValidator(intern)]
    question_id: Annotated[str, AfterValidator(intern)]
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
    adapter = TypeAdapter(Line)
    lines: list[Line] = []
    with _opened(folder, name) as opened:
        try:
            # Only a line feed ends a line here: a response may hold other separators, such as U+2028.
            lines.extend(adapter.validate_json(text) for text in opened if text != b"\n")
        except ValidationError as error:
            raise DataError(
                f"{opened.name} can't be read (line {len(lines) + 1}: {reason(error)}); run the original command again."
            ) from error
    return lines


def check_responses(folder: str | Path) -> None:
    """Raise DataError if the responses.jsonl of a run folder is missing or was edited; its lines are not looked at."""
    with _opened(folder, FILE_NAME):
        pass


@contextmanager
def _opened(folder: str | Path, name: str) -> Iterator[BinaryIO]:
    """A file of responses, with the content that results.json recorded."""
    folder = checked_path("folder", folder, "runs/mine")
    file = folder / name
    try:
        with file.open("rb") as opened:
            if name == FILE_NAME and _recorded(folder) not in (None, file_digest(opened, "sha256").hexdigest()):
                raise changed(file, "the original command")
            opened.seek(0)
            yield opened
    except FileNotFoundError:
        raise DataError(f"There is no {name} in {folder}; run `selfamplify compare --out {folder}` first.") from None
    except OSError as error:
        raise DataError(f"{file} can't be read ({reason(error)}); run the original command again.") from error


def _recorded(folder: Path) -> str | None:
    """The digest of the responses in results.json; None if nothing is finished, or that file is not in order itself."""
    try:
        return read_json(folder / RESULTS)["responses_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
