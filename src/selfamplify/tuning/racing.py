"""A paired race: all arms answer a few questions, those that are behind leave, and the others answer more (pure functions).

Racing with blocking: all arms answer the same questions in the same order, so that they differ by their prompts and not by
what they were asked (Moore and Lee 1994, "Efficient algorithms for minimizing cross validation error"; Maron and Moore 1993,
https://proceedings.neurips.cc/paper/1993/hash/02a32ad2669e6fe298e607fe7cc0e1a0-Abstract.html). Deviates: there, an arm leaves
when it is almost certainly not the best; here, one standard error is enough. docs/tuning.md says what that costs and saves.
"""

from collections.abc import Callable, Sequence

import numpy as np

LEAST = 20
"""After so many questions, arms leave for the first time: fewer say nothing of an arm."""
_GROWTH = 1.4
"""The next time is after so many times as many questions."""
_ROUNDING = 1e-9
"""An arm that errs once more than the best is behind by exactly one error, whichever way that is rounded."""

Ask = Callable[[int, int, int, str], Sequence[bool]]
"""Whether an arm, by its place, answers these questions (from, to) correctly; the text says in which round that is."""


def race(ask: Ask, arms: int, questions: int, answers: int) -> list[list[bool]]:
    """Let arms race until one is left, all questions are answered, or no answers are left.

    Parameters
    ----------
    ask : callable
        Asks an arm.
    arms, questions : int
        How many of each there are.
    answers : int
        How many answers may be asked for, over all arms.

    Returns
    -------
    list of list of bool
        For each arm, whether it answered each question that it was asked correctly. The arms of the last round have equally
        many, and more than the others.
    """
    correct: list[list[bool]] = [[] for _ in range(arms)]
    running, done, number = list(range(arms)), 0, 0
    while done < questions:
        number += 1
        wanted = max(done + 1, int(done * _GROWTH)) if done else LEAST
        until = min(wanted, questions, done + answers // len(running))
        if until == done:
            break
        for place in running:
            correct[place] += ask(place, done, until, f"round {number}")
        answers -= len(running) * (until - done)
        done = until
        running = [running[place] for place in within_one_error([correct[each] for each in running])]
        if len(running) == 1:
            break
    return correct


def last_round(correct: Sequence[Sequence[bool]]) -> list[int]:
    """The places of the arms of the last round, by the answers of a race."""
    most = max(map(len, correct))
    return [place for place, own in enumerate(correct) if len(own) == most]


def entrants(affordable: int, arms: int, extra: int, least: int) -> int:
    """How many arms may enter a race.

    Parameters
    ----------
    affordable : int
        How many answers the race may take.
    arms : int
        How many arms there are.
    extra : int
        How many answers each arm takes besides, for calibration.
    least : int
        How many arms a race needs.

    Returns
    -------
    int
        As many as the first round takes half of the answers for, and at least ``least``; 0 if all answers are too few for
        that.
    """
    each = LEAST + extra
    return min(arms, max(least, affordable // 2 // each)) if affordable >= least * each else 0


def within_one_error(correct: Sequence[Sequence[bool]]) -> list[int]:
    """The places of the best arm, and of all that are worse by one standard error of the paired difference at most.

    The rule of one standard error (Breiman et al. 1984, section 3.4.3), which takes the simplest of these. Deviates: the error
    is that of the difference to the best on the same questions, and not that of the best itself.
    """
    answers = np.asarray(correct, dtype=float)
    best = answers[int(answers.sum(axis=1).argmax())]
    lost = best - answers
    errors = lost.std(axis=1, ddof=1) / np.sqrt(answers.shape[1]) if answers.shape[1] > 1 else np.full(len(answers), np.inf)
    return [place for place in range(len(answers)) if lost[place].mean() <= errors[place] + _ROUNDING]


def cheapest(correct: Sequence[Sequence[bool]], costs: Sequence[float]) -> int:
    """The place of the arm that costs least, of the best one and those within one standard error of it."""
    return min(within_one_error(correct), key=lambda place: costs[place])
