"""The label space of a classification: the distinct answers of a file."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from ...errors import DataError
from ...text.lines import argument, counted, likeliest, shortened
from ...text.offered import LETTERS
from ..rows.rows import Row
from .alike import labelled, whole
from .columns import Columns, is_empty
from .faults import BadRow
from .layouts import clean

_LETTERS = re.compile(r"\(?[A-Ha-h](?:[,;/ ]*[A-H])*\)?")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_FEW = 5
"""More distinct answers than this must occur twice on average to be labels."""
_ALL = 3
"""More answers than this of which none occurs twice are no labels."""
_LISTED = 5
"""So many labels that are not named are listed."""
_RARE, _MANY = 2, 20
"""A label that occurs at most ``_RARE`` times is rare if labels occur ``_MANY`` times on average."""


def labels_of(
    rows: Sequence[Row], columns: Columns, wanted: tuple[str, ...] | None, named: bool
) -> tuple[tuple[str, ...], dict[str, int]]:
    """The labels of a classification in their order, and how often each label that is too rare to be one occurs.

    Parameters
    ----------
    rows : sequence of Row
        The rows of all files.
    columns : Columns
        Their columns.
    wanted : tuple of str or None
        The labels that the user names.
    named : bool
        Whether the user named the columns, so that letters as labels are meant.

    Raises
    ------
    DataError
        If the answers are no labels.
    """
    answers = _answers(rows, columns)
    if not answers and (several := _several_labels(rows, columns)):
        raise DataError(
            f"{columns.answer!r} has lists of labels, such as {shortened(repr(several))}, and a text must have one. "
            f'If another column has it, name it: `columns=Columns(question={columns.question!r}, answer="NAME")`.'
        )
    if wanted is not None:
        return wanted, {}
    counts = Counter(answers)
    names = _names(counts, columns)
    _check(counts, names, columns, named)
    return names, {name: counts[name] for name in _rare(counts)}


def is_number(label: str) -> bool:
    """Whether a label is a bare number."""
    return _NUMBER.fullmatch(label) is not None


def number_note(names: Sequence[str], column: str) -> list[str]:
    """What to write if all labels are bare numbers, of which a model can't tell what they stand for."""
    if not all(map(is_number, names)):
        return []
    named = argument("label_names", {name: "NAME" for name in names})
    return [f"The labels in {column!r} are the numbers {', '.join(names)}; if they stand for names, give these: {named}."]


def _names(counts: Counter[str], columns: Columns) -> tuple[str, ...]:
    """The distinct answers without rare ones, sorted. Raises DataError if no classification has so many labels."""
    names = sorted(set(counts) - _rare(counts))
    if not 2 <= len(names) <= len(LETTERS):
        shown = f" ({', '.join(repr(shortened(name)) for name in names[:3])}, …)" if len(names) > 2 else ""
        raise DataError(
            f"{columns.answer!r} has {counted(len(names), 'distinct answer')}{shown}, and there are no choices. A "
            f"classification has 2 to {len(LETTERS)} labels; for multiple-choice questions, name the choices: "
            f'`columns=Columns(question={columns.question!r}, answer={columns.answer!r}, choices=("NAME", "NAME"))`.'
        )
    alike = sorted(name for name in names if sum(other.casefold() == name.casefold() for other in names) > 1)
    if alike:
        shown = ", ".join(map(repr, alike))
        raise DataError(f"The labels {shown} in {columns.answer!r} differ only in case; write them the same way.")
    return tuple(names)


def _rare(counts: Counter[str]) -> set[str]:
    """Labels that occur once or twice among many, such as typing errors and "NA"."""
    rare = {name for name, count in counts.items() if count <= _RARE}
    common = len(counts) - len(rare)
    return rare if common >= 2 and sum(counts.values()) >= _MANY * common else set()


def rare_label_remedy(name: str, count: int, names: Sequence[str]) -> str:
    """Why a row with a rare label is not used, and what to write to use it."""
    both = tuple(sorted({*names, name}))
    often = "once" if count == 1 else "twice"
    near = likeliest(name, names)
    meant = f"did you mean {near!r}? If it is intended" if near else "if it is intended"
    return f"the label {shortened(name)!r} occurs only {often}; {meant}, use {argument('labels', both)}"


def other_labels(
    rows: Sequence[Row], columns: Columns, names: Sequence[str], used: Collection[str], bad: Collection[str], parameter: str
) -> str | None:
    """A note if the labels that the user names are not those of the file.

    Parameters
    ----------
    rows, columns
        The rows of all files, and their columns.
    names : sequence of str
        The labels that the user names.
    used : collection of str
        Those of them that a question has.
    bad : collection of str
        The places of rows that can't be used.
    parameter : str
        The argument that names them: ``labels`` or ``label_names``.
    """
    unusable = _answers([row for row in rows if row.place in bad], columns)
    known = {*used, *(names[place] for answer in unusable for place in labelled(names, answer))}
    others = Counter(answer for answer in unusable if not labelled(names, answer))
    absent = [_absent(name, others) for name in names if name not in known]
    parts = [f"`{parameter}` names {', '.join(absent)}, which no row has"] if absent else []
    if others:
        count, shown = others.total(), [f"{shortened(name)!r} ({number})" for name, number in others.most_common(_LISTED)]
        more = ", …" if len(others) > _LISTED else ""
        have = "has another label" if count == 1 else "have other labels"
        parts.append(f"{counted(count, 'row')} {have} in {columns.answer!r}: {', '.join(shown)}{more}")
    return f"{'. '.join(parts)}." if parts else None


def _absent(name: str, others: Iterable[str]) -> str:
    """A label that no row has, and the one that was probably meant."""
    near = likeliest(name, others)
    return f"{name!r} (did you mean {near!r}?)" if near else repr(name)


def _check(counts: Mapping[str, int], names: tuple[str, ...], columns: Columns, named: bool) -> None:
    """Refuse labels that are the letters of choices, unless the columns are named, or free answers. Raises DataError."""
    total = sum(counts.values())
    letters = [name for name in names if _LETTERS.fullmatch(name)]
    remedy = (
        f"name their columns: `columns=Columns(question={columns.question!r}, answer={columns.answer!r}, "
        'choices=("NAME", "NAME"))`; or, if these are labels, name them: `labels=("NAME", "NAME")`.'
    )
    if not named and 2 * sum(counts[name] for name in letters) > total:
        shown = ", ".join(letters)
        raise DataError(f"The answers in {columns.answer!r} are the letters {shown}, but no choices were recognised; {remedy}")
    if 2 * len(counts) > max(total, 2 * _FEW) or len(counts) == total > _ALL:
        raise DataError(
            f"{columns.answer!r} has {len(counts)} distinct answers in {counted(total, 'row')}, which is no classification, "
            f"and no choices were recognised; {remedy}"
        )


def _several_labels(rows: Sequence[Row], columns: Columns) -> list[object] | None:
    """The first list of several labels in the answers' column."""
    values = (row.values.get(columns.answer) for row in rows)
    return next((value for value in values if isinstance(value, list) and len(value) > 1), None)


def _answers(rows: Sequence[Row], columns: Columns) -> list[str]:
    """The answers that can be labels; 1.0 is the label 1, since one of two files may have either."""
    found = []
    for row in rows:
        value = row.values.get(columns.answer)
        try:
            found.append(whole(clean("answer", None if is_empty(value) else value)))
        except BadRow:
            continue
    no_label = ("-1",) if "+" in found else ("-1", "-")  # SNLI writes - if its annotators disagree
    return [answer for answer in found if answer not in no_label]
