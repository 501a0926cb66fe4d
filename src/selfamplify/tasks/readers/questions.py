"""Rows become questions, and what is wrong with any of them is collected rather than raised one by one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ...errors import DataError
from ...records import Choice, Question
from ..task import LETTERS, content_key
from .columns import Columns
from .layouts import BadRow, Offer, answer_index, clean, listed, winner, written
from .rows import Row

_SHOWN = 20
_T = TypeVar("_T")


@dataclass(frozen=True)
class Reading:
    """What a source found: the questions, and a line for each row that can't be used.

    ``test`` is None where the data is one set, still to be split. ``repeated`` has a line for each train question that was
    left out because the test side asks it too.
    """

    train: tuple[Question, ...]
    test: tuple[Question, ...] | None = None
    bad: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


def read_questions(rows: Sequence[Row], columns: Columns, names: tuple[str, ...] = ()) -> Reading:
    """The questions of ``rows``; ``names`` are the choices of rows that offer none.

    Rows that contradict each other, or share an id, are bad, each of them. Of exact copies the first is kept. The test side
    stays whole, so that results on a known test set can be compared: what both sides ask is left out of train.
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
        f"{row.place}: left out of train, the test side asks it too"
        for row, question in train
        if content_key(question) in asked
    )
    return Reading(kept, _renamed(test, {question.id for question in kept}), bad, repeated)


def question_of(row: Row, columns: Columns, names: tuple[str, ...] = ()) -> Question:
    """The question of one row, its labels A, B, C, … by position. Raises BadRow."""
    if row.fault:
        raise BadRow(row.fault)
    values = row.values
    asked, answer = values.get(columns.question), values.get(columns.answer)
    if isinstance(answer, Mapping):
        answer = winner(answer)
    answer = clean(f"answer in {columns.answer!r}", answer)
    nested = asked if isinstance(asked, Mapping) else {}
    text = clean(f"question in {columns.question!r}", nested.get("stem", None if nested else asked))
    offer = _offer(values, columns, nested)
    if offer is None:
        text, offer = _from_text(text, answer, values, columns, names)
    index = answer_index(answer, offer)
    if offer.texts.count(offer.texts[index]) > 1:
        raise BadRow(f"the right answer {offer.texts[index]!r} is offered twice")
    if "task_prefix" in values:
        text = f"{clean('task_prefix', values['task_prefix'])}\n{text}"
    choices = tuple(Choice(letter, choice) for letter, choice in zip(LETTERS, offer.texts, strict=False))
    own = values.get(columns.id) if columns.id else None
    name = row.name if own is None or own == "" else clean("id", own)
    return Question(name, clean("question before the choices", text), choices, LETTERS[index])


def _offer(values: Mapping[str, Any], columns: Columns, nested: Mapping[str, Any]) -> Offer | None:
    if "choices" in nested:
        return listed(nested["choices"])
    if len(columns.choices) == 1:
        if values.get(columns.choices[0]) in (None, ""):
            raise BadRow(f"no choices in {columns.choices[0]!r}")
        return listed(values[columns.choices[0]])
    cells = [values.get(name) for name in columns.choices]
    while cells and cells[-1] in (None, ""):
        cells.pop()
    texts = tuple(clean(f"choice in {name!r}", cell) for name, cell in zip(columns.choices, cells, strict=False))
    return Offer(texts) if columns.choices else None


def _from_text(
    text: str, answer: str, values: Mapping[str, Any], columns: Columns, names: tuple[str, ...]
) -> tuple[str, Offer]:
    """The stem and its choices where no column holds them: in the text, else ``names``, or the keys of the target scores.

    Where there are names, marks in the text are choices only if they have these names, as texts or as labels. Keys like "(a)"
    are no names: without such a mark in the text, nothing says what they stand for.
    """
    scores = values.get(columns.answer)
    if not names and isinstance(scores, Mapping) and not all(name.startswith("(") for name in scores):
        names = tuple(clean("choice", name) for name in scores)
    try:
        found = written(text, answer)
    except BadRow:
        if not names:
            raise
        found = None
    known = {name.casefold().strip("()") for name in names}
    if found and (not names or known in ({item.casefold() for item in items} for items in (found[1].texts, found[1].labels))):
        return found
    if not names:
        raise BadRow("no choices: no column holds them, and the text has no (A) … (B) …")
    return text, Offer(names, names)


def _contradictions(found: Iterable[tuple[Row, Question]]) -> dict[str, str]:
    """Rows that ask the same of the same choices and have different answers."""
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
    """Rows of one side that have the id of another question."""
    alike = defaultdict[tuple[bool, str], list[tuple[str, Question]]](list)
    for row, question in found:
        alike[row.held_out, question.id].append((row.place, question))
    return {
        place: f"the id {question.id!r} is also that of another question, at {where}"
        for group in alike.values()
        for place, question, _, where in _clashes(group)
    }


def _clashes(group: Sequence[tuple[str, _T]]) -> Iterator[tuple[str, _T, _T, str]]:
    """Of things that should all be equal, each place and thing with another thing, and where that one stands."""
    first: dict[_T, str] = {}
    for place, thing in group:
        first.setdefault(thing, place)
    if len(first) > 1:
        for place, thing in group:
            other, where = next((other, where) for other, where in first.items() if other != thing)
            yield place, thing, other, _seen_from(place, where)


def _seen_from(place: str, where: str) -> str:
    """``where`` without its file, if that is the file of ``place`` too."""
    near = where.removeprefix(place.rpartition(":")[0] + ":").strip()
    return f"line {near}" if near.isdecimal() else near


def _distinct(found: Iterable[tuple[Row, Question]]) -> list[tuple[Row, Question]]:
    """Without exact copies, which may differ in their ids."""
    first: dict[tuple[str, tuple[Choice, ...]], tuple[Row, Question]] = {}
    for row, question in found:
        first.setdefault((question.text, question.choices), (row, question))
    return list(first.values())


def _renamed(test: Sequence[Question], train_ids: set[str]) -> tuple[Question, ...]:
    """Two files may both count their rows from 1: a test id that train uses gets a prefix."""
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
    """The one error that lists all bad rows."""
    more = [f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    count = "1 row" if len(lines) == 1 else f"{len(lines)} rows"
    listing = "\n  ".join([*lines[:_SHOWN], *more])
    remedy = "Fix them, or go on without them: --skip-bad on the command line, skip_bad=True in Python."
    return DataError(f"{count} can't be used:\n  {listing}\n{remedy}")
