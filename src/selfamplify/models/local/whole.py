"""The log-probabilities of answers of any number of tokens, compared as wholes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...records import NextToken
from ..model import AbstractDifferentiableModel, Reading
from ..nested import apart

_PLACES = 256
"""The most places whose logits of the whole vocabulary are held at once."""


@dataclass
class _Rows:
    """Rows with the same prefix that end in equally many tokens of an answer; each is a question's place and these tokens."""

    prefix: int
    keep: int
    members: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)


def whole_answers(model: AbstractDifferentiableModel, readings: Sequence[Reading]) -> list[NextToken]:
    """Return, for each reading, the log-probability of each of its answers: the sum over its tokens, in nats.

    One that begins a longer answer does not count where the reply goes on to that one: see ``nested.py``.
    Answers that differ only in their last token share a row, so that labels of one token take one row per question. Rows share
    the tokens before the question; or, where a question has many rows, its own tokens up to the answer.
    """
    found: list[dict[tuple[int, ...], float]] = [{} for _ in readings]
    for rows in _rows(readings):
        size = max(1, _PLACES // rows.keep)
        for start in range(0, len(rows.members), size):
            part = rows.members[start : start + size]
            ids = [(*readings[place].ids, *begun) for place, begun in part]
            scores = model.last_logits(ids, rows.prefix, rows.keep).log_softmax(-1)
            for (place, begun), row in zip(part, scores, strict=True):
                for answer in readings[place].answers.values():
                    if answer[:-1] == begun:
                        found[place][answer] = float(row[range(len(answer)), list(answer)].sum())
    return [_compared(reading, scores) for reading, scores in zip(readings, found, strict=True)]


def _rows(readings: Sequence[Reading]) -> Iterator[_Rows]:
    groups: dict[tuple[tuple[int, ...], int], _Rows] = {}
    for place, reading in enumerate(readings):
        beginnings = dict.fromkeys(answer[:-1] for answer in reading.answers.values())
        whole = len(reading.ids)
        shared = reading.prefix if len(beginnings) * (whole - reading.prefix) <= whole else whole - 1
        for begun in beginnings:
            key = reading.ids[:shared], len(begun) + 1
            groups.setdefault(key, _Rows(shared, len(begun) + 1)).members.append((place, begun))
    yield from groups.values()


def _compared(reading: Reading, scores: dict[tuple[int, ...], float]) -> NextToken:
    answers = list(reading.answers.values())
    found: list[float] = apart(np.array([[scores[ids] for ids in answers]]), answers)[0].tolist()
    best = list(reading.answers)[int(np.argmax(found))]
    return NextToken(best, best, tuple(found), lengths=tuple(map(len, answers)))
