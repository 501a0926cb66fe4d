"""The columns of the question, the answer, the choices and the id: named by the user, or recognised."""

import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from ...errors import DataError
from .rows import Row

_QUESTION = ("question", "text", "input", "stem")
_ANSWER = ("answerkey", "answer", "label", "target", "target_scores")
_CHOICES = ("choices", "options")
_ID = ("id", "questionid", "question_id", "qid")
_CHOICE_PREFIXES = ("", "choice", "option", "choice_", "option_")
_REMEDY = 'use `task="file"` with `columns=Columns(question="NAME", answer="NAME", choices=("NAME", "NAME"))`.'


@dataclass(frozen=True)
class Columns:
    """The names of a file's columns.

    Parameters
    ----------
    question : str
        The column of the question, or of the text to classify.
    answer : str
        The column of the right answer: a choice's letter, its number from 1 on, or its text; or the label of a text.
    choices : tuple of str, default ()
        Several columns with one choice each, or one column with a list of choices. With none, the choices are read from the
        question's text; if there are none either, the distinct answers of the file are the choices of every question.
    id : str or None, default None
        The column of the question's id. With None, the file's name and the row's number are the id.
    """

    question: str
    answer: str
    choices: tuple[str, ...] = ()
    id: str | None = None


def find_columns(rows: Sequence[Row]) -> Columns:
    """Recognise columns with common names, in upper or lower case; of several candidates, the one that most rows have wins."""
    counts = Counter(name for row in rows for name in row.values if name)
    question, answer = _named(_QUESTION, counts), _named(_ANSWER, counts)
    if counts and (question is None or answer is None):
        missing = " and ".join(what for what, name in (("the question", question), ("the answer", answer)) if name is None)
        raise DataError(f"No column for {missing} was recognised among {_shown(counts)}; {_REMEDY}")
    single = _named(_CHOICES, counts)
    choices = (single,) if single else _one_each(counts)
    return Columns(question or "question", answer or "answer", choices, _named(_ID, counts))


def check_columns(columns: Columns, rows: Sequence[Row]) -> Columns:
    """``columns``, if the data has each of them. Raises DataError otherwise."""
    counts = Counter(name for row in rows for name in row.values)
    for name in (columns.question, columns.answer, *columns.choices, *([columns.id] if columns.id else [])):
        if counts and name not in counts:
            raise DataError(f"There is no column {name!r} among {_shown(counts)}; {_REMEDY}")
    return columns


def _named(wanted: Iterable[str], counts: Counter[str]) -> str | None:
    found = [name for want in wanted for name in counts if name.casefold() == want]
    return max(found, key=lambda name: counts[name], default=None)


def _one_each(counts: Counter[str]) -> tuple[str, ...]:
    """Columns with one choice each: A, B, C or choice1, choice2 or option_a, option_b."""
    names = {name.casefold(): name for name in counts}
    for prefix in _CHOICE_PREFIXES:
        for series in (string.ascii_lowercase, "0123456789", "123456789"):
            run = list(takewhile(names.__contains__, (prefix + item for item in series)))
            if len(run) > 1:
                return tuple(names[item] for item in run)
    return ()


def _shown(counts: Counter[str]) -> str:
    names = [repr(name) for name in counts]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
