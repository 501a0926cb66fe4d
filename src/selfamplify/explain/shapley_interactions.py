"""Which two words act together: the faithful Shapley interaction index of order 2 (Faith-SHAP, Tsai et al. 2023)."""

from dataclasses import dataclass

import numpy as np

from ..errors import ExplanationError
from ..games.coalitions import AbstractGame
from ..records import Cost, Explanation, Question, ScoredPairs
from .estimators.pairs import draw_pairs
from .estimators.quadratic import halves, quadratic_fit, shapley_weights
from .perturbation import AbstractPerturbation
from .scores import Attribution, completeness_gap
from .settings import check_count, in_python
from .shapley_values import every_coalition

_LEAST = 1024
_PER_TERM = 2
"""By default, this many evaluations, or this many for each term: all coalitions of up to ten words."""


@dataclass(frozen=True, kw_only=True)
class ShapleyInteractions(AbstractPerturbation):
    """What each word does alone, and what each two words do together: Faith-SHAP of order 2.

    The scores are the coefficients of the polynomial with one term per word and one per pair that is closest to the game under
    the Shapley kernel, and equals it for all words and for none (Tsai et al. 2023, https://arxiv.org/abs/2203.00870). They sum
    to f(all) - f(none), which those of the Shapley interaction index (Grabisch and Roubens 1999,
    https://doi.org/10.1007/s001820050125) do not, and equal the game's own terms if no more than two words act together. For
    ``attribute``, which shows one score per word, half of a pair's score counts for each of its words. Scores have standard
    errors, which are 0 if they are exact.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent; see ``AbstractPerturbation``.
    samples : int, optional
        The number of evaluations, including f(all) and f(none), minus coalitions that are drawn twice. M words have
        M (M+1) / 2 terms; by default, twice as many evaluations as terms, and at least 1,024. If 2^M is at most ``samples``,
        all coalitions are evaluated and the scores are exact.

    Raises
    ------
    SettingsError
        If a setting is invalid.
    """

    name = "shapley_interactions"
    makes = "pair"
    samples: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples is not None:
            check_count(self, "samples")

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        m = game.players
        full, empty = game.ends()
        if m == 1:
            return Attribution([full - empty], game.passes, completeness_gap([full - empty], full, empty), [0.0], [], [])
        terms = m * (m + 1) // 2
        samples = self.samples or max(_LEAST, _PER_TERM * terms + 2)
        if exact := m < 30 and 2**m <= samples:
            coalitions = every_coalition(m)[1:-1]
            weights = shapley_weights(m)[coalitions.sum(1)]
        else:
            # Sizes are uniform, so a coalition of size s is drawn with probability 1 / ((M-1) C(M,s)).
            coalitions = draw_pairs(m, samples - 2, np.random.default_rng(seed)) if samples > terms else np.empty((0, m), bool)
            sizes = coalitions.sum(1)
            weights = 1.0 / (sizes * (m - sizes))
        found = quadratic_fit(coalitions, game.values(coalitions), weights, empty, full) if len(coalitions) else None
        if found is None:
            raise ExplanationError(
                f"{m} words have {terms:,} terms, too many for {samples:,} evaluations; leave `samples` out, which makes "
                f"{max(_LEAST, _PER_TERM * terms + 2):,}, or use `{in_python(type(self), 'samples', 2 * _PER_TERM * terms)}`."
            )
        errors = found.share_errors, found.pair_errors
        if exact:
            errors = np.zeros(m), np.zeros(len(found.pairs))
        return Attribution(
            found.shares.tolist(),
            game.passes,
            completeness_gap(found.shares, full, empty),
            None if errors[0] is None else errors[0].tolist(),
            found.pairs.tolist(),
            None if errors[1] is None else errors[1].tolist(),
        )

    def explanation(self, question: Question, game: AbstractGame, result: Attribution, cost: Cost) -> Explanation:
        pairs = np.array(result.pairs)
        alone = np.array(result.scores) - halves(pairs, game.players)
        return ScoredPairs(
            question.id,
            self.name,
            game.words,
            tuple(alone.tolist()),
            tuple(pairs.tolist()),
            game.value,
            result.completeness_gap,
            cost,
            self.blank(game),
            None if result.pair_errors is None else tuple(result.pair_errors),
        )
