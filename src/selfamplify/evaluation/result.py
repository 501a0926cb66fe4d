"""The measured accuracy of one prompt, with its interval and all responses."""

from dataclasses import dataclass
from functools import cached_property

from ..errors import DataError, SettingsError
from ..records import Outcome, Question, Response
from ..text.lines import shortened
from .statistics import Interval, mcnemar, wilson

UNPARSED = ("constrained", "none")
"""The rules by which a response is decided that does not name an answer itself."""


@dataclass(frozen=True, repr=False)
class Result:
    """A prompt's responses to test questions, compared with the true answers.

    Printing a result shows its accuracy with the 95 % interval.

    Parameters
    ----------
    method, task, model : str
        The names of the method, the task and the model.
    questions : tuple of Question
        The test questions.
    responses : tuple of Response
        One per question, in their order.
    io : Result, optional
        The result of IO on the same shots, if it was requested.
    """

    method: str
    task: str
    model: str
    questions: tuple[Question, ...]
    responses: tuple[Response, ...]
    io: "Result | None" = None

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """One judged answer per question."""
        return tuple(
            Outcome(q.id, q.answer, r.label, r.rule, r.label == q.answer)
            for q, r in zip(self.questions, self.responses, strict=True)
        )

    @property
    def n(self) -> int:
        """How many questions were asked."""
        return len(self.outcomes)

    @property
    def correct(self) -> int:
        """How many were answered correctly."""
        return sum(outcome.correct for outcome in self.outcomes)

    @property
    def accuracy(self) -> float:
        """The share of correct answers, from 0 to 1."""
        return self.correct / self.n

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the accuracy."""
        return wilson(self.correct, self.n)

    @property
    def unparsed(self) -> float:
        """The share of responses from which no rule could read a label, from 0 to 1."""
        return sum(outcome.rule in UNPARSED for outcome in self.outcomes) / self.n

    @property
    def cut(self) -> float:
        """The share of responses that were cut off at their maximum length, from 0 to 1."""
        return sum(not response.finished for response in self.responses) / self.n

    @property
    def seconds(self) -> float:
        """The wall-clock time of answering, in seconds, summed over the questions."""
        return sum(response.cost.seconds for response in self.responses)

    def p_against(self, other: "Result") -> float:
        """The p of McNemar's exact test of this result against another one.

        Parameters
        ----------
        other : Result
            A result on the same questions, in the same order.

        Returns
        -------
        float
            The two-sided p.

        Raises
        ------
        DataError
            If the questions are not the same.
        SettingsError
            If ``other`` is not a result.
        """
        if not isinstance(other, Result):
            raise SettingsError(f"{shortened(repr(other))} is not a result; pass what `evaluate` returned.")
        if [q.id for q in self.questions] != [q.id for q in other.questions]:
            raise DataError(
                "A paired test needs two results on the same questions; evaluate both with the same `task` and `limit`."
            )
        return mcnemar([o.correct for o in self.outcomes], [o.correct for o in other.outcomes])

    def __str__(self) -> str:
        interval = self.interval
        against = "" if self.io is None else f"; IO on the same shots {self.io.accuracy:.1%}, {_p(self.p_against(self.io))}"
        return (
            f"{self.method} on {self.task}: {self.correct}/{self.n} = {self.accuracy:.1%} "
            f"(95 % interval {interval.low:.1%} to {interval.high:.1%}), unparsed {self.unparsed:.1%}{against}"
        )

    def __repr__(self) -> str:
        return f"Result({self})"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
