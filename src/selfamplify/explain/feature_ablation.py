"""Feature ablation: what the value loses when one word is taken away."""

from dataclasses import dataclass

import numpy as np

from .attribution import Attribution
from .perturbation import AbstractPerturbation, Play, Players


@dataclass(frozen=True, kw_only=True)
class FeatureAblation(AbstractPerturbation):
    """f(all words) - f(all words but one), in M + 1 evaluations."""

    name = "feature_ablation"
    together = 8

    def play(self, players: Players, seed: int) -> Play:
        m = len(players)
        values = yield np.concatenate([np.ones((1, m), bool), ~np.eye(m, dtype=bool)])
        return Attribution((values[0] - values[1:]).tolist())
