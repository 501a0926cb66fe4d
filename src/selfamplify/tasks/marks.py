"""Words that people marked as deciding, from a file of their own: CoS-E's highlights, for example."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..arguments import checked_path
from ..errors import DataError, SettingsError
from ..records import Question
from ..text.keywords import keyword
from ..text.lines import counted, shortened
from ..text.words import candidate_words
from .rows.rows import Row, read_rows
from .task import Task

_IDS = ("id", "question_id", "qid")
_MARKS = ("words", "marked", "selected", "highlight", "highlighted", "evidence")


def with_marks(task: Task, file: str | Path) -> Task:
    """A task whose questions carry the words that a file marks in them, as ``Question.planted``.

    Each row has the ``id`` of a question, and the marked words as a text or a list of texts in ``words``, ``marked``,
    ``selected``, ``highlight``, ``highlighted`` or ``evidence``, or in such a field of a nested object, as in CoS-E (Rajani et
    al. 2019, https://arxiv.org/abs/1906.02361). Marked words count if they occur in the question's text and are no stop
    words. A question all of whose words are marked has no marked words: its mark tells no word from another. Rows of other
    questions are skipped.

    Parameters
    ----------
    task : Task
        The task; words that its questions carried before are replaced.
    file : str or Path
        A file of any kind that ``load_task`` reads.

    Returns
    -------
    Task
        With a note that says how many test questions have marked words.

    Raises
    ------
    DataError
        If the file can't be read, a row lacks an id or marks, or no test question gets a marked word.
    SettingsError
        If ``task`` is no Task, or ``file`` no path.
    """
    if not isinstance(task, Task):
        raise SettingsError(f'{shortened(repr(task))} is not a task; pass what `load_task("commonsenseqa")` returned.')
    path = checked_path("marks", file, "marks.jsonl")
    texts: dict[str, list[str]] = {}
    for row in read_rows(path).rows:
        found, marked = _read(row)
        texts.setdefault(found, []).extend(marked)
    found = Counter[str]()
    test = tuple(_marked(question, texts, found) for question in task.test)
    train = tuple(_marked(question, texts, Counter()) for question in task.train)
    if not found["marked"]:
        raise DataError(
            f"{path} marks no word of a test question of {task.name}: its ids are such as {next(iter(texts))!r}, those of the "
            f"task {task.test[0].id!r} ({_counts(found)}); use a file with the ids and words of these questions."
        )
    note = f"{path.name} marks words of {found['marked']} of {counted(len(test), 'test question')} ({_counts(found)})."
    return replace(task, train=train, test=test, notes=(*task.notes, note))


def _counts(found: Counter[str]) -> str:
    return (
        f"{found['absent']} not in the file, {found['whole']} marked as a whole, {found['elsewhere']} with no keyword of the "
        "question marked"
    )


def _read(row: Row) -> tuple[str, list[str]]:
    """The id of a row, and the texts that it marks. Raises DataError for a row without either."""
    values = {name.lower(): value for name, value in _fields(row.values)}
    name = next((str(values[each]) for each in _IDS if values.get(each) is not None), None)
    marked = next((values[each] for each in _MARKS if values.get(each) is not None), None)
    if row.fault or name is None or marked is None:
        reason = row.fault or f"it needs {' or '.join(_IDS)}, and one of: {', '.join(_MARKS)}"
        raise DataError(f"{row.place} marks no words of a question ({reason}); correct the row, or leave it out.")
    return name, list(map(str, marked)) if isinstance(marked, list | tuple) else [str(marked)]


def _fields(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields of a row, those of nested objects first."""
    for value in values.values():
        if isinstance(value, Mapping):
            yield from value.items()
    yield from ((name, value) for name, value in values.items() if not isinstance(value, Mapping))


def _marked(question: Question, texts: Mapping[str, list[str]], found: Counter[str]) -> Question:
    """A question with its marked words, and which of the cases it was."""
    words = {word.text.lower(): word.text for word in candidate_words(question.text) if keyword(word.text)}
    said = {word.text.lower() for text in texts.get(question.id, ()) for word in candidate_words(text)}
    planted = tuple(text for word, text in words.items() if word in said)
    whole = len(planted) == len(words) and bool(planted)
    case = "absent" if question.id not in texts else "whole" if whole else "marked" if planted else "elsewhere"
    found[case] += 1
    return replace(question, planted=planted if case == "marked" else ())
