"""What can be changed in a question, and what a model answers after it: words go, or make way for others."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from ..games.answers import AbstractAnswers
from ..models.context import check_context
from ..models.model import AbstractLanguageModel
from ..prompting.chats import reading_chat
from ..prompting.wording import Wording
from ..records import Question
from .proposals import replaced


@dataclass(kw_only=True)
class AbstractChanges(ABC):
    """The changes of a question's words, numbered word by word; each set of changes is asked once.

    Parameters
    ----------
    passes : int, default 0
        Rows run through the model so far, with what was asked before the first change.
    """

    passes: int = 0
    _known: dict[tuple[int, ...], Float[np.ndarray, " answer"]] = field(default_factory=dict, init=False, repr=False)

    @property
    @abstractmethod
    def ways(self) -> tuple[int, ...]:
        """In how many ways each word can be changed."""

    def scores(self, sets: Sequence[tuple[int, ...]]) -> Float[np.ndarray, "set answer"]:
        """Return a score per answer of the question after each set of changes: see ``AbstractAnswers.scores``."""
        new = [each for each in dict.fromkeys(sets) if each not in self._known]
        if new:
            self._known.update(zip(new, self.evaluate(new), strict=True))
        return np.array([self._known[each] for each in sets])

    @abstractmethod
    def evaluate(self, sets: Sequence[tuple[int, ...]]) -> Float[np.ndarray, "set answer"]:
        """Return these scores by asking the model."""

    @abstractmethod
    def named(self, changes: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the words that are changed, and what each is replaced by: none if they are removed."""


@dataclass(kw_only=True)
class Removals(AbstractChanges):
    """Words are removed, or replaced by a baseline; a word that occurs more than once goes everywhere at once.

    Parameters
    ----------
    asked : AbstractAnswers
        The answers to the question with some of its words.
    """

    asked: AbstractAnswers

    @property
    def ways(self) -> tuple[int, ...]:
        return (1,) * len(self._places)

    def evaluate(self, sets: Sequence[tuple[int, ...]]) -> Float[np.ndarray, "set answer"]:
        present, places = np.ones((len(sets), len(self.asked.words)), bool), self._places
        for row, gone in enumerate(sets):
            for word in gone:
                present[row, places[word]] = False
        found = self.asked.scores(present)
        self.passes = self.asked.passes
        return found

    def named(self, changes: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        places = self._places
        return tuple(self.asked.words[places[word][0]] for word in changes), ()

    @property
    def _places(self) -> list[list[int]]:
        """The places of each distinct word, in the order of their first ones; case does not matter."""
        found: dict[str, list[int]] = {}
        for place, word in enumerate(self.asked.words):
            found.setdefault(word.lower(), []).append(place)
        return list(found.values())


@dataclass(kw_only=True)
class Replacements(AbstractChanges):
    """Words are replaced by others wherever they occur, and the new text is asked like any question.

    Parameters
    ----------
    model : AbstractLanguageModel
        The model that is asked.
    question : Question
        The question.
    wording : Wording
        The sentences of the prompt that asks it.
    proposals : mapping of str to tuple of str
        The other words, by the words that they may replace, in the order of the text.
    """

    model: AbstractLanguageModel
    question: Question
    wording: Wording
    proposals: Mapping[str, tuple[str, ...]]

    @property
    def ways(self) -> tuple[int, ...]:
        return tuple(map(len, self.proposals.values()))

    def evaluate(self, sets: Sequence[tuple[int, ...]]) -> Float[np.ndarray, "set answer"]:
        found: list[tuple[float, ...]] = []
        for start in range(0, len(sets), self.model.window):
            chats = [reading_chat(self.asked(chosen), self.wording) for chosen in sets[start : start + self.model.window]]
            check_context(self.model, [self.model.encode(chat) for chat in chats], 1, "shorter questions")
            answers = self.model.next_token(chats, [self.question.answers] * len(chats))
            found += [answer.log_probabilities for answer in answers]
            self.passes += len(chats)
        return np.array(found)

    def asked(self, changes: Sequence[int]) -> Question:
        """Return the question after these changes."""
        return replaced(self.question, {word.lower(): other for word, other in self._chosen(changes)})

    def named(self, changes: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        chosen = self._chosen(changes)
        return tuple(word for word, _ in chosen), tuple(other for _, other in chosen)

    def _chosen(self, changes: Sequence[int]) -> list[tuple[str, str]]:
        options = [(word, other) for word, others in self.proposals.items() for other in others]
        return [options[change] for change in changes]
