"""KernelSHAP: Shapley values by weighted regression over sampled coalitions (Lundberg and Lee 2017)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float

from ..errors import ExplanationError, SettingsError
from ..games.coalitions import AbstractGame
from .estimators.estimate import Estimate, settled
from .estimators.least_squares import least_squares_estimate
from .estimators.odd_process import process_estimate
from .estimators.pairs import draw_pairs
from .perturbation import AbstractPerturbation
from .scores import Attribution, completeness_gap
from .settings import check_count
from .shapley_values import every_coalition, exact_shapley

Estimator = Literal["gaussian_process", "least_squares"]
ESTIMATORS: dict[Estimator, Callable[[np.ndarray, np.ndarray, float], Estimate]] = {
    "gaussian_process": process_estimate,
    "least_squares": least_squares_estimate,
}
_ROUND = 20
"""Pairs that are evaluated between two checks of the stopping rule."""
_KEYWORDS = 6


@dataclass(frozen=True, kw_only=True)
class KernelShap(AbstractPerturbation):
    """KernelSHAP with paired, leverage-sampled coalitions, exact efficiency and standard errors.

    Coalition sizes are uniform over 1..M-1 (leverage scores, Musco and Witter 2024, https://arxiv.org/abs/2410.01917), and each
    coalition comes with its complement (Covert and Lee 2021, https://arxiv.org/abs/2012.01536) and has little in common with
    the others. Unlike in Captum's KernelShap, whose draws the paper used, the sum of the scores equals f(all) - f(none)
    exactly, and everything is solved in float64. If 2^M is at most ``samples``, the values are exact.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent; see ``AbstractPerturbation``.
    samples : int, default 350
        The number of evaluations, including f(all) and f(none), minus pairs that are drawn twice, as happens with few words.
    estimator : {"gaussian_process", "least_squares"}, default "gaussian_process"
        How the scores are estimated from the values: with the process of ``odd_process``, or by least squares, which has no
        bias but larger errors. With only 2 M evaluations, least squares has no degrees of freedom left for standard errors, and
        returns none.
    stop_when_settled : float, optional
        A confidence between 0 and 1, such as 0.95. Coalitions are then evaluated in rounds until the ``keywords`` best keywords
        are settled: until the probabilities that another word belongs before one of them, by the estimator's own errors, add up
        to less than one minus the confidence (a union bound). Function words, which never become keywords, do not count, and a
        word that occurs twice counts with its higher score. ``samples`` remains the upper limit.
    keywords : int, optional
        The number of keywords of the stopping rule; if it is left open (None), that of the method, or 6.

    Raises
    ------
    SettingsError
        If a setting is invalid.
    """

    name = "kernel_shap"
    samples: int = 350
    estimator: Estimator = "gaussian_process"
    stop_when_settled: float | None = None
    keywords: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "samples")
        if self.estimator not in ESTIMATORS:
            raise SettingsError(f"`estimator={self.estimator!r}` is invalid; choose one of: {', '.join(ESTIMATORS)}.")
        if self.stop_when_settled is not None and not 0 < self.stop_when_settled < 1:
            raise SettingsError(
                f"`stop_when_settled={self.stop_when_settled!r}` is not a confidence between 0 and 1; "
                f"use `stop_when_settled=0.95`, for example."
            )
        if self.keywords is not None:
            check_count(self, "keywords")

    def completed(self, **settings: Any) -> "KernelShap":
        # Without the rule, the number of keywords changes nothing; left open, an explanation serves every number of them.
        open_ones = {"keywords"} if self.stop_when_settled is None else set()
        return super().completed(**{name: value for name, value in settings.items() if name not in open_ones})

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        m = game.players
        full, empty = game.ends()
        if m == 1:
            return Attribution([full - empty], game.passes, 0.0, [0.0])
        if m < 30 and 2**m <= self.samples:
            scores = exact_shapley(game.values(every_coalition(m)), m)
            return Attribution(scores.tolist(), game.passes, completeness_gap(scores, full, empty), [0.0] * m)
        self._check_samples(m)
        pairs = draw_pairs(m, (self.samples - 2) // 2, np.random.default_rng(seed))
        estimate, used = self._estimate(game, pairs, full - empty)
        errors = None if self.estimator == "least_squares" and used < m else estimate.standard_errors.tolist()
        return Attribution(estimate.scores.tolist(), game.passes, completeness_gap(estimate.scores, full, empty), errors)

    def _check_samples(self, m: int) -> None:
        least = 2 * m if self.estimator == "least_squares" else m + 2
        if self.samples < least:
            raise ExplanationError(
                f"kernel_shap with {self.estimator} needs at least {least} evaluations for {m} words, and "
                f"`samples={self.samples}`; use `samples={least}`, or more."
            )

    def _estimate(self, game: AbstractGame, pairs: Bool[np.ndarray, "pair word"], difference: float) -> tuple[Estimate, int]:
        """The estimate, and the number of pairs that it is based on."""
        estimated, confidence = ESTIMATORS[self.estimator], self.stop_when_settled
        odd = np.empty(0)
        if confidence is not None:
            for stop in range(max(2 * game.players, _ROUND), len(pairs), _ROUND):
                odd = _evaluated(game, pairs[:stop], odd)
                estimate = estimated(pairs[:stop], odd, difference)
                if settled(estimate, game.keywords, self.keywords or _KEYWORDS) >= confidence:
                    return estimate, stop
        return estimated(pairs, _evaluated(game, pairs, odd), difference), len(pairs)


def _evaluated(
    game: AbstractGame, pairs: Bool[np.ndarray, "pair word"], odd: Float[np.ndarray, " known"]
) -> Float[np.ndarray, " pair"]:
    """The odd part (f(z) - f(1 - z)) / 2 of all pairs, given that of the first ones."""
    new = pairs[len(odd) :]
    values = game.values(np.concatenate([new, ~new]))
    return np.append(odd, (values[: len(new)] - values[len(new) :]) / 2)
