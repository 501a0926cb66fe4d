"""KernelSHAP: Shapley values by weighted regression over sampled coalitions (Lundberg and Lee 2017)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Float

from ..errors import ExplanationError, SettingsError
from ..games.coalitions import AbstractGame
from .estimators.estimate import settled
from .estimators.informative import informative_pairs
from .estimators.least_squares import LeastSquares
from .estimators.odd_process import OddProcess
from .estimators.pairs import draw_pairs
from .perturbation import AbstractPerturbation
from .scores import Attribution, completeness_gap
from .settings import check_count
from .shapley_values import every_coalition, exact_shapley

Estimator = Literal["gaussian_process", "least_squares"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
_ROUND, _GROWTH = 20, 4
"""A round evaluates this many pairs, or a quarter of those before if these are more."""
_KEYWORDS = 6


@dataclass(frozen=True, kw_only=True)
class KernelShap(AbstractPerturbation):
    """KernelSHAP with paired coalitions, exact efficiency and standard errors.

    Each coalition comes with its complement (Covert and Lee 2021, https://arxiv.org/abs/2012.01536). Sizes are uniform over
    1..M-1 (leverage scores, Musco and Witter 2024, https://arxiv.org/abs/2410.01917), and coalitions have little in common with
    each other. That holds for all pairs of ``least_squares``, and for the first 2 M pairs of ``gaussian_process``; its other
    pairs are those that would tell most about the scores, given the values so far. Unlike in Captum's KernelShap, whose draws
    the paper used, the sum of the scores equals f(all) - f(none) exactly, and everything is solved in float64. If 2^M is at
    most ``samples``, the values are exact.

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
        bias but errors that are two to six times as large. With only 2 M evaluations, least squares has no degrees of freedom
        left for standard errors, and returns none.
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
        found = self._found(game, full - empty, np.random.default_rng(seed))
        estimate = found.estimate()
        errors = None if isinstance(found, LeastSquares) and len(found.odd) < m else estimate.standard_errors.tolist()
        return Attribution(estimate.scores.tolist(), game.passes, completeness_gap(estimate.scores, full, empty), errors)

    def _check_samples(self, m: int) -> None:
        least = 2 * m if self.estimator == "least_squares" else m + 2
        if self.samples < least:
            raise ExplanationError(
                f"kernel_shap with {self.estimator} needs at least {least} evaluations for {m} words, and "
                f"`samples={self.samples}`; use `samples={least}`, or more."
            )

    def _found(self, game: AbstractGame, difference: float, generator: np.random.Generator) -> OddProcess | LeastSquares:
        """What is known after the last round, or after the round in which the best keywords are settled."""
        rounds = self._regressions if self.estimator == "least_squares" else self._processes
        found, confidence = None, self.stop_when_settled
        for found in rounds(game, difference, generator):
            if confidence is not None and settled(found.estimate(), game.keywords, self.keywords or _KEYWORDS) >= confidence:
                break
        assert found is not None
        return found

    def _regressions(self, game: AbstractGame, difference: float, generator: np.random.Generator) -> Iterator[LeastSquares]:
        """After each round: without the rule there is one. Pairs are drawn at once, so that they do not depend on values."""
        pairs, odd = draw_pairs(game.players, self._pairs, generator), np.empty(0)
        for stop in _stops(game.players, self._pairs) if self.stop_when_settled else (self._pairs,):
            odd = _evaluated(game, pairs[:stop], odd)
            yield LeastSquares(pairs[:stop], odd, difference)

    def _processes(self, game: AbstractGame, difference: float, generator: np.random.Generator) -> Iterator[OddProcess]:
        """After each round: the first pairs are drawn, and those of further rounds are chosen."""
        first, *stops = _stops(game.players, self._pairs)
        pairs = draw_pairs(game.players, first, generator)
        odd = _evaluated(game, pairs, np.empty(0))
        process = OddProcess.of(pairs, odd, difference)
        yield process
        for stop in stops:
            pairs = np.concatenate([pairs, informative_pairs(process, stop - len(pairs), generator)])
            odd = _evaluated(game, pairs, odd)
            process = OddProcess.of(pairs, odd, difference, process.prior)
            yield process

    @property
    def _pairs(self) -> int:
        """The number of pairs, without (all, none)."""
        return (self.samples - 2) // 2


def _stops(words: int, most: int) -> Iterator[int]:
    """The numbers of pairs after each round; the first one has two per word."""
    stop = max(2 * words, _ROUND)
    while stop < most:
        yield stop
        stop += max(_ROUND, stop // _GROWTH)
    yield most


def _evaluated(
    game: AbstractGame, pairs: Bool[np.ndarray, "pair word"], odd: Float[np.ndarray, " known"]
) -> Float[np.ndarray, " pair"]:
    """The odd part (f(z) - f(1 - z)) / 2 of all pairs, given that of the first ones."""
    new = pairs[len(odd) :]
    values = game.values(np.concatenate([new, ~new]))
    return np.append(odd, (values[: len(new)] - values[len(new) :]) / 2)
