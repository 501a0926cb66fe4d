"""Feature ablation: the drop in the value when one word is removed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from ..games.coalitions import AbstractGame, values_of
from .perturbation import AbstractPerturbation
from .scores import Attribution


@dataclass(frozen=True, kw_only=True)
class FeatureAblation(AbstractPerturbation):
    """The drop in the value when one word is removed: f(all words) - f(all words but one), in M + 1 evaluations.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent; see ``AbstractPerturbation``.
    """

    name = "feature_ablation"
    together = 8

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        return self.attribute_all([game], [seed])[0]

    def attribute_all(self, games: Sequence[AbstractGame], seeds: Sequence[int]) -> list[Attribution]:
        # No coalition depends on a value, so the games can share their batches: M + 1 rows do not fill one.
        values = values_of(games, [_coalitions(game.players) for game in games])
        return [Attribution((own[0] - own[1:]).tolist(), game.passes) for game, own in zip(games, values, strict=True)]


def _coalitions(m: int) -> Bool[np.ndarray, "coalition word"]:
    return np.concatenate([np.ones((1, m), bool), ~np.eye(m, dtype=bool)])
