"""Other columns of answers that contradict the one that is used."""

from collections.abc import Mapping, Sequence

from ...errors import DataError
from ...records import Question
from ..rows.rows import Row
from .answers import Answered, answer_key
from .columns import Columns, column_names, is_empty
from .drafts import Draft
from .faults import BadRow
from .names import is_answer


def rival_notes(drafts: Sequence[Draft], found: Sequence[tuple[Row, Question]], columns: Columns) -> list[str]:
    """A note on each unused column with the name of an answer that says otherwise than the questions that were found."""
    used = {name for names in columns.roles.values() for name in names}
    names = [name for name in column_names(draft.row for draft in drafts) if is_answer(name) and name not in used]
    right = {row.place: question.labels.index(question.answer) for row, question in found} if names else {}
    return [note for name in names if (note := _note(drafts, right, columns.answer, name))]


def _note(drafts: Sequence[Draft], right: Mapping[str, int], used: str, name: str) -> str:
    others = [
        Answered(draft.row.place, str(value).strip(), draft.answer.offer, draft.answer.names)
        for draft in drafts
        if not is_empty(value := draft.row.values.get(name)) and isinstance(value, str | int | float)
    ]
    try:
        key = answer_key(others, name, None, None)
    except DataError:
        return ""
    differing = []
    for other in others:
        try:
            if right.get(other.place, index := key.index(other)) != index:
                differing.append(other.place)
        except BadRow:
            continue
    if not differing:
        return ""
    return (
        f"The answers in {used!r} are used, but {name!r} has others, first in {differing[0]}; check which are right; for the "
        f"latter, use `columns=Columns(answer={name!r})`."
    )
