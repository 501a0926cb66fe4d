"""The interface of a named task: where its questions come from."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from .readers.questions import Reading


@dataclass(frozen=True)
class AbstractSource(ABC):
    """Where a task's questions come from.

    A source is a frozen dataclass whose fields are its settings and have defaults. To add one, write a file like ``arc.py``
    and its line in ``TASKS``, or give the class to the entry-point group ``selfamplify.tasks``. ``test_size`` is how many test
    questions to split off a single file, None for half of it.
    """

    test_size: int | None = None

    @abstractmethod
    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        """All questions of ``data`` and ``test_data``, or of the source's own data where ``data`` is None.

        Bad rows are listed in the Reading. Raises DataError or SettingsError for what can't be read at all. ``seed`` is for
        sources that draw their questions.
        """
