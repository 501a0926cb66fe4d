"""An explainer that picks keywords at random, the control of Table 2."""

from dataclasses import dataclass
from random import Random

from ..errors import ExplanationError
from ..models.model import AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Explanation, Question, ScoredWords
from ..text.question_words import question_words
from .explainer import AbstractExplainer


@dataclass(frozen=True, kw_only=True)
class RandomWords(AbstractExplainer):
    """Random keywords: a uniform random score for each word that the attribution methods score.

    The best k are k random words. The model is not used.
    """

    name = "random"
    makes = "keywords"

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        words = question_words(question)
        if not words:
            raise ExplanationError(f"Question {question.id} has no word that could be a keyword; leave it out.")
        draw = Random(seed)
        return ScoredWords(question.id, self.name, tuple(word.text for word in words), tuple(draw.random() for _ in words))
