"""The interface of a method: an n-shot sample in, a prompt out."""

from abc import ABC, abstractmethod
from typing import ClassVar

from ..explain.explainer import Makes
from ..prompting.prompt import Prompt
from ..session import Session
from ..tasks.task import Task
from .selection import Sample


class AbstractMethod(ABC):
    """A way to turn an n-shot sample into a prompt: one row of the paper's tables. A frozen dataclass.

    Attributes
    ----------
    name : str
        What results call the method; of the class, not a field.
    own_sample : bool
        Whether the method draws its own sample, and takes only its size and seed from the given one; of the class.
    shotless : bool
        Whether its prompts have no shots, so that no sample has to be drawn for it; of the class.
    """

    name: ClassVar[str]
    own_sample: ClassVar[bool] = False
    shotless: ClassVar[bool] = False

    @property
    def makes(self) -> Makes | None:
        """What rationales are made of; None if the method writes none with an explainer."""
        return None

    @abstractmethod
    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        """The finished prompt on this sample.

        Raises
        ------
        ExplanationError
            If a shot can't be explained.
        ContextError
            If a question does not fit the model's context.
        """
