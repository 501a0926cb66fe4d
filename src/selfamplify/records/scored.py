"""Explanations that score words, and what explanations record of how they were made: their cost, and the baseline."""

import math
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from ..errors import DataError
from .shown import clipped, html_repr

Value = Literal["logit", "logprob", "margin"]
"""What is attributed: the logit of the answer's token, its log-probability in nats, or its margin over the other labels."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a unit of work took.

    Parameters
    ----------
    forward_passes : int
        Rows run through the model.
    seconds : float
        Wall clock; 0 if it is not known, as in a prompt.json. As a measurement, it does not count when costs are compared.
    """

    forward_passes: int
    seconds: float = field(default=0.0, compare=False)


MEAN = "the mean embedding"
"""What stands for an absent word in place of a token: the mean of the vocabulary's embeddings."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What stands for an absent word.

    Parameters
    ----------
    text : str
        The token, as the vocabulary writes it (a space as ``" "``); ``MEAN``; or the text that a model which
        shows no tokens is asked with.
    token : int, optional
        Its id; None if it is no token of the vocabulary.
    role : str
        What it tells the model besides, such as ``"ends a turn"``; by default empty, nothing that is known.
    """

    text: str
    token: int | None = None
    role: str = ""

    def __str__(self) -> str:
        shown = self.text if self.text == MEAN else repr(self.text)
        return f"{shown}, which {self.role}" if self.role else shown


@dataclass(frozen=True, repr=False)
class ScoredWords:
    """An attribution: every candidate word of the question, in the order of the text, with its score.

    Parameters
    ----------
    question_id, explainer : str
        What is explained, and by what.
    words : tuple of str
        The words.
    scores : tuple of float
        One per word, in the unit of ``value``.
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; None for scores without a unit (the random control).
    completeness_gap : float, optional
        |sum of scores - (f(x) - f(x'))| / |f(x) - f(x')| if the method promises completeness, else None.
    standard_errors : tuple of float, optional
        One per word if they are estimated, else None.
    cost : Cost
        By default nothing.
    baseline : Baseline, optional
        What stood for absent words; None if they were removed, or if no word was absent.

    Raises
    ------
    DataError
        If a score is not finite, or there is not one per word.
    """

    question_id: str
    explainer: str
    words: tuple[str, ...]
    scores: tuple[float, ...]
    value: Value | None = None
    completeness_gap: float | None = None
    standard_errors: tuple[float, ...] | None = None
    cost: Cost = Cost(0, 0.0)
    baseline: Baseline | None = None
    kind: Literal["scored_words"] = "scored_words"

    _repr_html_ = html_repr

    def __post_init__(self) -> None:
        if len(self.scores) != len(self.words):
            raise DataError(f"{len(self.scores)} scores for {len(self.words)} words; give each word one score.")
        if self.standard_errors is not None and len(self.standard_errors) != len(self.words):
            raise DataError(f"{len(self.standard_errors)} standard errors for {len(self.words)} words; give each word one.")
        if not all(map(math.isfinite, self.scores)):
            raise DataError("A score is not a finite number; leave the explanation out.")

    def __repr__(self) -> str:
        best = sorted(zip(self.scores, self.words, strict=True), key=lambda pair: -pair[0])[:3]
        shown = ", ".join(f"{clipped(word)} {score:+.3g}" for score, word in best)
        return f"ScoredWords({clipped(self.question_id)!r} by {self.explainer}: {len(self.words)} words, highest {shown})"


@dataclass(frozen=True, repr=False)
class ScoredPairs:
    """An attribution that also scores how much two words do together, beyond what each does alone (shapley_interactions).

    Parameters
    ----------
    question_id, explainer : str
        What is explained, and by what.
    words : tuple of str
        Every candidate word of the question, in the order of the text.
    scores : tuple of float
        What each word does alone, in the unit of ``value``.
    pairs : tuple of float
        What each two words do together, in the order of ``itertools.combinations``: words 0 and 1, 0 and 2, …, 1 and 2, ….
    value : {"logit", "logprob", "margin"}
        What is attributed.
    completeness_gap : float, optional
        |sum of scores and pairs - (f(x) - f(x'))| / |f(x) - f(x')|; None if f(x) = f(x').
    cost : Cost
        By default nothing.
    baseline : Baseline, optional
        What stood for absent words; None if they were removed.
    pair_errors : tuple of float, optional
        The standard errors of ``pairs``, in their order; 0 if the scores are exact, None if they are not estimated.

    Raises
    ------
    DataError
        If a score is not finite, there is not one per word and one per pair of words, or not one standard error per pair.
    """

    question_id: str
    explainer: str
    words: tuple[str, ...]
    scores: tuple[float, ...]
    pairs: tuple[float, ...]
    value: Value
    completeness_gap: float | None = None
    cost: Cost = Cost(0, 0.0)
    baseline: Baseline | None = None
    pair_errors: tuple[float, ...] | None = None
    kind: Literal["scored_pairs"] = "scored_pairs"

    _repr_html_ = html_repr

    def __post_init__(self) -> None:
        if (len(self.scores), len(self.pairs)) != (len(self.words), math.comb(len(self.words), 2)):
            raise DataError(
                f"{len(self.scores)} scores and {len(self.pairs)} scores of pairs for {len(self.words)} words; "
                f"give each word and each two words one score."
            )
        if self.pair_errors is not None and len(self.pair_errors) != len(self.pairs):
            raise DataError(
                f"{len(self.pair_errors)} standard errors for {len(self.pairs)} pairs of words; give each pair one."
            )
        if not all(map(math.isfinite, (*self.scores, *self.pairs))):
            raise DataError("A score is not a finite number; leave the explanation out.")

    @property
    def by_pair(self) -> dict[tuple[int, int], float]:
        """The score of each pair of words, by the words' places."""
        return dict(zip(combinations(range(len(self.words)), 2), self.pairs, strict=True))

    @property
    def shares(self) -> tuple[float, ...]:
        """What each word does alone, and half of what it does with each other word: these sum to f(x) - f(x'), too."""
        shares = list(self.scores)
        for places, score in self.by_pair.items():
            for place in places:
                shares[place] += score / 2
        return tuple(shares)

    def __repr__(self) -> str:
        best = sorted(self.by_pair.items(), key=lambda pair: -pair[1])[:3]
        shown = ", ".join(f"{clipped(self.words[i])} and {clipped(self.words[j])} {score:+.3g}" for (i, j), score in best)
        return f"ScoredPairs({clipped(self.question_id)!r} by {self.explainer}: {len(self.words)} words, highest pairs {shown})"
