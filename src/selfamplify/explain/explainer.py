"""Step 2 (section 3.3): the interface of an explainer, and what every attribution has in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ..models.model import AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Explanation, Question


class AbstractExplainer(ABC):
    """Why the answer of a question is y. A frozen dataclass whose fields are its settings."""

    name: ClassVar[str]
    together: ClassVar[int] = 1
    """How many questions are explained, and remembered, together."""

    def completed(self, **settings: Any) -> "AbstractExplainer":
        """The explainer with those of ``settings`` that it has and leaves open (None)."""
        open_ones = {name: value for name, value in settings.items() if getattr(self, name, value) is None}
        return replace(self, **open_ones)  # pyright: ignore[reportArgumentType]

    @abstractmethod
    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        """Explain the pair (x, y), y the true answer.

        Raises ExplanationError where this question can't be explained, ModelError where this model can't be used.
        """

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        """Explain several questions; an explainer that gains by doing so together does it here."""
        return [self.explain(model, question, wording, seed) for question, seed in zip(questions, seeds, strict=True)]
