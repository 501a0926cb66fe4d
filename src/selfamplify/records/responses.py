"""Replies to test questions, and how they compare with the true answers."""

from dataclasses import dataclass

from .scored import Cost
from .shown import short_repr

FAILED = "failed"
"""The rule of a response that the model could not give, since its logits were not numbers."""
CONTINUED = "constrained"
"""The rule of a response that names no label, and which the model was asked to continue with one."""
UNPARSED = (CONTINUED, "none", FAILED)
"""The rules by which a response is decided that does not name an answer itself."""


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """What the model replied to a test question, and the label that was read from it or decided.

    Parameters
    ----------
    question_id : str
        The question.
    text : str
        The reply; empty if the answer was decided by likelihood and no rationale was asked for.
    label : str, optional
        The label, or None if none could be read.
    rule : str
        The rule that read the label, "constrained", "judge" or "none"; if likelihood decided, "likelihood" or "calibrated
        likelihood"; "majority" if several replies voted; "failed" if the model's logits were not numbers.
    cost : Cost
        What the reply took.
    finished : bool
        False if the reply was cut at its maximum length; by default True.
    log_probabilities : tuple of float
        If likelihood decided: those of the labels, in the order of the question's choices, in nats; divided by the number of
        tokens where the answers are texts, and calibrated if ``rule`` says so. Else empty.
    votes : tuple of str or None
        With self-consistency: the label of each reply, in the order in which they were drawn, None if none could be read. The
        text is then the first reply with the label that most of them have. Else empty.
    unparsed_votes : int
        From how many of these replies no rule could read a label; by default 0.
    """

    question_id: str
    text: str
    label: str | None
    rule: str
    cost: Cost
    finished: bool = True
    log_probabilities: tuple[float, ...] = ()
    votes: tuple[str | None, ...] = ()
    unparsed_votes: int = 0

    __repr__ = short_repr

    @property
    def unparsed(self) -> float:
        """1 if no rule could read a label from the reply, else 0; of several replies, the share of those."""
        return self.unparsed_votes / len(self.votes) if self.votes else float(self.rule in UNPARSED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A response compared with the true answer.

    Parameters
    ----------
    question_id : str
        The question.
    answer, label : str
        The true answer and the label that was read; ``label`` is None if none could be read.
    rule : str
        The rule that decided the label.
    correct : bool
        Whether both are the same.
    """

    question_id: str
    answer: str
    label: str | None
    rule: str
    correct: bool
