"""LIME for text (Ribeiro et al. 2016, https://arxiv.org/abs/1602.04938): a local linear model of the value."""

from dataclasses import dataclass

import numpy as np

from ..errors import ExplanationError
from .attribution import Attribution
from .perturbation import AbstractPerturbation, Play, Players


@dataclass(frozen=True, kw_only=True)
class Lime(AbstractPerturbation):
    """Ridge regression on ``samples`` coalitions near the whole text, as the authors' own text explainer does it.

    The number of words removed is uniform over 1..M; a coalition weighs exp(-(d / width)^2 / 2), d being 100 times the cosine
    distance from the whole text. Unlike Captum's Lime, which fits a Lasso to coalitions of independent coin flips.
    """

    name = "lime"
    samples: int = 350
    kernel_width: float = 25.0
    ridge: float = 1.0

    def play(self, players: Players, seed: int) -> Play:
        m = len(players)
        if self.samples < m + 2:
            raise ExplanationError(
                f"lime needs at least M + 2 = {m + 2} samples for {m} words, not {self.samples}; "
                f"use --samples {m + 2}, or more."
            )
        generator = np.random.default_rng(seed)
        removed = generator.integers(1, m + 1, self.samples - 1)
        coalitions = generator.random((self.samples - 1, m)).argsort(1).argsort(1) >= removed[:, None]
        coalitions = np.concatenate([np.ones((1, m), bool), coalitions])
        values = yield coalitions
        distance = 100 * (1 - np.sqrt(coalitions.sum(1) / m))
        weights = np.exp(-((distance / self.kernel_width) ** 2) / 2)
        return Attribution(_ridge(coalitions.astype(float), values, weights, self.ridge).tolist())


def _ridge(x: np.ndarray, y: np.ndarray, weights: np.ndarray, penalty: float) -> np.ndarray:
    """Weighted ridge regression with a free intercept; returns the slopes."""
    x = x - np.average(x, axis=0, weights=weights)
    y = y - np.average(y, weights=weights)
    return np.linalg.solve((x.T * weights) @ x + penalty * np.eye(x.shape[1]), (x.T * weights) @ y)
