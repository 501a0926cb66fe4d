"""From rows to the questions of a source. What is wrong with any row is collected, so that one error can list it all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from ...errors import DataError
from ...records import Choice, Question
from ...text.lines import counted
from ..source import Reading
from ..task import content_key
from .columns import Columns
from .layouts import BadRow
from .questions import question_of
from .rows import Row

_SHOWN = 20
_T = TypeVar("_T")


def read_questions(rows: Sequence[Row], columns: Columns, names: tuple[str, ...] = ()) -> Reading:
    """Turn rows into questions.

    All rows that contradict each other, or share an id, are bad. Of exact copies, the first is kept. The test side is kept
    whole, so that results on a known test set can be compared: a question that both sides have is left out of the train pool.

    Parameters
    ----------
    rows : sequence of Row
        The rows of both sides.
    columns : Columns
        Their columns.
    names : tuple of str, default ()
        The choices of rows that do not offer any.

    Returns
    -------
    Reading
        The questions, and the rows that were left out.
    """
    found: list[tuple[Row, Question]] = []
    faults: dict[str, str] = {}
    for row in rows:
        try:
            found.append((row, question_of(row, columns, names)))
        except BadRow as error:
            faults[row.place] = str(error)
    faults |= _contradictions(found) | _shared_ids(found)
    good = [(row, question) for row, question in found if row.place not in faults]
    bad = tuple(f"{row.place}: {faults[row.place]}" for row in rows if row.place in faults)
    train = _distinct((row, question) for row, question in good if not row.held_out)
    if not any(row.held_out for row in rows):
        return Reading(tuple(question for _, question in train), None, bad)
    test = [question for _, question in _distinct((row, question) for row, question in good if row.held_out)]
    asked = set(map(content_key, test))
    kept = tuple(question for _, question in train if content_key(question) not in asked)
    repeated = tuple(
        f"{row.place}: left out of the train pool, because it is also a test question"
        for row, question in train
        if content_key(question) in asked
    )
    return Reading(kept, _renamed(test, {question.id for question in kept}), bad, repeated)


def _contradictions(found: Iterable[tuple[Row, Question]]) -> dict[str, str]:
    """The places of rows with the same question and choices but different answers, each with the reason."""
    alike = defaultdict[tuple[str, ...], list[tuple[str, str]]](list)
    for row, question in found:
        right = next(choice.text for choice in question.choices if choice.label == question.answer)
        alike[content_key(question)].append((row.place, right))
    return {
        place: f"answered {right!r} here, but {other!r} at {where}"
        for group in alike.values()
        for place, right, other, where in _clashes(group)
    }


def _shared_ids(found: Iterable[tuple[Row, Question]]) -> dict[str, str]:
    """The places of rows of one side that have the id of another question, each with the reason."""
    alike = defaultdict[tuple[bool, str], list[tuple[str, Question]]](list)
    for row, question in found:
        alike[row.held_out, question.id].append((row.place, question))
    return {
        place: f"the id {question.id!r} is also the id of another question, at {where}"
        for group in alike.values()
        for place, question, _, where in _clashes(group)
    }


def _clashes(group: Sequence[tuple[str, _T]]) -> Iterator[tuple[str, _T, _T, str]]:
    """If the values of a group differ, each place and its value, with a different value and the place of that one."""
    first: dict[_T, str] = {}
    for place, value in group:
        first.setdefault(value, place)
    if len(first) > 1:
        for place, value in group:
            other, where = next((other, where) for other, where in first.items() if other != value)
            yield place, value, other, _seen_from(place, where)


def _seen_from(place: str, where: str) -> str:
    """``where`` without its file, if ``place`` is in the same file."""
    near = where.removeprefix(place.rpartition(":")[0] + ":").strip()
    return f"line {near}" if near.isdecimal() else near


def _distinct(found: Iterable[tuple[Row, Question]]) -> list[tuple[Row, Question]]:
    """The questions without exact copies, which may differ in their ids."""
    first: dict[tuple[str, tuple[Choice, ...]], tuple[Row, Question]] = {}
    for row, question in found:
        first.setdefault((question.text, question.choices), (row, question))
    return list(first.values())


def _renamed(test: Sequence[Question], train_ids: set[str]) -> tuple[Question, ...]:
    """The test questions, with a prefix on ids that train questions have: two files may both number their rows from 1."""
    taken = train_ids | {question.id for question in test}
    renamed = []
    for question in test:
        name = question.id
        if name in train_ids:
            while name in taken:
                name = f"test-{name}"
            taken.add(name)
        renamed.append(replace(question, id=name))
    return tuple(renamed)


def bad_rows(lines: Sequence[str]) -> DataError:
    """The error that lists bad rows, the first 20 of them in full."""
    more = [f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    listing = "\n  ".join([*lines[:_SHOWN], *more])
    return DataError(f"{counted(len(lines), 'row')} can't be used:\n  {listing}\nFix them, or leave them out: `skip_bad=True`.")
