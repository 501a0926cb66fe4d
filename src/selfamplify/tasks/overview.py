"""How a task's data was read, as a person checks it before anything is asked of a model."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

from ..arguments import check_whole
from ..records import Question
from ..text.lines import counted
from .copies import near_copies, template_note
from .loading import Data, FileOptions, read_data
from .source import Reading
from .task import default_style, label_space


@dataclass(frozen=True, repr=False)
class Overview:
    """How data was read.

    Parameters
    ----------
    reading : Reading
        The questions, in the order of the data, and what was recognised.
    labels : dict of str to int
        How often each label is right: letters, or the label names of a classification.
    choices : dict of int to int
        How many questions have a number of choices.
    words : tuple of int
        The words of the median question and of the longest, with their choices, which a classification does not show.
    copies : dict of str to str
        The ids of the questions that are nearly copies of an earlier one, with its id; a split keeps them on one side.
    """

    reading: Reading
    labels: dict[str, int]
    choices: dict[int, int]
    words: tuple[int, int]
    copies: dict[str, str]

    def __repr__(self) -> str:
        bad, notes = counted(len(self.reading.bad), "bad row"), counted(len(self.warnings), "note")
        return f"Overview({counted(len(self.questions), 'question')}, {bad}, {notes})"

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions, those of the test side last."""
        return (*self.reading.train, *(self.reading.test or ()))

    def asked(self, examples: int) -> list[Question]:
        """The first ``examples`` questions in the answer style in which they are asked by default."""
        return _asked(self.questions[:examples], self.reading.classification)

    @property
    def warnings(self) -> list[str]:
        """What was recognised or looks wrong, with a line for training questions that the test side repeats."""
        repeated = self.reading.repeated
        count = counted(len(repeated), "training question")
        alike = template_note(self.reading.train, self.reading.test, self.reading.templates)
        return [*self.reading.notes, *alike, *([f"{count} left out; the first: {repeated[0]}"] if repeated else [])]

    def as_json(self, examples: int) -> dict[str, Any]:
        """The overview as plain values, with the first ``examples`` questions."""
        check_whole("examples", examples, 0, 3)
        reading = self.reading
        return {
            "questions": len(self.questions),
            "classification": reading.classification,
            "answers_from": reading.answers_from,
            "labels": self.labels,
            "columns": {role: names if role in _LISTS else names[0] for role, names in reading.roles.items()},
            "unused": list(reading.unused),
            "copies": self.copies,
            "warnings": self.warnings,
            "bad": [{"line": row.line, "reason": row.reason} for row in reading.bad],
            "examples": [_example(question) for question in self.questions[:examples]],
        }


_LISTS = ("choices", "distractors", "context")


def overview(name: str, data: Data = None, *, test_data: Data = None, **reading: Unpack[FileOptions]) -> Overview:
    """Read a task's data as ``load_task`` does, without splitting it, and say how it was read.

    Parameters
    ----------
    name, data, test_data, **reading
        As for ``load_task``.

    Returns
    -------
    Overview
        Bad rows are in it, and raise no error.

    Raises
    ------
    DataError
        If the data can't be read at all.
    SettingsError
        If there is no such task, or an argument does not suit it.
    """
    found = read_data(name, data, test_data, 0, reading)
    questions = (*found.train, *(found.test or ()))
    lengths = [len(question.render().split()) for question in _asked(questions, found.classification)]
    return Overview(
        found,
        _labels(questions, found.classification),
        dict(sorted(Counter(len(question.choices) for question in questions).items())),
        (round(statistics.median(lengths)), max(lengths)) if lengths else (0, 0),
        near_copies(questions),
    )


def _asked(questions: Sequence[Question], classification: bool) -> list[Question]:
    return [replace(question, answer_style=default_style(classification)) for question in questions]


def _labels(questions: Sequence[Question], classification: bool) -> dict[str, int]:
    counts = Counter(question.answer for question in questions)
    names = label_space(questions) if questions else {}
    return {names[letter] if classification else letter: counts[letter] for letter in names}


def _example(question: Question) -> dict[str, Any]:
    texts = {choice.label: choice.text for choice in question.choices}
    return {
        "question": question.text,
        "choices": list(texts.values()),
        "answer": question.answer,
        "answer_text": texts[question.answer],
    }
