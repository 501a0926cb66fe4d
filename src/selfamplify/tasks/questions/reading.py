"""From rows to the questions of a source. What is wrong with any row is collected, so that one error can list it all."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from ...errors import DataError
from ...records import Question
from ...text.lines import counted, shortened
from ..copies import bare_text, content_key, near_key
from ..rows.rows import Row
from ..source import LeftOut, Reading
from .answers import Answered, AnswerKey, AnswersFrom, answer_key
from .columns import Columns
from .drafts import Draft, Layout, draft_of, question_of
from .faults import BadRow
from .listing import SEPARATOR_NAMES, separator_of
from .names import is_one_distractor, numbered_from
from .rivals import rival_notes

_SHOWN, _ALIKE = 20, 5
"""So many bad rows are listed and, if there are more, so many of them for each kind of reason."""
_REASONS = 3
_T = TypeVar("_T")


def read_questions(rows: Sequence[Row], layout: Layout, answers_from: AnswersFrom | None = None) -> Reading:
    """Turn rows into questions.

    All rows that contradict each other, or share an id, are bad. Of exact copies, the first is kept. The test side is kept
    whole, so that results on a known test set can be compared: a question that both sides have, if only nearly, is left out of
    the train pool.

    Parameters
    ----------
    rows : sequence of Row
        The rows of both sides.
    layout : Layout
        How they are read.
    answers_from : {0, 1, "text"} or None, default None
        What numbers in the answers' column are; None to decide by the whole column.

    Returns
    -------
    Reading
        The questions, and the rows that were left out.

    Raises
    ------
    DataError
        If it can't be decided what the numbers in the answers' column are.
    """
    columns = layout.columns
    separator = _separator(rows, columns)
    drafts, faults = _drafts(rows, replace(layout, separator=separator))
    named = [draft.answer for draft in drafts if draft.answer.offer.right is None]
    notes = [f"The choices in one cell are separated by {SEPARATOR_NAMES[separator]}."] if separator else []
    # A row that can't be parsed may hold the 0 that says otherwise than the names of the columns.
    named_from = None if any(row.fault for row in rows) else numbered_from(columns.choices, columns.answer)
    try:
        key = answer_key(named, columns.answer, answers_from, named_from)
    except DataError as error:
        raise DataError("\n".join([str(error), *notes])) from error
    found: list[tuple[Row, Question]] = []
    for draft in drafts:
        try:
            found.append((draft.row, question_of(draft, key, columns)))
        except BadRow as error:
            faults[draft.row.place] = str(error)
    notes += _never_offered(named, key, columns)
    notes += rival_notes(drafts, found, columns)
    faults |= _contradictions(found) | _shared_ids(found)
    good = [(row, question) for row, question in found if row.place not in faults]
    bad = tuple(LeftOut(row.place, faults[row.place], row.line) for row in rows if row.place in faults)
    train, test = (_distinct((row, question) for row, question in good if row.held_out is side) for side in (False, True))
    notes += _repeat_note(good, [*train, *test])
    reading = Reading(
        tuple(question for _, question in train),
        bad=bad,
        places=_places(train),
        notes=(*notes, *([f"The numbers in {columns.answer!r} count from {key.numbers}: {key.reason}."] if key.reason else [])),
        roles=columns.roles,
        classification=bool(layout.names),
        answers_from=None if key.numbers == "text" else key.numbers,
        marked=len(named) < len(drafts),
    )
    return _apart(reading, train, test) if any(row.held_out for row in rows) else reading


def _never_offered(named: Sequence[Answered], key: AnswerKey, columns: Columns) -> list[str]:
    """What to try if no answer is one of the choices: the columns may hold only the wrong ones."""
    if len(named) < 2 or not columns.choices or any(key.fits(row) or row.names_several for row in named):
        return []
    wrong = f"`columns=Columns(question={columns.question!r}, answer={columns.answer!r}, distractors={columns.choices!r})`"
    return [f"No answer in {columns.answer!r} is one of the choices; if these are only the wrong ones, use {wrong}."]


def _separator(rows: Sequence[Row], columns: Columns) -> str | None:
    """What separates the choices, or the wrong ones, if one column holds all of them as text."""
    listed = columns.choices or columns.distractors
    if len(listed) != 1 or is_one_distractor(listed[0]):
        return None
    return separator_of([value for row in rows if isinstance(value := row.values.get(listed[0]), str)])


def _drafts(rows: Sequence[Row], layout: Layout) -> tuple[list[Draft], dict[str, str]]:
    """What the rows say; and the places of those that can't be used, each with the reason."""
    drafts: list[Draft] = []
    faults: dict[str, str] = {}
    for row in rows:
        try:
            drafts.append(draft_of(row, layout))
        except BadRow as error:
            faults[row.place] = str(error)
    return drafts, faults


