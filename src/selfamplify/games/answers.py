"""What a model answers to a question of which only some words are present: a score for every answer, not for one of them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float

from ..errors import ExplanationError
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..models.nested import apart
from ..prompting.wording import Wording
from ..records import Baseline, Question
from .coalitions import values_of
from .question import question_game, text_game
from .texts import TextGame
from .tokens import TokenGame, columns_of
from .values import Absent

_ROWS = 1024
"""The most rows that are built at once."""


@dataclass(kw_only=True)
class AbstractAnswers(ABC):
    """The answers of a model to a question with some of its words.

    Parameters
    ----------
    passes : int, default 0
        Rows run through the model so far.
    """

    passes: int = 0

    @property
    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """The texts of the words, in their order."""

    @property
    @abstractmethod
    def blank(self) -> Baseline | None:
        """What stands for an absent word; None if nothing does."""

    @abstractmethod
    def scores(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, "coalition answer"]:
        """Return a score per answer of the question, in their order; the model gives the answer of the highest score.

        Parameters
        ----------
        coalitions : boolean array of shape (coalition, word)
            True where the word is present.

        Returns
        -------
        float64 array of shape (coalition, answer)
            Log-probabilities, or logits, which differ from them by the same number in a row.
        """


@dataclass(kw_only=True)
class TokenAnswers(AbstractAnswers):
    """The answers of a model that shows its tokens.

    Parameters
    ----------
    passes : int, default 0
        Rows run through the model so far.
    games : sequence of TokenGame
        The question's game for each answer as the target, all of the same ``value``.
    """

    games: Sequence[TokenGame]

    @property
    def words(self) -> tuple[str, ...]:
        return self.games[0].words

    @property
    def blank(self) -> Baseline | None:
        return self.games[0].blank

    def scores(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, "coalition answer"]:
        if columns_of(self.games) is None:  # The rows of answers of several tokens differ.
            found = np.stack(values_of(self.games, [coalitions] * len(self.games)), 1)
            self.passes = sum(game.passes for game in self.games)
            return apart(found, [game.target.ids for game in self.games])
        self.passes += len(coalitions)
        return np.concatenate([self._of_one_token(part) for part in _parts(coalitions, _ROWS)])

    def _of_one_token(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, "coalition answer"]:
        columns = columns_of(self.games)
        logits = self.games[0].logits([(self.games[0], present) for present in coalitions], columns)
        return torch.stack([game.score(logits, columns) for game in self.games], 1).double().cpu().numpy()


@dataclass(kw_only=True)
class TextAnswers(AbstractAnswers):
    """The answers of a model that is asked in texts.

    Parameters
    ----------
    passes : int, default 0
        Texts asked so far.
    game : TextGame
        The question's game for any answer.

    Raises
    ------
    ExplanationError
        If the model does not return the log-probability of an answer.
    """

    game: TextGame

    @property
    def words(self) -> tuple[str, ...]:
        return self.game.words

    @property
    def blank(self) -> Baseline | None:
        return self.game.blank

    def scores(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, "coalition answer"]:
        self.passes += len(coalitions)
        model, question = self.game.model, self.game.question
        found: list[tuple[float, ...]] = []
        for part in _parts(coalitions, model.window):
            chats = [self.game.asked(present) for present in part]
            for answer in model.next_token(chats, [question.answers] * len(part)):
                known = self.game.returned(answer)
                if max(known) < answer.least:
                    raise ExplanationError(
                        f"{model.name} does not always return the log-probability of an answer to question {question.id}; use "
                        f'`explainer="self_topk"`, or a server that returns those of more tokens.'
                    )
                found.append(known)
        return np.array(found)


def answers_of(
    model: AbstractLanguageModel,
    question: Question,
    wording: Wording,
    absent: Absent = "mask",
    baseline: str = "auto",
) -> AbstractAnswers:
    """Return what a model answers to a question with some of its words; parameters and errors are those of ``question_game``.

    Scores rank as the answers' probabilities, and their differences between two texts as the ratios of these.
    """
    if isinstance(model, AbstractDifferentiableModel):
        asked = [replace(question, answer=label) for label in question.labels]
        games = [question_game(model, each, wording, "logprob", absent, baseline) for each in asked]
        if all(game.target.rivals for game in games):  # Answers of one token: one pass gives the logits of all.
            games = [replace(game, value="logit") for game in games]
        return TokenAnswers(games=games)
    return TextAnswers(game=text_game(model, question, wording, "logprob", absent, baseline))


def _parts(coalitions: Bool[np.ndarray, "coalition word"], size: int) -> Iterator[Bool[np.ndarray, "part word"]]:
    return (coalitions[start : start + size] for start in range(0, len(coalitions), size))
