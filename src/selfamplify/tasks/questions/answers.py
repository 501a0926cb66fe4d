"""Which choice an answer names. Numbers are read alike in the whole column: nothing is guessed row by row."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ...errors import DataError
from ...text.lines import shortened
from ...text.offered import LETTERS
from ...text.scripts import half_width
from .alike import labelled
from .faults import BadRow
from .layouts import Offer
from .names import plain

AnswersFrom = Literal[0, 1, "text"]
Words = Literal["mark", "text", "name"]
_NUMBER = re.compile(r"\(?([+-]?\d{1,3})(?:\.0)?[).]?")
_LETTER = re.compile(r"[(\[]?\s*([A-Za-z])\s*[)\].:,]?")
_LETTER_AND_TEXT = re.compile(r"[(\[]?([A-Za-z])[)\].:,]+\s*(.+)", re.DOTALL)
_SEVERAL = re.compile(r"[A-Z]{2,}|[A-Za-z](?:\s*[,;/&]\s*[A-Za-z])+|\d(?:\s*[,;/&]\s*\d)+")
_YES_NO = {"true": ("yes", "true"), "false": ("no", "false")}


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer of one row, as it was written, and the choices of that row.

    Parameters
    ----------
    place : str
        Where the row is.
    answer : str
        The answer.
    offer : Offer
        The choices.
    names : tuple of str, default ()
        The columns of the choices, if each has its own.
    """

    place: str
    answer: str
    offer: Offer
    names: tuple[str, ...] = ()

    @property
    def names_several(self) -> bool:
        """Whether the answer is several letters or numbers."""
        return _SEVERAL.fullmatch(half_width(self.answer)) is not None


@dataclass(frozen=True)
class AnswerKey:
    """How the answers of a column are read.

    Parameters
    ----------
    numbers : {0, 1, "text"} or None
        What a number is: a position counted from 0 or from 1, or the text of a choice; None if no number is a position.
    reason : str, default ""
        Why, if a number is a position.
    words : {"mark", "text", "name"} or None, default None
        What all other answers are, if just one of these fits them all: the label or the letter of a choice, its text, or the
        name of its column. "A" may also be a choice's text.
    numbered : bool, default True
        Whether numbers as labels of choices count. They do not if the user says that numbers are positions.
    """

    numbers: AnswersFrom | None
    reason: str = ""
    words: Words | None = None
    numbered: bool = True

    def fits(self, row: Answered) -> bool:
        """Whether the answer names any choice."""
        return bool(_readings(row, self.numbers, self.words))

    def index(self, row: Answered) -> int:
        """The index of the right choice. Raises BadRow if there is none, or more than one."""
        row = row if self.numbered else _without_numbers(row)
        found = _readings(row, self.numbers, self.words)
        if not found:
            raise BadRow(_not_offered(row, self.numbers))
        if len(found) > 1:
            raise BadRow(f"the answer {row.answer!r} matches more than one choice; write the letter of the right one")
        return found.pop()


def answer_key(rows: Sequence[Answered], column: str, wanted: AnswersFrom | None, named_from: int | None) -> AnswerKey:
    """Decide for a whole column how its answers are read.

    A 0 means that they count from 0, and the number of choices of its row that they count from 1. If neither occurs, the
    numbers in the names of the choices' columns decide, or ``wanted``. Numbers that are more often the texts of choices than
    they can be positions are texts.

    Parameters
    ----------
    rows : sequence of Answered
        All rows of all files.
    column : str
        The column's name.
    wanted : {0, 1, "text"} or None
        What the user says; None to decide by the data.
    named_from : int or None
        Where the numbers in the names of the choices' columns begin; None if they say nothing.

    Raises
    ------
    DataError
        If the data does not decide, or contradicts itself.
    """
    numbered = wanted not in (0, 1)
    rows = rows if numbered else [_without_numbers(row) for row in rows]
    words = [row for row in rows if _as_number(row) is None]
    fitting: list[Words] = [kind for kind, found in _KINDS.items() if all(map(found, words))]
    numbers, reason = _numbers(rows, column, wanted, named_from)
    if numbers == "text" and "text" in fitting:
        fitting = ["text"]
    return AnswerKey(numbers, reason, fitting[0] if len(fitting) == 1 else None, numbered)


def _numbers(
    rows: Sequence[Answered], column: str, wanted: AnswersFrom | None, named_from: int | None
) -> tuple[AnswersFrom | None, str]:
    """What a number is, and why."""
    numbered = [
        (row, number)
        for row in rows
        if (number := _as_number(row)) is not None and (number <= len(row.offer.texts) or _by_text(row))
    ]
    if not numbered or wanted is not None:
        return (wanted if numbered else None), ""
    zero = next((row for row, number in numbered if number == 0), None)
    labelled = next((row for row in rows if _NUMBER.fullmatch(row.answer) and _by_label(row)), None)
    if zero and labelled:
        raise DataError(
            f"The numbers in {column!r} seem to count from 0 ({_where(zero)}), but the choices have their own numbers "
            f"({_where(labelled)} has the choices {', '.join(labelled.offer.labels)}); if they are positions, use "
            "`answers_from=0` or `answers_from=1`; else, fix one of these rows."
        )
    last = next((row for row, number in numbered if number == len(row.offer.texts)), None)
    texts = sum(bool(_by_text(row)) for row, _ in numbered)
    places = sum(0 <= number <= len(row.offer.texts) for row, number in numbered)
    if texts > places or last and all(_by_text(row) == {number - 1} for row, number in numbered):
        return "text", ""
    if texts == len(numbered):
        raise DataError(
            f"The numbers in {column!r} may be the texts of choices or their positions (first in {_where(numbered[0][0])}); "
            'say which: `answers_from="text"`, `answers_from=0` or `answers_from=1`.'
        )
    if zero and last:
        raise DataError(
            f"The numbers in {column!r} seem to count from 0 ({_where(zero)}) and from 1 ({_where(last)} has the answer "
            f"{last.answer} of {len(last.offer.texts)} choices); fix one of these rows, or use `answers_from=0` or "
            "`answers_from=1`."
        )
    if zero:
        return 0, f"0 occurs, first in {_where(zero)}"
    if last:
        return 1, f"{_where(last)} has the answer {last.answer} of {len(last.offer.texts)} choices"
    if named_from is not None:
        return 1 if named_from else 0, "so do the names of the choices' columns"
    values = sorted({number for _, number in numbered})
    shown = ", ".join(map(str, values[:10])) + (", …" if len(values) > 10 else "")
    raise DataError(
        f"The numbers in {column!r} ({shown}) may count from 0 or from 1: neither a 0 nor the number of choices occurs; "
        "say which: `answers_from=0` or `answers_from=1`."
    )


