"""What the test questions say of the chosen prompt, which was chosen without them."""

from collections.abc import Sequence

import numpy as np

from ..evaluation.conclusion import conclusion
from ..evaluation.difference import corrected, measured
from ..evaluation.statistics import wilson
from ..records import Evidence, Rival
from ..text.lines import counted
from .arms import BARE, PLAIN
from .entrant import Answers, Corpus
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
    answers = [_tested(each, corpus, count) for each in (own, *rivals)]
    correct = [np.array([each.correct]) for each in answers]
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
        unparsed=answers[0].share_unparsed,
        rivals=tuple(
            Rival(
                arm=name,
                accuracy=sum(each.correct) / count,
                difference=d.estimate,
                low=d.low,
                high=d.high,
                p=d.p_holm,
                unparsed=each.share_unparsed,
            )
            for name, each, d in zip(names, answers[1:], differences, strict=True)
        ),
        conclusion=" ".join(
            [
                _plainly(own, arms),
                f"On {counted(count, 'test question')} that the choice did not see, {tested} of its answers are right.",
                *(conclusion(str(own.entrant.arm), name, each) for name, each in zip(names, differences, strict=True)),
            ]
        ),
    )


def _tested(runner: Runner, corpus: Corpus, count: int) -> Answers:
    """How the test questions are answered."""
    return runner.entrant.within("test").answers(len(corpus.race), len(corpus.race) + count)


def _plainly(own: Runner, arms: int) -> str:
    start = f"Of {counted(arms, 'arm')}, {own.entrant.arm} was chosen"
    if own.entrant.arm.method in (PLAIN, BARE):
        return (
            f"{start}: no prompt with rationales was clearly better on the {len(own.correct)} validation questions, and "
            f"{own.entrant.arm} costs less."
        )
    return f"{start}."
