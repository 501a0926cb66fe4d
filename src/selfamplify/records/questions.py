"""Questions, and what a model answers to them on its own."""

from dataclasses import dataclass, field, replace
from typing import Literal

from ..errors import DataError
from .choices import AnswerStyle, Choice, Offered
from .shown import html_repr, short_repr

Verdict = Literal["success", "error", "discarded", "too_long"]
Attributed = Literal["text", "choices", "both"]
"""The part of a question whose words are scored and may become keywords."""


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """A labelled question x with its true answer y.

    Parameters
    ----------
    id : str
        Its name, unique in a task.
    text : str
        The question without its choices.
    choices : tuple of Choice
        The answers that it offers.
    answer : str
        The label of the true choice; empty for a shot of an imported prompt whose answer could not be read.
    planted : tuple of str
        The words that decide the answer, if they are known by construction (the planted tasks); by default empty.
    attributed : {"text", "choices", "both"}
        The part whose words are scored and may become keywords: by default both, as in the paper. The questions of a
        classification have the same choices, which explain nothing: there it is the text.
    answer_style : {"letter", "label", "text"}
        How it offers its choices, and how its answer is written: by default by letters.

    Raises
    ------
    DataError
        If ``answer`` is the label of no choice, or two choices share a label.
    """

    id: str
    text: str
    choices: tuple[Choice, ...]
    answer: str
    planted: tuple[str, ...] = ()
    attributed: Attributed = field(default="both", repr=False)
    answer_style: AnswerStyle = field(default="letter", repr=False)

    __repr__ = short_repr
    _repr_html_ = html_repr

    def __post_init__(self) -> None:
        labels = self.labels
        if self.answer not in labels and self.answer:
            raise DataError(
                f"The answer {self.answer!r} of question {self.id!r} is not one of its labels ({', '.join(labels) or 'none'}); "
                f"write the label of one of its choices."
            )
        if len(set(labels)) < len(labels):
            raise DataError(f"Two choices of question {self.id!r} share a label ({', '.join(labels)}); label them differently.")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the choices, in their order."""
        return tuple([choice.label for choice in self.choices])

    @property
    def offered(self) -> Offered:
        """What it offers as answers, without which of them is true."""
        return Offered(self.choices, self.answer_style)

    @property
    def answers(self) -> tuple[str, ...]:
        """The choices as answers are written, in their order: their labels, or their texts."""
        return self.labels if self.answer_style == "letter" else tuple([choice.text for choice in self.choices])

    @property
    def named(self) -> tuple[str, ...]:
        """The answers that an instruction names; none where they differ from question to question."""
        return () if self.answer_style == "text" else self.answers

    def written(self, label: str) -> str:
        """The answer of that label as it is written."""
        return self.answers[self.labels.index(label)]

    def called(self, label: str) -> str:
        """What counts call a label: its name if answers are the names of labels, else its letter."""
        return self.written(label) if self.answer_style == "label" else label

    def label_of(self, answer: str | None) -> str | None:
        """The label of an answer as it is written; None for any other text."""
        return self.labels[self.answers.index(answer)] if answer in self.answers else None

    def render(self) -> str:
        """The text that a model reads, such as ``stem (A) first choice (B) second choice``: see ``AnswerStyle``."""
        if self.answer_style == "label":
            return self.text
        if self.answer_style == "text":
            return "\n".join([self.text, *(f"- {choice.text}" for choice in self.choices)]).lstrip("\n")
        offered = [f"({choice.label}) {choice.text}" for choice in self.choices]
        return " ".join([self.text, *offered] if self.text else offered)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model answered to one question of the corpus (section 3.2).

    Parameters
    ----------
    question_id : str
        The question.
    text : str
        The token that it answered with.
    label : str, optional
        The label that this is, or None.
    too_long : bool
        Whether the question does not fit the model's context and was not asked; by default False.
    log_probabilities : tuple of float
        Those of the question's choices, in nats, where they were compared as wholes; else empty.
    failed : bool
        Whether the model's logits were not numbers, so that there is no answer; by default False.
    """

    question_id: str
    text: str
    label: str | None
    too_long: bool = False
    log_probabilities: tuple[float, ...] = ()
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many questions were looked at in step 1, and with which result, up to the last shot that was needed.

    The model is asked in batches, whose last questions may not be looked at any more.

    Parameters
    ----------
    asked, success, error, discarded : int
        Questions looked at; answered correctly; with another label; with no label. By default 0.
    too_long : int
        Questions that came up, do not fit the model's context and were not asked; by default 0.
    """

    asked: int = 0
    success: int = 0
    error: int = 0
    discarded: int = 0
    too_long: int = 0

    def plus(self, verdict: Verdict) -> "Counts":
        """The counts after one more question."""
        asked = self.asked + (verdict != "too_long")
        return replace(self, asked=asked, **{verdict: getattr(self, verdict) + 1})

    def __str__(self) -> str:
        too_long = f", {self.too_long} too long for the model" if self.too_long else ""
        if not self.asked:
            return f"the model was not asked{too_long}"
        return f"{self.asked} looked at, {self.success} success, {self.error} error, {self.discarded} discarded{too_long}"
