"""The measured accuracy of one prompt, with its interval and its records."""

from dataclasses import dataclass
from functools import cached_property

from ..records import Outcome, Question, Response
from .statistics import Interval, mcnemar, wilson

UNPARSED = ("constrained", "none")
"""The rules that decide where the response itself names no answer."""


@dataclass(frozen=True)
class Result:
    """A prompt's responses to test questions, held against the truth.

    ``seconds`` is the wall clock of answering, summed over the questions.
    """

    method: str
    task: str
    model: str
    questions: tuple[Question, ...]
    responses: tuple[Response, ...]

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """One judged answer a question."""
        return tuple(
            Outcome(q.id, q.answer, r.label, r.rule, r.label == q.answer)
            for q, r in zip(self.questions, self.responses, strict=True)
        )

    @property
    def n(self) -> int:
        return len(self.outcomes)

    @property
    def correct(self) -> int:
        return sum(outcome.correct for outcome in self.outcomes)

    @property
    def accuracy(self) -> float:
        return self.correct / self.n

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the accuracy."""
        return wilson(self.correct, self.n)

    @property
    def unparsed(self) -> float:
        """The share of responses that no rule could read a label from."""
        return sum(outcome.rule in UNPARSED for outcome in self.outcomes) / self.n

    @property
    def cut(self) -> float:
        """The share of responses that the longest reply allowed cut off."""
        return sum(not response.finished for response in self.responses) / self.n

    @property
    def seconds(self) -> float:
        return sum(response.cost.seconds for response in self.responses)

    def p_against(self, other: "Result") -> float:
        """The exact McNemar p of this result against another on the same questions."""
        if [q.id for q in self.questions] != [q.id for q in other.questions]:
            raise ValueError("a paired test needs the same questions in both results")
        return mcnemar([o.correct for o in self.outcomes], [o.correct for o in other.outcomes])

    def __str__(self) -> str:
        interval = self.interval
        return (
            f"{self.method} on {self.task}: {self.correct}/{self.n} = {self.accuracy:.1%} "
            f"(95 % interval {interval.low:.1%} to {interval.high:.1%}), unparsed {self.unparsed:.1%}"
        )
