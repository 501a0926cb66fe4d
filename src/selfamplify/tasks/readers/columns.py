"""The columns of a file and their roles: named by the user, or recognised by their names and what they hold."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import DataError
from ...text.lines import shortened
from .layouts import has_flags
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
    plain,
    reveals_answer,
    series_of,
)
from .rows import Row

_REMEDY = 'use `task="file"` with `columns=Columns(question="NAME", answer="NAME", choices=("NAME", "NAME"))`.'
_FILLED = 0.5
"""A column of this share of the filled cells of its best rival is preferred for its name."""
_WORDS = 3
"""A column with this many words per cell on average looks like content."""
_SAMPLE = 500


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
    filled = _filled(rows)
    sample = [row.values for row in rows if not row.fault][:_SAMPLE]
    own = {name for names in named.roles.values() for name in names}
    free = {name: count for name, count in filled.items() if name not in own}
    choices, distractors = named.choices, named.distractors
    if not choices and not distractors:
        choices = _several(free, CHOICES, CHOICE_STEMS, sample)
        distractors = () if choices else _several(free, DISTRACTORS, DISTRACTOR_STEMS, sample)
    taken = {*own, *choices, *distractors}
    pair = next((found for names in PAIRS if (found := _pair(names, filled, taken))), None)
    question = named.question or _named(QUESTION, filled, taken)
    answers = ANSWER if choices or distractors else (*ANSWER, *CLASSES)
    answer = named.answer or _named(answers, filled, {*taken, question}) or _flagged(choices, sample)
    if pair and not named.question and (question is None or question in pair):
        question = pair[1]
    if filled and (question is None or answer is None):
        missing = " and ".join(what for what, name in (("the question", question), ("the answer", answer)) if name is None)
        raise DataError(f"No column for {missing} was recognised among {_shown(filled)}; {_REMEDY}")
    taken |= {question or "", answer or ""}
    context = named.context or tuple(name for name in filled if plain(name) in CONTEXT and name not in taken)
    if pair and question == pair[1] and pair[0] not in {*taken, *context} and not named.context:
        context = (*context, pair[0])
    name = named.id or _named(ID, {name: count for name, count in free.items() if name not in {*taken, *context}}, ())
    return Columns(question or "question", answer or "answer", choices, name, context, distractors)


def _checked(columns: Columns, rows: Sequence[Row]) -> Columns:
    """``columns``, if the data has each of them. Raises DataError otherwise."""
    known = dict.fromkeys(name for row in rows for name in row.values)
    for name in (name for names in columns.roles.values() for name in names):
        if known and name not in known:
            raise DataError(f"There is no column {name!r} among {_shown(known)}; {_REMEDY}")
    return columns


def unused_columns(columns: Columns, rows: Sequence[Row]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns without a role, and those of them that look like content: texts of several words.

    What explains an answer, or is one, is no content of a question.
    """
    used = {name for names in columns.roles.values() for name in names} | {"task_prefix"}
    unused = tuple(name for name in _filled(rows) if name not in used)
    sample = [row.values for row in rows if not row.fault][:_SAMPLE]
    texts = tuple(name for name in unused if not reveals_answer(name))
    content = tuple(name for name in texts if _words([values.get(name) for values in sample]) >= _WORDS)
    return unused, content


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or isinstance(value, float) and value != value


def _filled(rows: Sequence[Row]) -> dict[str, int]:
    """How many cells of each column hold something, in the order of the columns."""
    counts: dict[str, int] = {}
    for row in rows:
        for name, value in row.values.items():
            if name not in counts:
                counts[name] = 0
            if not is_empty(value):
                counts[name] += 1
    return {name: count for name, count in counts.items() if count and name}


def _named(wanted: Iterable[str], filled: Mapping[str, int], taken: Collection[str | None]) -> str | None:
    """The column with the likeliest of the ``wanted`` names, unless it is empty in most rows in which others are filled."""
    found = [name for want in wanted for name in filled if plain(name) == want and name not in taken]
    most = max((filled[name] for name in found), default=0)
    return next((name for name in found if filled[name] >= _FILLED * most), None)


def _pair(names: tuple[str, str], filled: Mapping[str, int], taken: Collection[str]) -> tuple[str, str] | None:
    first, second = (next((name for name in filled if plain(name) == want and name not in taken), None) for want in names)
    return (first, second) if first and second else None


def _several(
    filled: Mapping[str, int], singles: Iterable[str], stems: Sequence[str], sample: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """A column of lists with one of the names ``singles``, or columns of one choice each, whose names begin with a stem.

    A single wrong choice needs no number in its name, but may have one.
    """
    for want in singles:
        for name in filled:
            cells = [value for values in sample if not is_empty(value := values.get(name))]
            if plain(name) == want and (_are_lists(cells) or want not in PROSE and _are_separated(cells)):
                return (name,)
    found = [one for one in series_of(filled) if one.stem in stems]
    best = min(found, key=lambda one: (-len(one.names), stems.index(one.stem)), default=None)
    firsts = (f"{stem}{mark}" for mark in ("", "1", "0", "a") for stem in DISTRACTOR_STEMS)
    lone = _named(firsts, filled, ()) if stems is DISTRACTOR_STEMS else None
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


def _words(values: Sequence[Any]) -> float:
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    return sum(len(text.split()) for text in texts) / len(texts) if texts else 0.0


def _shown(names: Iterable[str]) -> str:
    shown = [repr(shortened(name)) for name in names]
    return ", ".join(shown[:20]) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "")
