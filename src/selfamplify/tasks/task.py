"""A task: labelled questions, split into a pool to take shots from and questions to test on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..arguments import check_whole
from ..errors import DataError, SettingsError
from ..records import AnswerStyle, Question
from ..records.shown import html_repr
from ..text.lines import counted
from ..text.offered import LETTERS


@dataclass(frozen=True, repr=False)
class Task:
    """The corpus of the paper (section 3.1) and its label space.

    Parameters
    ----------
    name : str
        The name of the task.
    train : tuple of Question
        The pool T from which shots are selected.
    test : tuple of Question
        The questions to answer. None of them is also in ``train``, not even with its choices in another order.
    label_map : dict of str to str
        For each answer letter, its name in the task's own label space.
    skipped : tuple of str, default ()
        One line for each row that was left out: bad rows (with ``skip_bad=True``), the known bad rows of a public data set, and
        train questions that the test side repeats.
    places : mapping of str to str, default {}
        For the id of each question that was read from a file or the hub, where it is: ``"snarks.csv:12"``. Errors name it.
    notes : tuple of str, default ()
        One sentence for each thing that was recognised in the data rather than stated, or that looks wrong there.
    source : str, default ""
        What a file of the user's own, or a data set of the hub, is called, such as ``"mails.csv"``; titles name it.

    Raises
    ------
    DataError
        If ``train`` or ``test`` is empty, if a question has no answer, or if ``label_map`` lacks a label that a question uses.
    """

    name: str
    train: tuple[Question, ...]
    test: tuple[Question, ...]
    label_map: dict[str, str]
    skipped: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source: str = ""

    _repr_html_ = html_repr

    def __post_init__(self) -> None:
        if not self.train or not self.test:
            raise DataError(
                f"The task {self.name} has {counted(len(self.train), 'train question')} and "
                f"{counted(len(self.test), 'test question')}; give each side at least one."
            )
        unanswered = [question.id for question in (*self.train, *self.test) if not question.answer]
        if unanswered:
            raise DataError(
                f"Question {unanswered[0]} of the task {self.name} has no answer; write the label of its true choice."
            )
        offered = (choice.label for question in (*self.train, *self.test) for choice in question.choices)
        missing = set(offered) - self.label_map.keys()
        if missing:
            raise DataError(
                f"The questions of the task {self.name} use labels that label_map lacks ({', '.join(sorted(missing))}); "
                f"it has {', '.join(self.label_map) or 'none'}: add the missing ones."
            )

    def __repr__(self) -> str:
        train, test = counted(len(self.train), "question"), counted(len(self.test), "question")
        return f"Task(name={self.name!r}, train=<{train}>, test=<{test}>, labels={self.labels})"

    @property
    def labels(self) -> tuple[str, ...]:
        """The answer letters, in order."""
        return tuple(self.label_map)

    @property
    def classification(self) -> bool:
        """Whether all questions have the same choices in the same order, which then are labels."""
        return len({question.choices for question in (*self.train, *self.test)}) == 1

    def styled(self, answer_style: AnswerStyle | Literal["auto"] = "auto") -> "Task":
        """The same task with its questions in one answer style.

        Parameters
        ----------
        answer_style : {"auto", "letter", "label", "text"}
            How questions offer their choices, and how answers are written: see ``AnswerStyle``. ``"auto"``, the default, is
            ``"label"`` for a classification and ``"letter"`` for other tasks.

        Returns
        -------
        Task

        Raises
        ------
        SettingsError
            For ``"label"`` if questions have different choices, or if only choices are attributed, which are not shown then.
            For ``"text"`` if a choice is empty, or a question has two alike.
        """
        style = default_style(self.classification) if answer_style == "auto" else answer_style
        if style != "letter":
            self._check_style(style)
        if all(question.answer_style == style for question in (*self.train, *self.test)):
            return self
        train, test = (tuple(replace(question, answer_style=style) for question in side) for side in (self.train, self.test))
        return replace(self, train=train, test=test)

    def _check_style(self, style: AnswerStyle) -> None:
        if style == "label" and not self.classification:
            raise SettingsError(
                f'`answer_style="label"` is for questions that all have the same choices, and those of {self.name} differ; use '
                f'`answer_style="letter"` or `answer_style="text"`.'
            )
        if style == "label" and self.train[0].attributed == "choices":
            raise SettingsError(
                'With `answer_style="label"`, questions do not show their choices, whose words `attribute="choices"` would '
                'score; use `attribute="text"`, or `answer_style="letter"`.'
            )
        for question in (*self.train, *self.test):
            written = {choice.text.strip().casefold() for choice in question.choices}
            if len(written) < len(question.choices) or "" in written:
                raise SettingsError(
                    f"Question {question.id} of {self.name} has an empty choice or two with the same text, which "
                    f'`answer_style="{style}"` can\'t tell apart; use `answer_style="letter"`.'
                )

    def limited(self, limit: int | None) -> "Task":
        """The same task with only the first test questions, whose order is already a seeded shuffle.

        Parameters
        ----------
        limit : int or None
            The number of test questions to keep; None keeps all of them.

        Returns
        -------
        Task
            This task if ``limit`` is None, else a copy with ``limit`` test questions.

        Raises
        ------
        SettingsError
            If ``limit`` is not a whole number of at least 1.
        DataError
            If ``limit`` is greater than the number of test questions.
        """
        if limit is None:
            return self
        check_whole("limit", limit, 1, len(self.test))
        if limit > len(self.test):
            called = self.source or f"The task {self.name}"
            raise DataError(
                f"{called} has {counted(len(self.test), 'test question')}, but the limit is {limit}; "
                f"use `limit={len(self.test)}`, or another number from 1 to {len(self.test)}."
            )
        return replace(self, test=self.test[:limit])


def default_style(classification: bool) -> AnswerStyle:
    """The answer style in which questions are asked if none is given."""
    return "label" if classification else "letter"


def label_space(questions: Sequence[Question]) -> dict[str, str]:
    """Name the answer letters that the questions use.

    Parameters
    ----------
    questions : sequence of Question
        All questions of a task, at least one.

    Returns
    -------
    dict of str to str
        Each letter in use. If all questions offer the same choices in the same order, a letter is named by its choice;
        otherwise it is named by itself.
    """
    first = _texts(questions[0])
    alike = all(_texts(question) == first for question in questions)
    names = first if alike else LETTERS[: max(len(question.choices) for question in questions)]
    return dict(zip(LETTERS, names, strict=False))


def _texts(question: Question) -> list[str]:
    return [choice.text for choice in question.choices]
