"""What a finished prompt is made of, and how it came about."""

from dataclasses import dataclass, replace

from .explanations import Explanation
from .questions import Counts, Question


@dataclass(frozen=True)
class Shot:
    """One demonstration (x, r, y) of the final prompt.

    Parameters
    ----------
    question : Question
        x.
    reply : str
        The assistant's turn: rationale r and answer y together.
    label : str
        The label of the answer.
    explanation : Explanation, optional
        What the rationale was written from; None if there is none.
    """

    question: Question
    reply: str
    label: str
    explanation: Explanation | None = None


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How a prompt came about.

    Parameters
    ----------
    task, model, model_fingerprint, profile : str
        What it was built for, by which model, and how the model was asked.
    labels : tuple of str
        Those that the instruction names.
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
    explainer, engine : str, optional
        The explainer, by name and with all its settings; None for a method without one.
    keywords, steps : int, optional
        Keywords or steps per rationale, whichever the explainer makes; else None.
    dropped_shots : int
        Shots that were left out to fit a context; by default 0.
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
    explainer: str | None = None
    engine: str | None = None
    keywords: int | None = None
    steps: int | None = None
    dropped_shots: int = 0

    def without_rationales(self) -> "Provenance":
        """The same shots without what concerns their rationales."""
        return replace(self, explainer=None, engine=None, keywords=None, steps=None)
