"""Feature ablation: what the value loses when one word is taken away."""

from dataclasses import dataclass

import numpy as np

from .explainer import AbstractPerturbation, Attribution, Play


@dataclass(frozen=True, kw_only=True)
class FeatureAblation(AbstractPerturbation):
    """f(all words) - f(all words but one), in M + 1 evaluations."""

    name = "feature_ablation"

    def play(self, players: int, seed: int) -> Play:
        values = yield np.concatenate([np.ones((1, players), bool), ~np.eye(players, dtype=bool)])
        return Attribution((values[0] - values[1:]).tolist())
