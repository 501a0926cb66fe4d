"""What the test questions say of the chosen prompt, which was chosen without them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from ..evaluation.difference import Difference, corrected, measured
from ..evaluation.statistics import wilson
from ..records import Evidence, Rival
from ..text.lines import counted
from .arms import BARE, PLAIN
from .entrant import Corpus
from .race import Runner


def evidence(own: Runner, rivals: Sequence[Runner], corpus: Corpus, arms: int, count: int) -> Evidence:
    """The evidence for a chosen arm: its accuracy on test questions, and its differences to rivals there.

    Parameters
    ----------
    own : Runner
        The chosen arm.
    rivals : sequence of Runner
        Arms that it is tested against.
    corpus : Corpus
        Whose test questions are asked.
    arms : int
        How many arms there were.
    count : int
        How many test questions are asked.
    """
    correct = [_tested(each, corpus, count) for each in (own, *rivals)]
    differences = corrected([measured(correct[0], each) for each in correct[1:]]) if rivals else []
    names, right = [str(each.entrant.arm) for each in rivals], int(correct[0].sum())
    interval = wilson(right, count)
    tested = f"{right / count:.1%} (95 % interval {interval.low:.1%} to {interval.high:.1%})"
    return Evidence(
        arm=str(own.entrant.arm),
        arms=arms,
        validation_questions=len(own.correct),
        validation_accuracy=sum(own.correct) / len(own.correct),
        test_questions=count,
        accuracy=right / count,
        low=interval.low,
        high=interval.high,
        rivals=tuple(
            Rival(arm=name, accuracy=float(each.mean()), difference=d.estimate, low=d.low, high=d.high, p=d.p_holm)
            for name, each, d in zip(names, correct[1:], differences, strict=True)
        ),
        conclusion=" ".join(
            [
                _plainly(own, arms),
                f"On {counted(count, 'test question')} that the choice did not see, {tested} of its answers are right.",
                *map(_against, names, differences),
            ]
        ),
    )


def _tested(runner: Runner, corpus: Corpus, count: int) -> Bool[np.ndarray, "one question"]:
    """Whether each test question is answered correctly."""
    return np.array([runner.entrant.within("test").correct(len(corpus.race), len(corpus.race) + count)])


def _plainly(own: Runner, arms: int) -> str:
    start = f"Of {counted(arms, 'arm')}, {own.entrant.arm} was chosen"
    if own.entrant.arm.method in (PLAIN, BARE):
        return f"{start}: no rationales were clearly better on the {len(own.correct)} validation questions, and it costs less."
    return f"{start}."


def _against(name: str, found: Difference) -> str:
    points = (
        f"{100 * found.estimate:+.1f} points (95 % interval {100 * found.low:+.1f} to {100 * found.high:+.1f}, "
        f"p = {found.p_holm:.2g})"
    )
    if found.verdict == "shown":
        return f"It is {'better' if found.estimate > 0 else 'worse'} than {name}: {points}."
    could = f"; only a difference of {100 * found.detectable:.1f} points or more would have been" if found.detectable else ""
    return f"It was not shown to differ from {name}: {points}{could}."
