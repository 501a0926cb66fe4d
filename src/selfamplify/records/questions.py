"""Questions, and what a model answers to them on its own."""

from dataclasses import dataclass, field, replace
from typing import Literal

from ..errors import DataError

Verdict = Literal["success", "error", "discarded", "too_long"]
Attributed = Literal["text", "choices", "both"]
"""The part of a question whose words are scored and may become keywords."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a question offers.

    Parameters
    ----------
    label : str
        Its letter, such as ``"A"``.
    text : str
        What it says, such as ``"dry palms"``.
    """

    label: str
    text: str


@dataclass(frozen=True, slots=True)
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
        The label of the true choice.
    planted : tuple of str
        The words that decide the answer, if they are known by construction (the planted tasks); by default empty.
    attributed : {"text", "choices", "both"}
        The part whose words are scored and may become keywords: by default both, as in the paper. The questions of a
        classification have the same choices, which explain nothing: there it is the text.

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
    attributed: Attributed = field(default="both", repr=False)  # prompts record digests of the repr

    def __post_init__(self) -> None:
        labels = self.labels
        if self.answer not in labels:
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

    def render(self) -> str:
        """The text that a model reads: ``stem (A) first choice (B) second choice``."""
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
    """

    question_id: str
    text: str
    label: str | None
    too_long: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many questions were asked in step 1, and with which result; asking stops with the last shot that was needed.

    Parameters
    ----------
    asked, success, error, discarded : int
        Questions asked; answered correctly; with another label; with no label. By default 0.
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
        return f"{self.asked} asked, {self.success} success, {self.error} error, {self.discarded} discarded{too_long}"
