"""The known bad rows of public data sets, which the task itself leaves out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..text.lines import one_line, sha256
from .questions.columns import Columns
from .rows.rows import Row
from .source import Reading

_DIGITS = 12


@dataclass(frozen=True)
class KnownRows:
    """Rows of a public data set that are known to be bad, all for the same reason.

    Parameters
    ----------
    reason : str
        A part of the reason, such as ``"is offered twice"``. If one of these rows is bad for another reason, it is an error.
    rows : tuple of str
        For each row its id, or the digest of its question's text: the first 12 hexadecimal digits of the SHA-256, each run of
        white space counting as one space.
    """

    reason: str
    rows: tuple[str, ...]


def leave_out(reading: Reading, known: Sequence[KnownRows], rows: Iterable[Row], columns: Columns) -> Reading:
    """Move the bad rows that are known from ``bad`` to ``known``, so that they are left out without an error."""
    if not reading.bad or not known:
        return reading
    reasons = {key: each.reason for each in known for key in each.rows}
    expected = {row.place: reasons[key] for row in rows for key in _keys(row, columns) if key in reasons}
    found = {row for row in reading.bad if row.place in expected and expected[row.place] in row.reason}
    bad, left_out = (tuple(row for row in reading.bad if (row in found) is wanted) for wanted in (False, True))
    return replace(reading, bad=bad, known=left_out)


def _keys(row: Row, columns: Columns) -> Iterator[str]:
    """What a row may be known by: its id, and the digest of its question's text."""
    own = row.values.get(columns.id) if columns.id else None
    if isinstance(own, str):
        yield own
    asked = row.values.get(columns.question)
    text = asked.get("stem") if isinstance(asked, Mapping) else asked
    if isinstance(text, str):
        yield sha256(one_line(text))[:_DIGITS]
