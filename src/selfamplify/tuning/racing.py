"""Successive halving: all arms answer a few questions, the best third of them more, and so on (pure functions).

Karnin et al. 2013 (http://proceedings.mlr.press/v28/karnin13.html), Jamieson and Talwalkar 2016
(https://arxiv.org/abs/1502.07943). All arms answer the same questions in the same order, so that they differ by their prompts
and not by what they were asked. Deviates: a third is kept in place of a half, and the baselines always stay.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

KEPT = 3
"""One arm in so many is kept after a round."""
LEAST = 20
"""The questions of the first round, if there are so many: fewer say nothing of an arm."""


@dataclass(frozen=True)
class Round:
    """How many arms are asked in a round, and how many questions each of them has answered at its end."""

    arms: int
    questions: int


def rounds(arms: int, questions: int, baselines: int = 0) -> tuple[Round, ...]:
    """The rounds of a race.

    Parameters
    ----------
    arms : int
        How many arms there are, baselines included.
    questions : int
        How many questions the arms of the last round have answered at its end.
    baselines : int
        How many of the arms stay in every round, by default none.

    Returns
    -------
    tuple of Round
        Each with a third of the other arms of the one before, and three times as many questions, until three are left.
    """
    counts = [arms - baselines]
    while counts[-1] > KEPT and questions >= LEAST * KEPT ** len(counts):
        counts.append(ceil(counts[-1] / KEPT))
    last = len(counts) - 1
    return tuple(
        Round(count + baselines, max(1, round(questions / KEPT ** (last - number)))) for number, count in enumerate(counts)
    )


def calls(planned: Sequence[Round]) -> int:
    """How many answers a race takes."""
    before = (0, *(each.questions for each in planned))
    return sum(each.arms * (each.questions - done) for each, done in zip(planned, before, strict=False))


Ask = Callable[[int, int, int, str], Sequence[bool]]
"""Whether an arm, by its place, answers these questions (from, to) correctly; the text says in which round that is."""


def race(ask: Ask, arms: int, questions: int, baselines: int = 0) -> list[list[bool]]:
    """Let arms race.

    Parameters
    ----------
    ask : callable
        Asks an arm.
    arms, questions, baselines : int
        As for ``rounds``; the baselines are the first arms.

    Returns
    -------
    list of list of bool
        For each arm, whether it answered each question that it was asked correctly: the finalists all of them.
    """
    correct: list[list[bool]] = [[] for _ in range(arms)]
    planned, running = rounds(arms, questions, baselines), list(range(arms))
    for number, each in enumerate(planned):
        best = _leaders([correct[place] for place in running[baselines:]], each.arms - baselines)
        running = [*running[:baselines], *(running[baselines + place] for place in best)]
        for place in running:
            done = len(correct[place])
            correct[place] += ask(place, done, each.questions, f"round {number + 1} of {len(planned)}")
    return correct


def _leaders(correct: Sequence[Sequence[bool]], count: int) -> list[int]:
    """The places of the ``count`` arms with the most correct answers, in their order; of equal ones, the first."""
    ranked = sorted(range(len(correct)), key=lambda place: -sum(correct[place]))
    return sorted(ranked[:count])


def within_one_error(correct: Sequence[Sequence[bool]]) -> list[int]:
    """The places of the best arm, and of all that are worse by one standard error of the paired difference at most.

    The rule of one standard error (Breiman et al. 1984, section 3.4.3), which takes the simplest of these. Deviates: the error
    is that of the difference to the best on the same questions, and not that of the best itself.
    """
    answers = np.asarray(correct, dtype=float)
    best = answers[int(answers.sum(axis=1).argmax())]
    lost = best - answers
    errors = lost.std(axis=1, ddof=1) / np.sqrt(answers.shape[1]) if answers.shape[1] > 1 else np.full(len(answers), np.inf)
    return [place for place in range(len(answers)) if lost[place].mean() <= errors[place]]


def cheapest(correct: Sequence[Sequence[bool]], costs: Sequence[float]) -> int:
    """The place of the arm that costs least, of the best one and those within one standard error of it."""
    return min(within_one_error(correct), key=lambda place: costs[place])
