"""Step 2 (section 3.3): the interface of an explainer."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, TypeVar

from ..models.model import AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Explanation, Question

Explainer = TypeVar("Explainer", bound="AbstractExplainer")
Makes = Literal["keywords", "steps", "decisive", "pair"]
"""The kind of rationale that an explanation becomes: a list of keywords, a few steps in sentences, the words without which the
answer would be another one, or the two words that do most together."""


@dataclass(frozen=True, kw_only=True)
class AbstractExplainer(ABC):
    """Why the answer of a question is y.

    A subclass is a frozen dataclass whose fields are its settings. Class variables:

    - ``name``: the name by which it is chosen;
    - ``makes``: ``"keywords"`` (the default) for ScoredWords and NamedWords, ``"steps"`` for WrittenText,
      ``"decisive"`` for DecisiveWords, and ``"pair"`` for ScoredPairs;
    - ``together`` (default 1): how many questions are explained, and remembered, in one unit of work.
    """

    name: ClassVar[str]
    makes: ClassVar[Makes] = "keywords"
    together: ClassVar[int] = 1

    def completed(self: Explainer, **settings: Any) -> Explainer:
        """Return the explainer with its open settings filled in.

        Parameters
        ----------
        **settings : Any
            Values for fields; those that the explainer does not have, or that are not None, are ignored.

        Returns
        -------
        AbstractExplainer
            A copy in which each open field (None) has the value given here.
        """
        return replace(self, **{name: value for name, value in settings.items() if getattr(self, name, value) is None})

    @abstractmethod
    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        """Explain the pair (x, y), where y is the true answer.

        Parameters
        ----------
        model : AbstractLanguageModel
            The model that is explained.
        question : Question
            The question x with its answer y.
        wording : Wording
            The sentences of the prompt that asks it.
        seed : int
            The seed of everything that is drawn at random.

        Returns
        -------
        Explanation
            ScoredWords, ScoredPairs, DecisiveWords, NamedWords or WrittenText.

        Raises
        ------
        ExplanationError
            If this question cannot be explained.
        ModelError
            If this model cannot be used.
        """

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        """Explain several questions, one seed per question; override this if explaining them together is faster."""
        return [self.explain(model, question, wording, seed) for question, seed in zip(questions, seeds, strict=True)]
