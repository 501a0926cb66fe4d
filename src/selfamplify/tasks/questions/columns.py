"""The columns of a file and their roles: named by the user, or recognised by their names and what they hold."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ...errors import DataError
from ...text.scripts import UNSPACED
from ..rows.rows import Row
from .layouts import are_truths, has_flags
from .listing import separator_of
from .names import (
    ANSWER,
    CHOICE_STEMS,
    CHOICES,
    CLASSES,
    CONTEXT,
    DISTRACTOR_STEMS,
    DISTRACTORS,
    ID,
    PAIRS,
    PROSE,
    QUESTION,
    is_answer,
    plain,
    reveals_answer,
    series_of,
)
from .remedies import no_column, one_column, unrecognised

_FILLED = 0.5
"""A column of this share of the filled cells of its best rival is preferred for its name."""
_WORDS = 3
"""A column with this many words per cell on average looks like content."""
_SAMPLE = 500
_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True)
class Columns:
    """The names of a file's columns.

    If both ``question`` and ``answer`` are named, nothing else is recognised: a role without a column has none. Otherwise, the
    roles without a column are recognised.

    Parameters
    ----------
    question : str, default ""
        The column of the question, or of the text to classify.
    answer : str, default ""
        The column of the right answer: a choice's letter, its number, its text, or the name of its column; or the label of a
        text. It may be the column of the choices, if that says which of them is right.
    choices : tuple of str, default ()
        Several columns with one choice each, or one column with a list of choices. With none, the choices are read from the
        question's text; if there are none either, the distinct answers of the file are the choices of every question.
    id : str or None, default None
        The column of the question's id. With None, the file's name and the row's number are the id.
    context : tuple of str, default ()
        Columns that are read before the question, such as a passage. They are part of the question's text.
    distractors : tuple of str, default ()
        Columns with one wrong choice each, or one column with a list of wrong choices; the answer's column then holds the
        right choice. Not together with ``choices``.

    Raises
    ------
    DataError
        If both ``choices`` and ``distractors`` are given.
    """

    question: str = ""
    answer: str = ""
    choices: tuple[str, ...] = ()
    id: str | None = None
    context: tuple[str, ...] = ()
    distractors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.choices and self.distractors:
            raise DataError(
                'Name all choices or only the wrong ones, not both; use `columns=Columns(choices=("NAME", "NAME"))` or '
                '`columns=Columns(distractors=("NAME", "NAME"))`.'
            )

    @property
    def roles(self) -> dict[str, list[str]]:
        """The columns of each role that has any."""
        single = {"question": self.question, "answer": self.answer, "id": self.id}
        several = {"choices": self.choices, "distractors": self.distractors, "context": self.context}
        return {role: [name] for role, name in single.items() if name} | {
            role: [*names] for role, names in several.items() if names
        }


def find_columns(rows: Sequence[Row], named: Columns | None = None) -> Columns:
    """The columns that are ``named``, and, unless these are a question and an answer, recognised ones for the other roles.

    Columns are recognised by common names in any spelling. A column without values has no role. Raises DataError if a named
    column does not exist, or there is no column of questions or of answers.
    """
    named = _checked(named or Columns(), rows)
    if named.question and named.answer:
        return named
    filled = _filled(column_names(rows), rows)
    sample = [row.values for row in rows if not row.fault][:_SAMPLE]
    own = {name for names in named.roles.values() for name in names}
    free = [name for name in filled if name not in own]
    choices, distractors = named.choices, named.distractors
    if not choices and not distractors:
        choices = _several(free, CHOICES, CHOICE_STEMS, rows, sample)
        distractors = () if choices else _several(free, DISTRACTORS, DISTRACTOR_STEMS, rows, sample)
    taken = {*own, *choices, *distractors}
    pair = next((found for names in PAIRS if (found := _pair(names, filled, taken))), None)
    question = named.question or _named(QUESTION, filled, taken, rows)
    answers = (*ANSWER, "answers") if choices or distractors else (*ANSWER, *CLASSES)
    answer = (
        named.answer or _truths(free, sample) or _named(answers, filled, {*taken, question}, rows) or _flagged(choices, sample)
    )
    if pair and not named.question and (question is None or question in pair):
        question = pair[1]
    if filled and (question is None or answer is None):
        if len(filled) == 1:
            raise DataError(one_column(filled[0], [name for name in column_names(rows) if name not in filled]))
        missing = [what for what, name in (("the question", question), ("the answer", answer)) if name is None]
        likely = _likely(question, answer, [name for name in filled if name not in taken], sample)
        first = {name: next((row[name] for row in sample if not is_empty(row.get(name))), "") for name in filled}
        raise DataError(unrecognised(missing, likely, choices, first))
    taken |= {question or "", answer or ""}
    context = named.context or tuple(name for name in filled if plain(name) in CONTEXT and name not in taken)
    if pair and question == pair[1] and pair[0] not in {*taken, *context} and not named.context:
        context = (*context, pair[0])
    name = named.id or _named(ID, free, {*taken, *context}, rows)
    return Columns(question or "question", answer or "answer", choices, name, context, distractors)


def _likely(
    question: str | None, answer: str | None, free: Sequence[str], sample: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    """The question and the answer, or for a proposal what may be meant: of the free columns, that of the longest texts, and the
    only other one whose values repeat; ``"NAME"`` if several do, as any of them may be meant."""
    cells = {name: [row.get(name) for row in sample] for name in free if name not in (question, answer)}
    question = question or max(cells, key=lambda name: _words(cells[name]), default="NAME")
    repeated = [name for name, own in cells.items() if name != question and len({*map(str, own)}) < len(own)]
    return question, answer or (repeated[0] if len(repeated) == 1 else "NAME")


def _checked(columns: Columns, rows: Sequence[Row]) -> Columns:
    """``columns``, if the data has each of them. Raises DataError otherwise."""
    known = column_names(rows)
    for name in (name for names in columns.roles.values() for name in names):
        if known and name not in known:
            raise DataError(no_column(name, known))
    return columns


def unused_columns(columns: Columns, rows: Sequence[Row]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns without a role, and those of them that look like content: texts of several words.

    What explains an answer, or is one, is no content of a question.
    """
    used = {name for names in columns.roles.values() for name in names} | {"task_prefix"}
    unused = tuple(_filled([name for name in column_names(rows) if name not in used], rows))
    sample = [row.values for row in rows if not row.fault][:_SAMPLE]
    texts = tuple(name for name in unused if not reveals_answer(name))
    content = tuple(name for name in texts if _words([values.get(name) for values in sample]) >= _WORDS)
    return unused, content


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or isinstance(value, float) and value != value


