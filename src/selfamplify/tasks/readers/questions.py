"""From one row to its question."""

from collections.abc import Mapping
from typing import Any

from ...records import Choice, Question
from ..task import LETTERS
from .columns import Columns
from .layouts import BadRow, Offer, answer_index, clean, listed, winner
from .rows import Row
from .written import written


def question_of(row: Row, columns: Columns, names: tuple[str, ...] = ()) -> Question:
    """The question of one row, its choices labelled A, B, C, … in order. Raises BadRow.

    ``names`` are the choices if the row does not offer any.
    """
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
    """The choices in the question's object or in columns of their own, or None if there are none."""
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
    """The stem and the choices of a row without columns of choices.

    The choices are in the text, or else they are ``names``, or the keys of the target scores. If there are names, marks in the
    text are choices only if these names are their texts or their labels. Keys such as "(a)" are not names: without such a mark
    in the text, nothing says what they stand for.
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
        raise BadRow("no choices: they have no column, and the text has no (A) … (B) …")
    return text, Offer(names, names)
