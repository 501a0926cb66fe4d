"""The interface of a method: a sample in, a prompt out."""

from abc import ABC, abstractmethod
from typing import ClassVar

from ..prompting.prompt import Prompt
from ..session import Session
from ..tasks.task import Task
from .selection import Sample


class AbstractMethod(ABC):
    """A way to turn an n-shot sample into a prompt: one row of the paper's tables."""

    name: ClassVar[str]

    @abstractmethod
    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        """The finished prompt on this sample."""
