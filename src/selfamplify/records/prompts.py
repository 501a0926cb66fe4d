"""What a finished prompt is made of, and how it came about."""

from dataclasses import dataclass, replace
from typing import Literal

from .explanations import Explanation
from .questions import Counts, Question
from .shown import html_repr, short_repr


@dataclass(frozen=True, repr=False)
class Shot:
    """One demonstration (x, r, y) of the final prompt.

    Parameters
    ----------
    question : Question
        x.
    reply : str
        The assistant's turn: rationale r and answer y together.
    label : str
        The label of the answer, whichever way that is written; empty if it is not known.
    explanation : Explanation, optional
        What the rationale was written from; None if there is none.
    """

    question: Question
    reply: str
    label: str
    explanation: Explanation | None = None

    __repr__ = short_repr
    _repr_html_ = html_repr


@dataclass(frozen=True, kw_only=True)
class Usefulness:
    """How the candidates for shots fared where a shot's rationale had to be useful: see ``UsefulRationales``.

    Parameters
    ----------
    tried : int
        Candidates, all in all.
    useful : int
        Wrong without their rationale, and right with it.
    right_without, wrong_with : int
        Right without it; wrong both without and with it.
    given_away : int
        Wrong without it, and the rationale names the answer.
    failed : int
        Not explained, or too long for the model.
    """

    tried: int = 0
    useful: int = 0
    right_without: int = 0
    wrong_with: int = 0
    given_away: int = 0
    failed: int = 0

    def __str__(self) -> str:
        said = f"{self.tried} tried, {self.useful} useful, {self.right_without} right without, {self.wrong_with} wrong with"
        also = {"naming the answer": self.given_away, "not explained or too long": self.failed}
        return said + "".join(f", {count} {what}" for what, count in also.items() if count)


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How a prompt came about.

    Parameters
    ----------
    task, model, model_fingerprint, profile : str
        What it was built for, by which model, and how the model was asked.
    labels : tuple of str
        The answers that the instruction names, as they are written; empty if they differ from question to question.
    selection : str
        How the shots were chosen; ``"given"`` if they were not selected.
    counts : Counts
        What was asked to select them.
    seed : int
        The seed of selection and explanation.
    sample_sha256 : str
        The hash of the sample, equal for methods on the same shots.
    selfamplify : str
        The version of this package.
    order : {"xry", "xyr"}
        Whether rationales come before the answer (the default) or after it.
    own_instruction : str, optional
        The instruction of the user's own that opens the prompt; None if the wording's preamble does.
    explainer, engine : str, optional
        The explainer, by name and with all its settings; None for a method without one.
    keywords, steps : int, optional
        Keywords or steps per rationale, whichever the explainer makes; else None.
    dropped_shots : int
        Shots that were left out to fit a context; by default 0.
    usefulness : Usefulness, optional
        How the candidates fared where only useful rationales were kept; else None.
    """

    task: str
    model: str
    model_fingerprint: str
    profile: str
    labels: tuple[str, ...]
    selection: str
    counts: Counts
    seed: int
    sample_sha256: str
    selfamplify: str
    order: Literal["xry", "xyr"] = "xry"
    own_instruction: str | None = None
    explainer: str | None = None
    engine: str | None = None
    keywords: int | None = None
    steps: int | None = None
    dropped_shots: int = 0
    usefulness: Usefulness | None = None

    def without_rationales(self) -> "Provenance":
        """The same shots without what concerns their rationales."""
        return replace(self, explainer=None, engine=None, keywords=None, steps=None)


@dataclass(frozen=True, kw_only=True)
class QuickCheck:
    """How a finished prompt did on a few training questions, beside its shots without rationales: see ``build``.

    Parameters
    ----------
    n : int
        The questions, none of which is a shot.
    right, without : int
        How many of them were answered right with the prompt, and with its shots alone.
    p : float
        Two-sided, of no difference, on the same questions.
    """

    n: int
    right: int
    without: int
    p: float

    def __str__(self) -> str:
        return (
            f"{self.right} of {self.n} training questions right, and {self.without} with the same shots without rationales "
            f"(p = {self.p:.2g})"
        )


@dataclass(frozen=True, kw_only=True)
class Imported:
    """Where a prompt was imported from.

    Parameters
    ----------
    file, format : str
        The name of the file, and what it holds, such as ``"OpenAI chat messages"``.
    notes : tuple of str
        How the file was read: one sentence for each thing that was guessed, or that could not be read.
    """

    file: str
    format: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A change of a prompt's texts by hand.

    Parameters
    ----------
    parts : tuple of str
        What was changed, such as ``"instruction"`` or ``"reply of shot 2"``.
    before : str
        The digest of the prompt before.
    at : str
        When, in UTC (ISO 8601); empty if the file itself was edited, which does not say when.
    lost_evidence : bool
        Whether the prompt before had evidence (see ``Evidence``), which says nothing about the edited one; by default False.
    """

    parts: tuple[str, ...]
    before: str
    at: str = ""
    lost_evidence: bool = False

    def __str__(self) -> str:
        when = f" at {self.at}" if self.at else ""
        lost = "; the evidence of `tune` is about the prompt before, and was left out" if self.lost_evidence else ""
        return f"edited by hand{when}: {', '.join(self.parts)}{lost}"


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A prompt that the chosen one was tested against, on the same test questions.

    Parameters
    ----------
    arm : str
        How it was made.
    accuracy : float
        Its share of correct answers, from 0 to 1.
    difference, low, high : float
        How much more accurate the chosen prompt is, and the 95 % interval of that.
    p : float
        Two-sided, of no difference; corrected by Holm's method for the number of rivals.
    unparsed : float, optional
        The share of its replies from which no rule read a label, from 0 to 1; None where that was not counted.
    """

    arm: str
    accuracy: float
    difference: float
    low: float
    high: float
    p: float
    unparsed: float | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Why a prompt was chosen, and how well it did on questions that the choice did not see.

    Parameters
    ----------
    arm : str
        How the prompt was made.
    arms : int
        How many arms it was chosen from.
    validation_questions, validation_accuracy
        The questions of the choice, and the share that it answered correctly. That share is too high on average, since the
        prompt was chosen for it.
    test_questions, accuracy, low, high
        The test questions, the share that it answered correctly, and its 95 % interval (Wilson).
    rivals : tuple of Rival
        The baselines.
    conclusion : str
        What may be concluded, in a sentence or two.
    unparsed : float, optional
        The share of replies to the test questions from which no rule read a label, from 0 to 1; None where that was not
        counted.
    """

    arm: str
    arms: int
    validation_questions: int
    validation_accuracy: float
    test_questions: int
    accuracy: float
    low: float
    high: float
    rivals: tuple[Rival, ...]
    conclusion: str
    unparsed: float | None = None
