"""Scores with the covariance of their errors, and how certain the best keywords are by these."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

from ...text.keywords import best


@dataclass(frozen=True)
class Estimate:
    """Estimated scores.

    Parameters
    ----------
    scores : float64 array of shape (word,)
        The scores.
    covariance : float64 array of shape (word, word)
        The covariance of their errors.
    """

    scores: Float[np.ndarray, " word"]
    covariance: Float[np.ndarray, "word word"]

    @property
    def standard_errors(self) -> Float[np.ndarray, " word"]:
        """The standard error of each score."""
        return np.sqrt(np.clip(self.covariance.diagonal(), 0.0, None))


def settled(estimate: Estimate, keywords: Sequence[str | None], k: int) -> float:
    """Return a lower bound of the probability that the k keywords of the highest scores are the k best keywords.

    Parameters
    ----------
    estimate : Estimate
        The scores of the words and their errors.
    keywords : sequence of str or None
        The keyword that each word would become, None for a function word.
    k : int
        The number of keywords.
    """
    chosen = best(keywords, estimate.scores.tolist(), k)
    inside = np.array(list(chosen.values()), int)
    outside = np.array([place for place, name in enumerate(keywords) if name is not None and name not in chosen], int)
    variance = estimate.covariance.diagonal()
    variances = variance[inside][:, None] + variance[outside] - 2 * estimate.covariance[np.ix_(inside, outside)]
    gaps = estimate.scores[inside][:, None] - estimate.scores[outside]
    with np.errstate(divide="ignore", invalid="ignore"):
        wrong = ndtr(-gaps / np.sqrt(np.clip(variances, 0.0, None)))
    return 1 - float(np.nan_to_num(wrong, nan=0.5).sum())
