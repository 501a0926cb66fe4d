"""From one row to its question: first what it says, and, when all rows have been seen, which choice is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...records import Choice, Question
from ...text.offered import LETTERS
from ..rows.rows import Row
from .alike import labelled, whole
from .answers import Answered, AnswerKey, no_label
from .columns import Columns, is_empty
from .faults import BadRow
from .labels import is_number, rare_label_remedy
from .layouts import Offer, clean, listed, unmarked, winner
from .listing import decoded
from .written import written


@dataclass(frozen=True, slots=True)
class Draft:
    """What one row says.

    Parameters
    ----------
    row : Row
        The row.
    text : str
        The question, with its context before it.
    answer : Answered
        The choices, and the answer as it was written.
    """

    row: Row
    text: str
    answer: Answered


@dataclass(frozen=True)
class Layout:
    """How the rows of a source are read.

    Parameters
    ----------
    columns : Columns
        The columns and their roles.
    names : tuple of str, default ()
        The choices of rows that offer none.
    separator : str or None, default None
        What separates the choices in one cell.
    shown : tuple of str, default ()
        What a model reads in place of ``names``; by default, these themselves.
    rare : mapping of str to int, default {}
        Labels that are too rare to be labels, and how often they occur.
    """

    columns: Columns
    names: tuple[str, ...] = ()
    separator: str | None = None
    shown: tuple[str, ...] = ()
    rare: Mapping[str, int] | None = None


def draft_of(row: Row, layout: Layout) -> Draft:
    """Read a row, up to the choice that its answer names. Raises BadRow."""
    if row.fault:
        raise BadRow(row.fault)
    columns, values = layout.columns, row.values
    asked = values.get(columns.question)
    nested = asked if isinstance(asked, dict) else {}
    text = clean(f"question in {columns.question!r}", nested.get("stem", None if nested else asked))
    offer = _offer(values, layout, nested)
    answer = _answer(values, layout, offer)
    if columns.distractors:
        offer = _with_distractors(answer, values, layout)
    if offer is None:
        text, offer = _from_text(text, answer, values, layout)
        text = clean("question before the choices", text)
    before = [values[name] for name in ("task_prefix", *columns.context) if not is_empty(values.get(name))]
    parts = [*(clean("context", _joined(part)) for part in before), text]
    own = columns.choices if len(columns.choices) > 1 else ()
    return Draft(row, "\n".join(parts), Answered(row.place, answer, offer, own))


def question_of(draft: Draft, key: AnswerKey, columns: Columns) -> Question:
    """The question of a draft, its choices labelled A, B, C, … in order. Raises BadRow."""
    offer = draft.answer.offer
    index = key.index(draft.answer) if offer.right is None else offer.right
    if offer.texts.count(offer.texts[index]) > 1:
        raise BadRow(f"the right answer {offer.texts[index]!r} is offered twice")
    choices = tuple(Choice(letter, choice) for letter, choice in zip(LETTERS, offer.texts, strict=False))
    own = draft.row.values.get(columns.id) if columns.id else None
    name = draft.row.name if is_empty(own) else clean("id", own)
    return Question(name, draft.text, choices, LETTERS[index])


def _answer(values: Mapping[str, Any], layout: Layout, offer: Offer | None) -> str:
    """The answer as text. A list of one answer is that answer."""
    column = layout.columns.answer
    answer = values.get(column)
    if offer is not None and offer.right is not None:
        return offer.texts[offer.right]
    if isinstance(answer, dict) and not isinstance(answer.get("choices"), list):
        return winner(answer)
    if isinstance(answer, list | tuple):
        answer = _only(answer, offer)
    if (
        whole(str(answer)) == "-1"
        and not layout.columns.distractors
        and "-1" not in (*layout.names, *(offer.texts if offer else ()))
    ):
        remedy = "" if offer else "; if it is a label, name all `labels`"
        raise BadRow(f"the answer in {column!r} is -1, which stands for an answer that is not published{remedy}")
    return clean(f"answer in {column!r}", answer if not is_empty(answer) else None)


def _only(answers: Sequence[Any], offer: Offer | None) -> Any:
    """The single answer of a list; of a list with a 0 or 1 for each choice, the letter of the 1."""
    if offer and len(answers) == len(offer.texts) and all(each in (0, 1) for each in answers) and sum(answers) == 1:
        return LETTERS[list(answers).index(1)]
    if len(answers) != 1:
        raise BadRow(f"{len(answers)} answers; there must be exactly one")
    return answers[0]


def _joined(value: Any) -> Any:
    """The paragraphs of a context as one text."""
    return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value


def _offer(values: Mapping[str, Any], layout: Layout, nested: Mapping[str, Any]) -> Offer | None:
    """The choices in the question's object or in columns of their own, or None if there are none."""
    columns = layout.columns
    target = values.get(columns.answer)
    if "choices" in nested:
        return listed(nested["choices"])
    if not columns.choices and isinstance(target, dict) and isinstance(target.get("choices"), list):
        return listed(target)
    if len(columns.choices) == 1:
        if is_empty(values.get(columns.choices[0])):
            raise BadRow(f"no choices in {columns.choices[0]!r}")
        return listed(values[columns.choices[0]], layout.separator)
    cells = [values.get(name) for name in columns.choices]
    while cells and is_empty(cells[-1]):
        cells.pop()
    texts = tuple(clean(f"choice in {name!r}", cell) for name, cell in zip(columns.choices, cells, strict=False))
    return unmarked(Offer(texts)) if columns.choices else None


def _with_distractors(answer: str, values: Mapping[str, Any], layout: Layout) -> Offer:
    """The right answer and the wrong ones, in this order."""
    cells: list[Any] = [value for name in layout.columns.distractors if not is_empty(value := values.get(name))]
    wrong: list[Any] = []
    for cell in cells:
        text = isinstance(cell, str) and not cell.lstrip().startswith("[") and not (len(cells) == 1 and layout.separator)
        wrong.extend([cell] if text else decoded(cell, layout.separator) if isinstance(cell, str) else cell)
    return Offer((answer, *(clean("distractor", text) for text in wrong)), right=0)


def _from_text(text: str, answer: str, values: Mapping[str, Any], layout: Layout) -> tuple[str, Offer]:
    """The stem and the choices of a row without columns of choices.

    The choices are in the text, or else they are the layout's names, or the keys of the target scores. If there are names,
    marks in the text are choices only if these names are their texts or their labels. Keys such as "(a)" are not names: without
    such a mark in the text, nothing says what they stand for.
    """
    names, scores = layout.names, values.get(layout.columns.answer)
    if not names and isinstance(scores, dict) and not all(name.startswith("(") for name in scores):
        names = tuple(clean("choice", name) for name, score in scores.items() if score is not None)
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
        raise BadRow("no choices: they have no column, and the text has no (A) … (B) …")
    if layout.rare and (label := whole(answer)) in layout.rare:
        raise BadRow(rare_label_remedy(label, layout.rare[label], names))
    places = labelled(names, answer)
    if not places and (layout.shown or layout.names and is_number(answer)):
        raise BadRow(no_label(answer, names))
    return text, Offer(layout.shown, names, places.pop()) if layout.shown else Offer(names, names)
