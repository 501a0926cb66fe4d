"""The task "file": multiple-choice questions, or texts to classify, from a user's own file or a data set of the hub."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DataError, SettingsError
from ..text.lines import counted
from ..text.offered import LETTERS
from .copies import templates
from .gathering import own_data
from .questions.answers import AnswersFrom
from .questions.columns import Columns, find_columns, is_empty, unused_columns
from .questions.drafts import Layout
from .questions.faults import BadRow
from .questions.headerless import columns_by_content
from .questions.labels import labels_of, number_note, other_labels
from .questions.objects import with_lists, with_objects
from .questions.passages import with_each_question
from .questions.reading import bad_rows, read_questions
from .questions.shuffling import Shuffle, placed
from .questions.sides import side_notes
from .questions.written import written
from .rows.rows import RECOGNISED, FileFormat, Row
from .source import AbstractSource, LeftOut, Reading

_ENTITY = re.compile(r"&(?:quot|amp|apos|lt|gt|nbsp|#0?39|#x27|[a-z]+(?:acute|uml|grave));", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class File(AbstractSource):
    """A user's own file, or a data set of the Hugging Face hub.

    The choices are columns, a column of lists, or part of the text. If there are none, the task is a classification: the
    distinct answers of all files, sorted, are the choices of every question, such as (A) negative (B) positive.

    Parameters
    ----------
    columns : Columns or None, default None
        The columns of the file; None to recognise them by their names.
    answers_from : {0, 1, "text"} or None, default None
        What numbers in the answers' column are: positions of choices that count from 0 or from 1, or the texts of choices. None
        to decide by the whole column, and to refuse if that does not decide.
    labels : tuple of str or None, default None
        The labels of a classification, in their order; rows with others are bad. None for the distinct answers.
    label_names : mapping of str or int to str, or None, default None
        The labels of a classification as the file has them, in their order, each with the name that a model reads in its place,
        such as ``{"0": "negative", "1": "positive"}``. Not together with ``labels``.
    shuffle_choices : int, "auto" or "off", default "auto"
        The seed with which the choices of each question are shuffled. "auto" shuffles them with seed 0 if the right choice has
        the same place in all questions. Not for a classification.
    format : FileFormat, default RECOGNISED
        Encoding, separator and header of a text file; by default, they are recognised.
    test_size : int or None, default None
        The number of test questions to split off a single file; None for half of it.
    """

    columns: Columns | None = None
    answers_from: AnswersFrom | None = None
    labels: tuple[str, ...] | None = None
    label_names: Mapping[str, str] | Mapping[int, str] | None = None
    shuffle_choices: Shuffle = "auto"
    format: FileFormat = RECOGNISED

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        """Read the files. See ``AbstractSource.load``."""
        if data is None:
            raise SettingsError('The task "file" reads your own file, but no file was given; use `data="questions.csv"`.')
        found = own_data(data, test_data, self.format, self.columns)
        if all(row.fault for row in found.rows):
            raise bad_rows([LeftOut(row.place, row.fault, row.line) for row in found.rows], found.notes, remedy=None)
        found = replace(found, rows=with_each_question(with_objects(found.rows)))
        columns, notes = self._columns(found.rows, found.named)
        found = replace(found, rows=with_lists(found.rows, columns.answer))
        layout = self._layout(found.rows, columns)
        notes += side_notes(columns, found.rows)
        notes += _label_notes(layout, self.labels)
        unused, content = unused_columns(columns, found.rows)
        notes += [_not_used(name) for name in content]
        try:
            reading = read_questions(found.rows, layout, self.answers_from)
        except DataError as error:
            raise DataError("\n".join([str(error), *notes])) from error
        notes = [*found.notes, *notes, *self._other_labels(found.rows, layout, reading), *reading.notes, *_entities(reading)]
        shared = templates((*reading.train, *(reading.test or ())))
        reading = replace(reading, notes=tuple(notes), unused=unused, templates=shared)
        return reading if reading.classification else placed(reading, self.shuffle_choices)

    def _other_labels(self, rows: Sequence[Row], layout: Layout, reading: Reading) -> list[str]:
        """A note if the labels that the user names are not those of the file."""
        if not (self.labels or self.label_names) or not layout.names:
            return []
        answers = {question.answer for question in (*reading.train, *(reading.test or ()))}
        used = {name for name, letter in zip(layout.names, LETTERS, strict=False) if letter in answers}
        argument = "labels" if self.labels else "label_names"
        note = other_labels(rows, layout.columns, layout.names, used, {row.place for row in reading.bad}, argument)
        return [note] if note else []

    @property
    def _names_all(self) -> bool:
        """Whether the user names a question and an answer, so that nothing is recognised."""
        return bool(self.columns and self.columns.question and self.columns.answer)

    def _columns(self, rows: Sequence[Row], named: bool) -> tuple[Columns, list[str]]:
        """The columns, and what was noticed about them."""
        whole = self._names_all
        columns = find_columns(rows, self.columns) if named or whole else columns_by_content(rows)
        if columns.id and not whole and _shared(rows, columns):
            note = f"The column {columns.id!r} is not used as the id, because different questions share one."
            return replace(columns, id=None), [note]
        return columns, []

    def _layout(self, rows: Sequence[Row], columns: Columns) -> Layout:
        layout = Layout(columns)
        if columns.choices or columns.distractors or _mostly_offer(rows, columns):
            given = "labels" if self.labels else "label_names" if self.label_names else None
            if given:
                raise SettingsError(f"Labels are for a classification, and this file has choices; leave `{given}` out.")
            return layout
        named = {str(label): name for label, name in (self.label_names or {}).items()}
        names, rare = labels_of(rows, columns, tuple(named) or self.labels, self._names_all)
        if self.shuffle_choices not in ("auto", "off"):
            raise SettingsError(
                f"`shuffle_choices={self.shuffle_choices}` is for choices that each question has, but the labels of a "
                "classification have one order in all questions; leave it out."
            )
        return replace(layout, names=names, shown=tuple(named.values()), rare=rare)


def _label_notes(layout: Layout, labels: tuple[str, ...] | None) -> list[str]:
    """What the labels of a classification are called, or that they are numbers and the user did not list them."""
    if layout.shown:
        pairs = (f"{label} is {name!r}" for label, name in zip(layout.names, layout.shown, strict=True))
        return [f"The labels in {layout.columns.answer!r} have names: {', '.join(pairs)}."]
    return number_note(layout.names, layout.columns.answer) if layout.names and not labels else []


def _entities(reading: Reading) -> list[str]:
    """A note if texts are written for HTML."""
    texts = (question.render() for question in (*reading.train, *(reading.test or ())))
    found = [match[0] for text in texts if "&" in text and (match := _ENTITY.search(text))]
    if not found:
        return []
    return [f"{counted(len(found), 'text')} with HTML entities such as {found[0]!r}, which are read as they are."]


def _not_used(name: str) -> str:
    return (
        f"The column {name!r} holds texts and is not used; if it belongs before the question, use "
        f"`columns=Columns(context=({name!r},))`."
    )


def _shared(rows: Sequence[Row], columns: Columns) -> bool:
    """Whether different questions of one side share an id."""
    asked: dict[tuple[bool, str], str] = {}
    for row in rows:
        own = row.values.get(columns.id or "")
        question = str(row.values.get(columns.question))
        if not is_empty(own) and asked.setdefault((row.held_out, str(own)), question) != question:
            return True
    return False


def _mostly_offer(rows: Sequence[Row], columns: Columns) -> bool:
    """Whether most rows offer choices of their own. Marks like (A) in only a few of the texts are not choices."""
    readable = [row for row in rows if not row.fault]
    return 2 * sum(_offers(row, columns) for row in readable) > len(readable)


def _offers(row: Row, columns: Columns) -> bool:
    asked, answer = row.values.get(columns.question), row.values.get(columns.answer)
    if isinstance(asked, Mapping) or isinstance(answer, Mapping):
        return True
    try:
        return isinstance(asked, str) and written(asked, answer) is not None
    except BadRow:
        return False
