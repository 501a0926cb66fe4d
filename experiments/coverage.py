"""How often the 95 % intervals contain the truth, and how often a test finds a difference where there is none, by simulation.

``python -m experiments.coverage`` prints the tables of docs/statistics.md. A method answers a question correctly with a
probability whose log-odds are the sum of a constant, what the question and the context do to all methods, and what both do to
this method.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool

from selfamplify.evaluation.crossed import OF_ACCURACIES, OF_DIFFERENCES, crossed
from selfamplify.evaluation.difference import accuracy_interval
from selfamplify.evaluation.paired_bootstrap import paired_bootstrap

RUNS = 2000
Answers = Bool[np.ndarray, "run context question"]


@dataclass(frozen=True)
class World:
    """Two methods whose log-odds differ by ``gain``; the other fields are standard deviations of log-odds.

    ``question`` is shared by the methods; ``own_question`` and ``own_context`` are drawn for each of them.
    """

    gain: float = 0.3
    question: float = 1.5
    own_question: float = 0.5
    own_context: float = 0.15
    easy: float = 0.7

    def draw(self, runs: int, contexts: int, questions: int, seed: int) -> tuple[Answers, Answers]:
        """Whether both methods answer correctly, in ``runs`` independent runs."""
        rng = np.random.default_rng(seed)
        shared = rng.normal(0, self.question, (runs, 1, questions))
        first, second = (
            self.easy
            + sign * self.gain / 2
            + shared
            + rng.normal(0, self.own_question, (runs, 1, questions))
            + rng.normal(0, self.own_context, (runs, contexts, 1))
            for sign in (1, -1)
        )
        return rng.random(first.shape) < _share(first), rng.random(second.shape) < _share(second)

    def accuracies(self) -> tuple[float, float]:
        """The methods' accuracies over all questions and contexts."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(80)
        spread = np.sqrt(self.question**2 + self.own_question**2 + self.own_context**2)
        first, second = (
            float(np.average(_share(self.easy + sign * self.gain / 2 + spread * nodes), weights=weights)) for sign in (1, -1)
        )
        return first, second


def _share(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds))


@dataclass(frozen=True)
class Covered:
    """The shares of runs whose interval holds the true difference and the true accuracy; the median width of the former."""

    difference: float
    accuracy: float
    width: float


def coverage(world: World, contexts: int, questions: int, runs: int = RUNS, seed: int = 0) -> Covered:
    """The coverage of both intervals in ``runs`` simulated runs."""
    first, second = world.draw(runs, contexts, questions, seed)
    truths = world.accuracies()
    low, high = differences(first, second)
    least, most = accuracies(first)
    return Covered(
        float(np.mean((low <= truths[0] - truths[1]) & (truths[0] - truths[1] <= high))),
        float(np.mean((least <= truths[0]) & (truths[0] <= most))),
        float(np.median(high - low)),
    )


def differences(first: Answers, second: Answers) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the intervals of the difference, one of each per run."""
    if first.shape[1] > 1:
        return crossed(first.astype(float) - second, OF_DIFFERENCES).interval
    counts = np.stack([np.sum(first & ~second, (1, 2)), np.sum(second & ~first, (1, 2))], 1).tolist()
    found = {(a, b): paired_bootstrap(a, b, first.shape[2]) for a, b in {(a, b) for a, b in counts}}
    return tuple(np.array([(found[a, b].low, found[a, b].high) for a, b in counts]).T)


def accuracies(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the intervals of one method's accuracy, one of each per run."""
    if answers.shape[1] > 1:
        return crossed(answers.astype(float), OF_ACCURACIES).interval
    return tuple(np.array([(each.low, each.high) for each in map(accuracy_interval, answers)]).T)


def main() -> None:
    """Print the tables."""
    print("| sd of contexts (log-odds) | contexts | questions | difference % | accuracy % | median width, points |")
    print("|---|---|---|---|---|---|")
    for spread, contexts, questions in product((0.0, 0.15, 0.4), (1, 2, 3, 5), (50, 200, 400)):
        if contexts == 1 and spread:
            continue  # an interval of one context is not meant to hold for others
        found = coverage(World(own_context=spread), contexts, questions)
        shares = f"{100 * found.difference:.1f} | {100 * found.accuracy:.1f} | {100 * found.width:.1f}"
        print(f"| {spread} | {contexts} | {questions} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
