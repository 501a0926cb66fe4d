"""The measured accuracy of one prompt, with its interval and all responses; and the difference of two, also over contexts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from ..collecting import uncollected
from ..errors import DataError, SettingsError
from ..records import Outcome, Question, Response
from ..records.shown import html_repr
from ..text.lines import shortened
from .conclusion import p_in_words
from .difference import Difference, difference, measured
from .frames import data_frame
from .statistics import Interval, wilson

if TYPE_CHECKING:
    import pandas


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

    _repr_html_ = html_repr

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """One judged answer per question."""
        with uncollected():
            return tuple(
                Outcome(q.id, q.answer, r.label, r.rule, r.label == q.answer)
                for q, r in zip(self.questions, self.responses, strict=True)
            )

    @property
    def given(self) -> tuple[str, ...]:
        """The labels that were read from the responses, by letter or by name as the questions call them."""
        answered = zip(self.questions, self.responses, strict=True)
        return tuple(question.called(response.label) for question, response in answered if response.label is not None)

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
        """The share of responses (of votes, if there are several per question) from which no rule read a label, from 0 to 1."""
        return sum(response.unparsed for response in self.responses) / self.n

    @property
    def cut(self) -> float:
        """The share of responses that were cut off at their maximum length, from 0 to 1."""
        return sum(not response.finished for response in self.responses) / self.n

    @property
    def seconds(self) -> float:
        """The wall-clock time of answering, in seconds, summed over the questions."""
        return sum(response.cost.seconds for response in self.responses)

    def against(self, other: "Result") -> Difference:
        """The difference to another result in the same context: McNemar's exact test, and the paired bootstrap's interval.

        Parameters
        ----------
        other : Result
            A result on the same questions, in the same order.

        Returns
        -------
        Difference
            This result's accuracy minus the other's; see ``contrast`` for several contexts.

        Raises
        ------
        DataError
            If the questions are not the same.
        SettingsError
            If ``other`` is not a result.
        """
        return contrast([self], [other])

    def to_frame(self) -> "pandas.DataFrame":
        """The answers as a data frame, one row per question.

        Returns
        -------
        pandas.DataFrame
            With the columns ``question_id``, ``question``, ``answer`` (the true label), ``label`` (the one that was read, or
            None), ``correct``, ``rule``, ``text`` (the reply), ``finished``, ``unparsed``, ``forward_passes`` and ``seconds``.

        Raises
        ------
        SettingsError
            If pandas is not installed.
        """
        answered = zip(self.questions, self.responses, self.outcomes, strict=True)
        return data_frame(
            [
                {
                    "question_id": question.id,
                    "question": question.render(),
                    "answer": outcome.answer,
                    "label": outcome.label,
                    "correct": outcome.correct,
                    "rule": outcome.rule,
                    "text": response.text,
                    "finished": response.finished,
                    "unparsed": response.unparsed,
                    "forward_passes": response.cost.forward_passes,
                    "seconds": response.cost.seconds,
                }
                for question, response, outcome in answered
            ]
        )

    def __str__(self) -> str:
        interval = self.interval
        return (
            f"{self.method} on {self.task}: {self.correct}/{self.n} = {self.accuracy:.1%} "
            f"(95 % interval {interval.low:.1%} to {interval.high:.1%}), unparsed {self.unparsed:.1%}{self._against_io()}"
        )

    def _against_io(self) -> str:
        if self.io is None:
            return ""
        found = self.against(self.io)
        points = f"{100 * found.estimate:+.1f} points ({100 * found.low:+.1f} to {100 * found.high:+.1f})"
        return f"; against IO on the same shots {points}, {p_in_words(found.p)}"

    def __repr__(self) -> str:
        return f"Result({self})"


def contrast(first: Sequence[Result], second: Sequence[Result]) -> Difference:
    """The difference of any two methods, over the contexts in which both answered the same questions.

    Parameters
    ----------
    first, second : sequence of Result
        One result per context (one drawn set of shots, such as a seed), in the same order of contexts.

    Returns
    -------
    Difference
        The accuracy of the first minus that of the second, as a single test. With one context it holds for those shots only.

    Raises
    ------
    DataError
        If the questions are not the same in all results, or there are more results of one method.
    SettingsError
        If something is not a result, or not a list of them.

    Examples
    --------
    >>> contrast([deep_lift_0, deep_lift_1], [io_0, io_1]).p  # doctest: +SKIP
    0.031
    """
    return difference(*paired_outcomes(first, second))


def measured_contrast(first: Sequence[Result], second: Sequence[Result]) -> Difference:
    """As ``contrast``, without what depends on how many tests there are, which ``corrected`` adds."""
    return measured(*paired_outcomes(first, second))


def paired_outcomes(
    first: Sequence[Result], second: Sequence[Result]
) -> tuple[Bool[np.ndarray, "context question"], Bool[np.ndarray, "context question"]]:
    """Whether each answer is correct, by context and question. Raises DataError and SettingsError as ``contrast`` does."""
    for results in (first, second):
        if not isinstance(results, Sequence):
            raise SettingsError(
                f"{shortened(repr(results))} is not a list of results; write for example `contrast([first], [second])`."
            )
    for each in (*first, *second):
        if not isinstance(each, Result):
            raise SettingsError(f"{shortened(repr(each))} is not a result; pass what `evaluate` returned.")
    if len(first) != len(second) or not first:
        raise DataError(
            f"A paired test needs one result of each method per context, not {len(first)} and {len(second)}; "
            f"leave out the contexts that only one of them has."
        )
    if len({tuple(question.id for question in each.questions) for each in (*first, *second)}) > 1:
        raise DataError("A paired test needs results on the same questions; evaluate all with the same `task` and `limit`.")
    return correctness(first), correctness(second)


def correctness(results: Sequence[Result]) -> Bool[np.ndarray, "context question"]:
    """Whether each answer is correct, for results on the same questions."""
    return np.array([[outcome.correct for outcome in each.outcomes] for each in results], dtype=bool)