def _where(row: Answered) -> str:
    tail = row.place.rpartition(":")[2].strip()
    return f"line {tail}" if tail[:1].isdecimal() else tail


def _has_numbers(row: Answered) -> bool:
    return bool(row.offer.labels) and all(map(str.isdecimal, row.offer.labels))


def _without_numbers(row: Answered) -> Answered:
    """The row without numbers as labels of its choices."""
    return replace(row, offer=replace(row.offer, labels=())) if _has_numbers(row) else row


def _as_number(row: Answered) -> int | None:
    """The answer as a number; None if it is none, or one of the row's own labels."""
    match = _NUMBER.fullmatch(half_width(row.answer))
    if match is None or _by_label(row) or int(match[1]) < 0:
        return None
    return int(match[1])


def _readings(row: Answered, numbers: AnswersFrom | None, words: Words | None) -> set[int]:
    """The indices of the choices that the answer may name."""
    number = _as_number(row)
    if number is not None and numbers in (0, 1):
        place = number - int(numbers)
        return {place} if 0 <= place < len(row.offer.texts) else set()
    if number is not None or numbers == "text":
        return _by_text(row)
    found = _KINDS[words](row) if words else _by_mark(row) | _by_text(row) | _by_name(row)
    return found or _by_letter_and_text(row) or _by_truth(row)


def _by_mark(row: Answered) -> set[int]:
    """The choice with a label of the row's own or, if there are none, at the place that a letter has in the alphabet."""
    return _by_label(row) or _by_place(row)


def _by_place(row: Answered) -> set[int]:
    letter = _LETTER.fullmatch(half_width(row.answer))
    place = LETTERS.find(letter[1].upper()) if letter else -1
    return {place} if 0 <= place < len(row.offer.texts) and not any(map(_LETTER.fullmatch, row.offer.labels)) else set()


def _by_label(row: Answered) -> set[int]:
    return labelled(row.offer.labels, row.answer)


def _by_text(row: Answered) -> set[int]:
    texts = row.offer.texts
    if row.answer in texts:
        return {place for place, text in enumerate(texts) if text == row.answer}
    return _alike(texts, row.answer) or (_alike(texts, row.answer[:-2]) if row.answer.endswith(".0") else set())


def _alike(texts: Iterable[str], answer: str) -> set[int]:
    wanted = " ".join(answer.casefold().split())
    return {place for place, text in enumerate(texts) if " ".join(text.casefold().split()) == wanted}


def _by_name(row: Answered) -> set[int]:
    """The choice whose column the answer names, such as option2, "Option 2" or opb."""
    wanted = plain(row.answer)
    return {place for place, name in enumerate(row.names) if wanted and plain(name) == wanted}


_KINDS: dict[Words, Callable[[Answered], set[int]]] = {"mark": _by_mark, "text": _by_text, "name": _by_name}


def _by_letter_and_text(row: Answered) -> set[int]:
    """The choice of an answer such as "B) four", if letter and text agree."""
    match = _LETTER_AND_TEXT.fullmatch(half_width(row.answer))
    place = LETTERS.find(match[1].upper()) if match else -1
    return {place} & _alike(row.offer.texts, row.answer[match.start(2) :]) if match else set()


def _by_truth(row: Answered) -> set[int]:
    """Yes or no for an answer of true or false."""
    wanted = _YES_NO.get(row.answer.casefold(), ())
    return {place for place, text in enumerate(row.offer.texts) if text.casefold() in wanted}


def no_label(answer: str, labels: Sequence[str]) -> str:
    """Why a row of a classification is bad whose answer is none of the labels."""
    return f"the answer {shortened(answer)!r} is not one of the labels {shortened(', '.join(labels))}"


def _not_offered(row: Answered, numbers: AnswersFrom | None) -> str:
    count = len(row.offer.texts)
    if (number := _as_number(row)) is not None and numbers in (0, 1):
        first = int(numbers)
        return f"the answer {number} is not one of the positions {first} to {count - 1 + first}"
    if row.offer.labels == row.offer.texts:
        return no_label(row.answer, row.offer.texts)
    what = f"the answer {shortened(row.answer)!r} is not one of the choices"
    if row.names_several:
        return f"{what}; if several of them are right, name one"
    return f"{what} {', '.join(LETTERS[:count])}" if len(row.answer) <= 2 else f"{what}, nor the letter of one"