def column_names(rows: Iterable[Row]) -> list[str]:
    """The columns of all rows, in the order in which they first occur."""
    return list(dict.fromkeys(chain.from_iterable(row.values for row in rows)))


def _filled(names: Iterable[str], rows: Sequence[Row]) -> list[str]:
    """The columns with a name of which any cell holds something."""
    return [name for name in names if name and any(not is_empty(row.values.get(name)) for row in rows)]


def _named(wanted: Iterable[str], filled: Iterable[str], taken: Collection[str | None], rows: Sequence[Row]) -> str | None:
    """The column with the likeliest of the ``wanted`` names, unless it is empty in most rows in which others are filled."""
    free = [name for name in filled if name not in taken]
    found = [name for want in wanted for name in free if plain(name) == want]
    if len(found) < 2:
        return found[0] if found else None
    counts = {name: sum(not is_empty(row.values.get(name)) for row in rows) for name in found}
    return next(name for name in found if counts[name] >= _FILLED * max(counts.values()))


def _pair(names: tuple[str, str], filled: Sequence[str], taken: Collection[str]) -> tuple[str, str] | None:
    first, second = (next((name for name in filled if plain(name) == want and name not in taken), None) for want in names)
    return (first, second) if first and second else None


def _several(
    filled: Sequence[str],
    singles: Iterable[str],
    stems: Sequence[str],
    rows: Sequence[Row],
    sample: Sequence[Mapping[str, Any]],
) -> tuple[str, ...]:
    """A column of lists with one of the names ``singles``, or columns of one choice each, whose names begin with a stem.

    A single wrong choice needs no number in its name, but may have one.
    """
    for want in singles:
        for name in (name for name in filled if plain(name) == want):
            cells = [value for values in sample if not is_empty(value := values.get(name))]
            if _are_lists(cells) or want not in PROSE and _are_separated(cells):
                return (name,)
    found = [one for one in series_of(filled) if one.stem in stems]
    best = min(found, key=lambda one: (-len(one.names), stems.index(one.stem)), default=None)
    firsts = (f"{stem}{mark}" for mark in ("", "1", "0", "a") for stem in DISTRACTOR_STEMS)
    lone = _named(firsts, filled, (), rows) if stems is DISTRACTOR_STEMS else None
    return best.names if best else (lone,) if lone else ()


def _are_lists(cells: Sequence[Any]) -> bool:
    """Whether the cells are lists or objects, or such as text."""
    return bool(cells) and all(
        cell.strip().startswith(("[", "{")) if isinstance(cell, str) else isinstance(cell, list | dict) for cell in cells
    )


def _are_separated(cells: Sequence[Any]) -> bool:
    return all(isinstance(cell, str) for cell in cells) and separator_of(cells) is not None


def _flagged(choices: tuple[str, ...], sample: Sequence[Mapping[str, Any]]) -> str | None:
    """The column of choices, if it says which of them is right."""
    if len(choices) != 1:
        return None
    return choices[0] if any(has_flags(values.get(choices[0])) for values in sample) else None


def _truths(names: Iterable[str], sample: Sequence[Mapping[str, Any]]) -> str | None:
    """The column of answers that says of each choice whether it is right, as in ``{"answer_a_correct": "true"}``."""
    return next((name for name in names if is_answer(name) and _are_truths([row.get(name) for row in sample])), None)


def _are_truths(cells: Sequence[Any]) -> bool:
    return any(cells) and all(is_empty(cell) or are_truths(cell) for cell in cells)


def _words(values: Sequence[Any]) -> float:
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    return sum(map(word_count, texts)) / len(texts) if texts else 0.0


def word_count(text: str) -> int:
    """About how many words a text has: in scripts without spaces, two characters are one."""
    return len(text.split()) + len(_UNSPACED.findall(text)) // 2
