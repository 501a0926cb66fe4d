"""What a finished prompt is made of, and how a method made it."""

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
