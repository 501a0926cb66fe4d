"""Attributions (section 3.3): a score for each word of a question, from the coalition game of its words."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from ..games.coalitions import AbstractGame
from ..games.question import question_game, text_game
from ..games.values import check_value
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Baseline, Cost, Explanation, Question, ScoredWords, Value
from .playing import AbstractPlaying
from .scores import Attribution, check_scores


@dataclass(frozen=True, kw_only=True)
class AbstractAttribution(AbstractPlaying):
    """An explainer that scores every candidate word of a question.

    A subclass implements ``attribute``. It sees only the game, and so works on any model that can value coalitions: one that
    shows its tokens, or one that returns the labels' log-probabilities and is asked in texts (see ``TextGame``).

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed: the logit of y's token, its log-probability in nats, or its margin over the other labels (its logit
        minus the log-sum-exp of theirs). By default, the logit of a letter, and the margin of a label's name; the
        log-probability if the model returns no logits, or if an answer has several tokens.
    baseline : str, optional
        What is put in the place of an absent word: ``"auto"``, ``"pad"``, ``"unk"``, ``"space"``, ``"mean"`` (the mean of the
        vocabulary's embeddings), or the text of one token. ``"auto"`` is the padding token if it has no other use, else a
        space, and never a token that begins or ends a turn or a text. A model that shows no tokens is asked with ``"_"``, a
        space, or the given text. By default that of the profile, which is ``"auto"``, or ``"pad"`` for the paper's.

    Raises
    ------
    SettingsError
        If ``value`` is unknown, or a ``baseline`` is given where no word is replaced.
    """

    makes = "keywords"
    together = 8
    value: Value | None = None
    baseline: str | None = None

    def __post_init__(self) -> None:
        if self.value is not None:
            check_value(self.value)
        super().__post_init__()

    def blank(self, game: AbstractGame) -> Baseline | None:
        """Return what stood for the absent words of a game, for the record."""
        return game.blank if self.replaces else None

    @abstractmethod
    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        """Score the players of a game.

        Parameters
        ----------
        game : AbstractGame
            The game; ``game.values(coalitions)`` returns the model's values, ``game.players`` is the number of words.
        seed : int
            The seed of everything that is drawn at random.

        Returns
        -------
        Attribution
            The scores, in the order of the players.
        """

    def attribute_all(self, games: Sequence[AbstractGame], seeds: Sequence[int]) -> list[Attribution]:
        """Score the players of several games, one seed per game; override this if scoring them together is faster."""
        return [self.attribute(game, seed) for game, seed in zip(games, seeds, strict=True)]

    def game(self, model: AbstractLanguageModel, question: Question, wording: Wording) -> AbstractGame:
        """Return the game of a question's words on a model, with this explainer's value and treatment of absent words."""
        if isinstance(model, AbstractDifferentiableModel):
            return question_game(model, question, wording, self.value, self.absence, self.baseline or "auto")
        return text_game(model, question, wording, self.value, self.absence, self.baseline or "auto")

    def scored(self, games: Sequence[AbstractGame], seeds: Sequence[int], names: Sequence[str]) -> list[Attribution]:
        """Score several games, and check the scores.

        Parameters
        ----------
        games : sequence of AbstractGame
            The games.
        seeds : sequence of int
            One seed per game.
        names : sequence of str
            What each game explains, as errors call it: ``"question 7"``.

        Raises
        ------
        ExplanationError
            If the scores of a game are not finite, or are all 0.
        """
        results = self.attribute_all(games, seeds)
        for game, name, result in zip(games, names, results, strict=True):
            check_scores(result.scores, self.name, game.value, name)
        return results

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        return self.explain_all(model, [question], wording, [seed])[0]

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        start = perf_counter()
        games = [self.game(model, question, wording) for question in questions]
        results = self.scored(games, seeds, [f"question {question.id}" for question in questions])
        seconds = (perf_counter() - start) / len(questions)
        return [
            self.explanation(question, game, result, Cost(result.passes, seconds))
            for question, game, result in zip(questions, games, results, strict=True)
        ]

    def explanation(self, question: Question, game: AbstractGame, result: Attribution, cost: Cost) -> Explanation:
        """Return the record of a question's scores."""
        return ScoredWords(
            question.id,
            self.name,
            game.words,
            tuple(map(float, result.scores)),
            value=game.value,
            completeness_gap=result.completeness_gap,
            standard_errors=None if result.standard_errors is None else tuple(map(float, result.standard_errors)),
            cost=cost,
            baseline=self.blank(game),
        )
