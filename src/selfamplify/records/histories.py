"""What else a prompt went through: a check, an import, edits by hand, and a race that chose it."""

from dataclasses import dataclass


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
        lost = "; the evidence of `tune` describes the prompt before the edit, and was left out" if self.lost_evidence else ""
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
