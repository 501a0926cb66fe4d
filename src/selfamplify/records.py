"""The records that flow along the road, from a question to its judged answer.

Every record is frozen and holds plain data, so that it can be hashed, compared, and written as JSON. A record knows nothing
of models, files or tokens.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a question offers: its label (``"A"``) and its text (``"dry palms"``)."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A labelled question x with its true answer y.

    ``answer`` is the label of the true choice. ``planted`` holds the words that decide the answer where they are known by
    construction (the planted tasks), and is empty elsewhere.
    """

    id: str
    text: str
    choices: tuple[Choice, ...]
    answer: str
    planted: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(choice.label for choice in self.choices)

    def render(self) -> str:
        """The text that a model reads: ``stem (A) first choice (B) second choice``."""
        return " ".join([self.text, *(f"({choice.label}) {choice.text}" for choice in self.choices)])


@dataclass(frozen=True, slots=True)
class Message:
    """One chat turn; ``role`` is ``"user"`` or ``"assistant"``, or ``"system"`` where a template takes it."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Chat:
    """What a model is asked: the turns, the start of its reply, and which part of the last turn is the question.

    ``question`` is the end of the last message's content: only its words are ever perturbed or attributed, and everything
    before it is the prefix that many chats share.
    """

    messages: tuple[Message, ...]
    prefill: str = ""
    question: str = ""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How text is generated. The default is greedy; the paper's decoding stands in ``profiles.py``."""

    max_new_tokens: int = 300
    do_sample: bool = False
    num_beams: int = 1
    no_repeat_ngram_size: int = 0
    early_stopping: bool = False


@dataclass(frozen=True, slots=True)
class NextToken:
    """The next-token distribution after a prefill, as far as the labels are concerned.

    ``text`` is the arg max over the whole vocabulary; ``label`` is the label whose token that is, or None;
    ``log_probabilities`` are those of the labels asked for, in their order, in nats; empty where a server does not tell them.
    Where it tells those of the most probable tokens alone, ``least`` is that of the last of them, and a label that is not among
    them has the next number below.
    """

    text: str
    label: str | None
    log_probabilities: tuple[float, ...]
    least: float = -math.inf

    def best(self, labels: Sequence[str]) -> str | None:
        """The most probable of the labels that were asked for; where no probabilities are told, the label read, or None."""
        if not self.log_probabilities:
            return self.label
        return max(zip(self.log_probabilities, labels, strict=True), key=lambda pair: pair[0])[1]


@dataclass(frozen=True, slots=True)
class Generation:
    """Generated text; ``finished`` is False where the token limit cut it."""

    text: str
    tokens: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model answered to one question of the corpus (section 3.2); ``label`` is None where it was no label."""

    question_id: str
    text: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a unit of work took: rows run through the model, and seconds of wall clock."""

    forward_passes: int
    seconds: float


@dataclass(frozen=True)
class Explanation:
    """Why the answer of one question is y, as an explainer sees it.

    ``words`` are the candidate words in the order of the text (attribution) or the words named (self_topk, random).
    ``scores`` holds one attribution per word, in the unit of ``value`` (``"logit"``, ``"logprob"`` or ``"margin"``), or is
    None. ``text`` is what the model wrote, or None. ``completeness_gap`` is |sum of scores - (f(x) - f(x'))| divided by
    |f(x) - f(x')|, where the method promises completeness. ``standard_errors`` are one per word, where they are estimated.
    """

    question_id: str
    explainer: str
    words: tuple[str, ...] = ()
    scores: tuple[float, ...] | None = None
    text: str | None = None
    value: str | None = None
    completeness_gap: float | None = None
    standard_errors: tuple[float, ...] | None = None
    cost: Cost = Cost(0, 0.0)

    def __post_init__(self) -> None:
        if self.scores is not None and len(self.scores) != len(self.words):
            raise ValueError(f"{len(self.scores)} scores for {len(self.words)} words")
        if self.scores is not None and not all(map(math.isfinite, self.scores)):
            raise ValueError("scores must be finite")


@dataclass(frozen=True)
class Shot:
    """One demonstration (x, r, y) of the final prompt: ``reply`` is the assistant's turn, rationale and answer together."""

    question: Question
    reply: str
    label: str
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What the model replied to a test question, the label read from it, and the rule that decided the label.

    ``finished`` is False where the longest reply that was allowed cut it.
    """

    question_id: str
    text: str
    label: str | None
    rule: str
    cost: Cost
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """A response held against the truth."""

    question_id: str
    answer: str
    label: str | None
    rule: str
    correct: bool
