"""All answers to a question at once, as its words come and go: what removing words does to each answer's probability."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import softmax

from ..models.model import AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Question
from .answers import AbstractAnswers, answers_of
from .values import Absent

DELETE = "delete"


@dataclass(frozen=True)
class AnswerGame:
    """The probabilities of a question's answers among each other, for any coalition of its words.

    On a model that shows its tokens, all answers of one token are read from the same forward pass, and answers of several
    tokens take one each, which is remembered. Another model is asked in texts (see ``TextGame``).

    Parameters
    ----------
    model : AbstractLanguageModel
        The model that is asked.
    question : Question
        The question.
    wording : Wording
        The sentences of the prompt that asks it.
    removal : str
        How words are removed: ``"delete"`` (the default), or what is put in their place: see
        ``AbstractAttribution.baseline``.
    level : tuple of float
        A log-probability for each answer, relative to which it counts: its average over other questions, where f(x) is chosen
        so. By default empty: probabilities are those of the model.

    Raises
    ------
    ContextError
        If the prompt does not fit the model's context.
    ExplanationError
        If the question has no candidate word.
    SettingsError
        If the model has no such token.
    """

    model: AbstractLanguageModel
    question: Question
    wording: Wording
    removal: str = DELETE
    level: tuple[float, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The texts of the words, in their order."""
        return self._answers.words

    def probabilities(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, "coalition answer"]:
        """Return how probable each answer is, given that it is one of them.

        Parameters
        ----------
        coalitions : boolean array of shape (coalition, word)
            True where the word is present. Coalitions may repeat; each is run once.

        Returns
        -------
        float64 array of shape (coalition, answer)
            In the order of the question's labels.
        """
        distinct, places = np.unique(coalitions, axis=0, return_inverse=True)
        scores = self._answers.scores(distinct) - np.array(self.level or 0.0)
        return softmax(scores, axis=1)[places.reshape(-1)]

    def own(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, " coalition"]:
        """Return the probability of the question's own answer: see ``probabilities``."""
        return self.probabilities(coalitions)[:, self._place]

    def changed(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Bool[np.ndarray, " coalition"]:
        """Return whether another answer than the question's own is the most probable one: see ``probabilities``."""
        return self.probabilities(coalitions).argmax(axis=1) != self._place

    @property
    def _place(self) -> int:
        return self.question.labels.index(self.question.answer)

    @cached_property
    def _answers(self) -> AbstractAnswers:
        absent: Absent = "delete" if self.removal == DELETE else "mask"
        baseline = "auto" if self.removal == DELETE else self.removal
        return answers_of(self.model, self.question, self.wording, absent, baseline)
