"""Which columns hold the question, the answer, the choices and the id: named by the user, or guessed."""

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
_ONE_EACH = ("", "choice", "option", "choice_", "option_")
_REMEDY = (
    "name them: --question-column NAME --answer-column NAME --choice-columns A,B,C with --task file, "
    "or columns=Columns(question=…, answer=…, choices=(…)) in Python."
)


@dataclass(frozen=True)
class Columns:
    """The columns of a file.

    ``choices`` are several columns with a choice each, one column with a list of them, or none, where the choices stand in
    the question's text, or the file's distinct answers are the choices of every question.
    """

    question: str
    answer: str
    choices: tuple[str, ...] = ()
    id: str | None = None


def find_columns(rows: Sequence[Row]) -> Columns:
    """The columns of files that follow a common naming; the name that most rows have wins. Case does not matter."""
    counts = Counter(name for row in rows for name in row.values if name)
    question, answer = _named(_QUESTION, counts), _named(_ANSWER, counts)
    if counts and (question is None or answer is None):
        lacking = " and ".join(what for what, name in (("question", question), ("answer", answer)) if name is None)
        raise DataError(f"No column for the {lacking} was recognised; there are {_shown(counts)}: {_REMEDY}")
    single = _named(_CHOICES, counts)
    choices = (single,) if single else _one_each(counts)
    return Columns(question or "question", answer or "answer", choices, _named(_ID, counts))


def check_columns(columns: Columns, rows: Sequence[Row]) -> Columns:
    """``columns``, if each of them is in the data."""
    counts = Counter(name for row in rows for name in row.values)
    for name in (columns.question, columns.answer, *columns.choices, *([columns.id] if columns.id else [])):
        if counts and name not in counts:
            raise DataError(f"There is no column {name!r}; there are {_shown(counts)}: {_REMEDY}")
    return columns


def _named(wanted: Iterable[str], counts: Counter[str]) -> str | None:
    found = [name for want in wanted for name in counts if name.casefold() == want]
    return max(found, key=lambda name: counts[name], default=None)


def _one_each(counts: Counter[str]) -> tuple[str, ...]:
    """Columns that hold a choice each: A, B, C or choice1, choice2 or option_a, option_b."""
    names = {name.casefold(): name for name in counts}
    for prefix in _ONE_EACH:
        for series in (string.ascii_lowercase, "0123456789", "123456789"):
            run = list(takewhile(names.__contains__, (prefix + item for item in series)))
            if len(run) > 1:
                return tuple(names[item] for item in run)
    return ()


def _shown(counts: Counter[str]) -> str:
    names = [repr(name) for name in counts]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