def _apart(reading: Reading, train: Sequence[tuple[Row, Question]], test: Sequence[tuple[Row, Question]]) -> Reading:
    """The reading with a test side, and no near-copy of a test question on the other."""
    texts = {bare_text(question.text) for _, question in train}
    asked = {near_key(question): content_key(question) for _, question in test if bare_text(question.text) in texts}
    kept: list[Question] = []
    repeated: list[LeftOut] = []
    for row, question in train:
        other = asked.get(near_key(question))
        if other is None:
            kept.append(question)
        else:
            what = (
                "it is also a test question" if other == content_key(question) else "it is nearly the same as a test question"
            )
            repeated.append(LeftOut(row.place, f"left out of the train pool, because {what}", row.line))
    renamed = _renamed([question for _, question in test], {question.id for question in kept})
    places = _places(train) | _places(zip((row for row, _ in test), renamed, strict=True))
    return replace(reading, train=tuple(kept), test=renamed, repeated=tuple(repeated), places=places)


def _places(found: Iterable[tuple[Row, Question]]) -> dict[str, str]:
    return {question.id: row.place for row, question in found}


def _contradictions(found: Sequence[tuple[Row, Question]]) -> dict[str, str]:
    """The places of rows with the same question and choices but different answers, each with the reason."""
    asked = Counter(question.text for _, question in found)
    alike = defaultdict[tuple[str, ...], list[tuple[str, str]]](list)
    for row, question in found:
        if asked[question.text] == 1:
            continue
        right = next(choice.text for choice in question.choices if choice.label == question.answer)
        alike[content_key(question)].append((row.place, right))
    return {
        place: f"answered {shortened(right)!r} here, but {shortened(other)!r} at {where}"
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
    if len(group) == 1:
        return
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
    return f"line {near}" if near[:1].isdecimal() else near


def _distinct(found: Iterable[tuple[Row, Question]]) -> list[tuple[Row, Question]]:
    """The questions without exact copies, which may differ in their ids."""
    first: dict[tuple[str, ...], tuple[Row, Question]] = {}
    for row, question in found:
        first.setdefault((question.text, *(choice.text for choice in question.choices)), (row, question))
    return list(first.values())


def _repeat_note(good: Sequence[tuple[Row, Question]], distinct: Sequence[tuple[Row, Question]]) -> list[str]:
    """How many rows repeat another one of their side exactly, and so are not used."""
    if len(distinct) == len(good):
        return []
    kept = {row.place for row, _ in distinct}
    first = next(row.place for row, _ in good if row.place not in kept)
    count = len(good) - len(distinct)
    what = "1 row repeats another word for word and is" if count == 1 else f"{count} rows repeat others word for word and are"
    return [f"{what} left out; the first: {first}."]


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


def bad_rows(bad: Sequence[LeftOut], notes: Sequence[str] = (), remedy: str | None = "skip_bad=True") -> DataError:
    """The error that lists bad rows, 20 of them at most, and what was noticed about the data.

    ``remedy`` is the code that leaves the rows out; None if none would be left.
    """
    head = "\n  ".join([f"{counted(len(bad), 'row')} can't be used:", *listed_rows(bad)])
    ending = f"Fix them, or leave them out: `{remedy}`." if remedy else "No other row is left; fix them, or use another file."
    return DataError("\n".join([head, *notes, ending]))


def listed_rows(bad: Sequence[LeftOut], shown: int = _SHOWN) -> list[str]:
    """A line for each bad row. Of more than ``shown``, the first 5 of each kind, so many at most, and then all reasons."""
    if len(bad) <= shown:
        return [shortened(str(row), 300) for row in bad]
    seen = Counter[str]()
    lines: list[str] = []
    for row in bad:
        kind = _kind(row)
        seen[kind] += 1
        if seen[kind] <= _ALIKE and len(lines) < shown:
            lines.append(shortened(str(row), 300))
    return [*lines, f"… and {len(bad) - len(lines)} more", *(f"in all: {line}" for line in reasons(bad))]


def _kind(row: LeftOut) -> str:
    """The reason without what is quoted in it, and without numbers."""
    return re.sub(r"'[^']*'|\d+", "…", row.reason)


def reasons(bad: Sequence[LeftOut]) -> list[str]:
    """The commonest reasons for which rows are bad, with their counts: the reason itself, or one of those that are alike."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for row in bad:
        alike[_kind(row)].append(row.reason)
    commonest = sorted(alike.values(), key=len, reverse=True)[:_REASONS]
    lines = [
        f"{counted(len(found), 'row')}{', for example' if len(set(found)) > 1 else ''}: {shortened(found[0], 300)}"
        for found in commonest
    ]
    others = len(bad) - sum(map(len, commonest))
    return [*lines, *([f"{counted(others, 'row')}: other reasons"] if others else [])]
