"""The interface of a named task: where its questions come from."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..records import Question


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is not used.

    Parameters
    ----------
    place : str
        Where it is, such as ``"snarks.csv:12"``.
    reason : str
        Why it is not used.
    line : int, default 0
        Its line in a text file, or its number among the examples of another file; 0 if unknown.
    """

    place: str
    reason: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True)
class Reading:
    """What a source has read: the questions in the order of the data, and each row that was left out.

    Parameters
    ----------
    train : tuple of Question
        The train pool, or all questions if ``test`` is None.
    test : tuple of Question or None, default None
        The test side, or None if ``train`` is a single set that has yet to be split.
    bad : tuple of LeftOut, default ()
        The rows that can't be used.
    repeated : tuple of LeftOut, default ()
        The train questions that were left out because they are also test questions.
    known : tuple of LeftOut, default ()
        The bad rows that the source itself leaves out, because they are known.
    places : mapping of str to str, default {}
        The place of each question by its id, in the order of the data.
    notes : tuple of str, default ()
        One sentence for each thing that was recognised rather than stated, or that looks wrong.
    roles : mapping of str to list of str, default {}
        The columns of a file by their roles: question, answer, choices, distractors, context, id.
    unused : tuple of str, default ()
        The columns of a file without a role.
    classification : bool, default False
        Whether the labels are the choices of every question.
    answers_from : int or None, default None
        0 or 1, if answers are numbers of choices that count from there.
    marked : bool, default False
        Whether the choices themselves say which of them is right.
    templates : mapping of str to tuple of str, default {}
        For the id of each question that differs from others only in names or numbers, a key that these share; a split keeps
        them on one side.
    """

    train: tuple[Question, ...]
    test: tuple[Question, ...] | None = None
    bad: tuple[LeftOut, ...] = ()
    repeated: tuple[LeftOut, ...] = ()
    known: tuple[LeftOut, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    roles: Mapping[str, list[str]] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    classification: bool = False
    answers_from: int | None = None
    marked: bool = False
    templates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AbstractSource(ABC):
    """Where a task's questions come from.

    A source is a frozen dataclass; its fields are its settings. Another package adds a task by registering a source in the
    entry-point group ``selfamplify.tasks``: an instance, or a class whose fields all have defaults.

    Parameters
    ----------
    test_size : int or None, default None
        The number of test questions to split off a single set; None for half of it.
    """

    test_size: int | None = None

    @abstractmethod
    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        """Read all questions.

        Parameters
        ----------
        data : Path or None
            A file or a folder; None for the source's own data.
        test_data : Path or None
            A file of test questions; None if there is no such file.
        seed : int
            The seed, for a source that draws its questions at random.

        Returns
        -------
        Reading
            The questions, and the bad rows.

        Raises
        ------
        DataError
            If the data can't be read at all.
        SettingsError
            If the source does not support ``data`` or ``test_data``.
        """
