"""responses.jsonl: what the model said to every question in every row of a run, and what was read from it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from ..arguments import checked_path
from ..errors import DataError
from ..text.files import write_whole
from .plan import Cell
from .rows import Finished

FILE_NAME = "responses.jsonl"


@dataclass(frozen=True, slots=True)
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

    def called(self, label: str) -> str:
        """A label's name, or its letter in parentheses."""
        return self.names.get(label, f"({label})")


def save_responses(folder: Path, finished: Sequence[Finished]) -> Path:
    """Write responses.jsonl."""
    lines: list[dict[str, object]] = []
    for item in finished:
        judged = zip(item.result.questions, item.result.responses, item.result.outcomes, strict=True)
        for question, response, outcome in judged:
            line: dict[str, object] = {
                "cell": str(item.cell),
                "question": question.render(),
                **asdict(outcome),
                "text": response.text,
            }
            if response.log_probabilities:
                line["log_probabilities"] = response.log_probabilities
            if response.votes:
                line |= {"votes": response.votes, "unparsed_votes": response.unparsed_votes}
            if question.answer_style == "label":
                line["names"] = dict(zip(question.labels, question.answers, strict=True))
            lines.append(line)
    file = folder / FILE_NAME
    write_whole(file, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return file


def load_responses(folder: str | Path) -> list[Line]:
    """Read the responses.jsonl of a run folder. Raises DataError if there is none, or it is damaged."""
    file = checked_path("folder", folder, "runs/mine") / FILE_NAME
    adapter = TypeAdapter(Line)
    lines: list[Line] = []
    try:
        # Only a line feed ends a line here: a response may hold other separators, such as U+2028.
        for text in file.read_text(encoding="utf-8").split("\n"):
            if text:
                lines.append(adapter.validate_json(text))
    except FileNotFoundError:
        raise DataError(f"There is no {FILE_NAME} in {folder}; run `selfamplify compare --out {folder}` first.") from None
    except (OSError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        reason = f"line {len(lines) + 1}: {first['msg']}" if first else error
        raise DataError(f"{file} can't be read ({reason}); run the command that made the results again.") from error
    return lines
