"""LIME for text (Ribeiro et al. 2016, https://arxiv.org/abs/1602.04938): a local linear model of the value."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from ..errors import ExplanationError
from ..games.coalitions import AbstractGame
from .perturbation import AbstractPerturbation
from .scores import Attribution
from .settings import check_count, check_positive


@dataclass(frozen=True, kw_only=True)
class Lime(AbstractPerturbation):
    """LIME: ridge regression on coalitions near the whole text, as in the text explainer of its authors.

    The number of words removed is uniform over 1..M. A coalition has weight exp(-(d / width)^2 / 2), where d is 100 times the
    cosine distance from the whole text. Captum's Lime, in contrast, fits a Lasso to coalitions of independent coin flips.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent; see ``AbstractPerturbation``.
    samples : int, default 350
        The number of coalitions, at least M + 2.
    kernel_width : float, default 25.0
        The width of the weights, in units of d.
    ridge : float, default 1.0
        The penalty of the ridge regression.

    Raises
    ------
    SettingsError
        If a setting is invalid.
    """

    name = "lime"
    samples: int = 350
    kernel_width: float = 25.0
    ridge: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "samples")
        check_positive(self, "kernel_width")
        check_positive(self, "ridge")

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        m = game.players
        if self.samples < m + 2:
            raise ExplanationError(
                f"lime needs at least M + 2 = {m + 2} samples for {m} words, and `samples={self.samples}`; "
                f"use `samples={m + 2}`, or more."
            )
        coalitions = self._coalitions(m, seed)
        values = game.values(coalitions)
        distance = 100 * (1 - np.sqrt(coalitions.sum(1) / m))
        weights = np.exp(-((distance / self.kernel_width) ** 2) / 2)
        return Attribution(_ridge(coalitions.astype(float), values, weights, self.ridge).tolist(), game.passes)

    def _coalitions(self, m: int, seed: int) -> Bool[np.ndarray, "coalition word"]:
        """The whole text first, then draws."""
        generator = np.random.default_rng(seed)
        removed = generator.integers(1, m + 1, self.samples - 1)
        drawn = generator.random((self.samples - 1, m)).argsort(1).argsort(1) >= removed[:, None]
        return np.concatenate([np.ones((1, m), bool), drawn])


def _ridge(
    x: Float[np.ndarray, "row column"], y: Float[np.ndarray, " row"], weights: Float[np.ndarray, " row"], penalty: float
) -> Float[np.ndarray, " column"]:
    """The slopes of weighted ridge regression with a free intercept."""
    x = x - np.average(x, axis=0, weights=weights)
    y = y - np.average(y, weights=weights)
    return np.linalg.solve((x.T * weights) @ x + penalty * np.eye(x.shape[1]), (x.T * weights) @ y)
