"""From answered cells to responses.jsonl, line by line, so that the whole file is never in memory."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import chain
from pathlib import Path

from ..records import Outcome
from ..text.files import write_whole
from .responses import FILE_NAME, UNFINISHED
from .rows import Finished

_BLOCK = 1 << 20
_OUTCOME = tuple(field.name for field in fields(Outcome))
_encoded = json.JSONEncoder(ensure_ascii=False).encode


def save_responses(folder: Path, finished: Sequence[Finished]) -> str:
    """Write responses.jsonl; returns its digest."""
    return _written(folder / FILE_NAME, (line for item in finished for line in _lines(item)))


def keep_responses(folder: Path, finished: Sequence[Finished]) -> str:
    """Write unfinished.jsonl: what the last call wrote into it, and the last of the finished cells; returns its digest.

    So each cell is encoded once, however many there are.
    """
    file = folder / UNFINISHED
    if len(finished) > 1 and file.is_file():
        return _written(file, chain(_blocks(file), _lines(finished[-1])))
    return _written(file, (line for item in finished for line in _lines(item)))


def _written(file: Path, pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()

    def digested() -> Iterator[bytes]:
        for piece in pieces:
            digest.update(piece)
            yield piece

    write_whole(file, digested())
    return digest.hexdigest()


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            yield block


def _lines(item: Finished) -> Iterator[bytes]:
    """One line of JSON for each question of a cell."""
    cell = str(item.cell)
    for question, response, outcome in zip(item.result.questions, item.result.responses, item.result.outcomes, strict=True):
        line: dict[str, object] = {
            "cell": cell,
            "question": question.render(),
            **{name: getattr(outcome, name) for name in _OUTCOME},
            "text": response.text,
        }
        if response.log_probabilities:
            line["log_probabilities"] = response.log_probabilities
        if response.votes:
            line |= {"votes": response.votes, "unparsed_votes": response.unparsed_votes}
        if question.answer_style == "label":
            line["names"] = dict(zip(question.labels, question.answers, strict=True))
        yield f"{_encoded(line)}\n".encode()
