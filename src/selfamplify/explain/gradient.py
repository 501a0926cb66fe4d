"""The base of attributions that take gradients of the value with respect to the embeddings."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence

import torch

from ..errors import ModelError
from ..games.coalitions import AbstractGame, grouped
from ..games.embeddings import EmbeddedGames, embedded
from ..games.question import question_game
from ..games.tokens import TokenGame
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Question
from .attribution import AbstractAttribution
from .scores import Attribution

_PAIRS = 1 << 18
"""The most pairs of tokens in a batch on a CPU, since the attention between them is kept for the gradient: SmolLM2 takes about
4 GB for a question of 600 tokens."""


class AbstractGradient(AbstractAttribution):
    """An attribution that takes gradients on the embedding layer, of several games in one batch.

    A subclass implements ``attribute_games``. The model must be a local one.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; by default decided by what is explained.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    """

    @abstractmethod
    def attribute_games(self, games: EmbeddedGames) -> list[Attribution]:
        """Score the players of games that share their batches; the order of the games is kept."""

    def game(self, model: AbstractLanguageModel, question: Question, wording: Wording) -> TokenGame:
        if not isinstance(model, AbstractDifferentiableModel):
            raise self._needs_gradients(model.name)
        return question_game(model, question, wording, self.value, self.absence, self.baseline or "auto")

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        return self.attribute_all([game], [seed])[0]

    def attribute_all(self, games: Sequence[AbstractGame], seeds: Sequence[int]) -> list[Attribution]:
        results: dict[int, Attribution] = {}
        for alike in grouped(enumerate(map(self._with_tokens, games)), lambda item: item[1].alike):
            for members in _batches(alike):
                found = self._as_many_as_fit([game for _, game in members])
                results.update(zip([place for place, _ in members], found, strict=True))
        return [results[place] for place in range(len(games))]

    def _as_many_as_fit(self, games: Sequence[TokenGame]) -> list[Attribution]:
        """Score games together; if the device runs out of memory, in halves."""
        try:
            return self.attribute_games(embedded(games))
        except torch.OutOfMemoryError as error:
            if len(games) == 1:
                raise ModelError(
                    f"{self.name} needs gradients, which do not fit the device's memory; load the model with "
                    f'`dtype="bfloat16"`, use a smaller `batch` if {self.name} has that setting, or an explainer without '
                    f'gradients such as `explainer="kernel_shap"`.'
                ) from error
        half = len(games) // 2
        return [*self._as_many_as_fit(games[:half]), *self._as_many_as_fit(games[half:])]

    def _with_tokens(self, game: AbstractGame) -> TokenGame:
        if not isinstance(game, TokenGame):
            raise self._needs_gradients(f"the model of this {type(game).__name__}")
        return game

    def _needs_gradients(self, model: str) -> ModelError:
        return ModelError(
            f'{self.name} needs the gradients of a local model, and {model} has none; use `explainer="kernel_shap"`, '
            f'`explainer="self_topk"` or `explainer="self_exp"`.'
        )


def _batches(games: Sequence[tuple[int, TokenGame]]) -> Iterator[list[tuple[int, TokenGame]]]:
    """Numbered games in batches that fit a CPU's memory, which has no error that one could catch. Elsewhere, all at once."""
    if games[0][1].model.device.type != "cpu":
        yield list(games)
        return
    batch: list[tuple[int, TokenGame]] = []
    for place, game in sorted(games, key=lambda item: len(item[1].ids)):
        if batch and (len(batch) + 1) * len(game.ids) ** 2 > _PAIRS:
            yield batch
            batch = []
        batch.append((place, game))
    yield batch
