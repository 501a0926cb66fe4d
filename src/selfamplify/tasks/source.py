"""The interface of a named task: where its questions come from."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from ..records import Question


@dataclass(frozen=True)
class Reading:
    """What a source has read: the questions, and one line for each row that was left out.

    Parameters
    ----------
    train : tuple of Question
        The train pool, or all questions if ``test`` is None.
    test : tuple of Question or None, default None
        The test side, or None if ``train`` is a single set that has yet to be split.
    bad : tuple of str, default ()
        For each row that can't be used: its place, and the reason.
    repeated : tuple of str, default ()
        For each train question that was left out because it is also a test question: its place, and the reason.
    """

    train: tuple[Question, ...]
    test: tuple[Question, ...] | None = None
    bad: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


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
