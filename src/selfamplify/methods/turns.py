"""The labels take turns: a sample that is as even over the answers as the qualified questions allow."""

from collections import Counter
from collections.abc import Collection, Sequence

from ..records import Question
from ..tasks.task import Task

_PATIENCE = 256
"""After enough questions have qualified, at most this many more are looked at for the sake of labels that are missing."""
_RARE = 0.1
"""Labels with less than this part of an even share of the training questions are not looked for."""


class Turns:
    """Questions that qualified, in the order in which a sample takes them.

    The first question of every label comes before the second of any; otherwise they keep the order in which they were drawn. So
    a smaller sample is the start of a larger one. Without ``labels``, the order of the draw decides alone.

    Parameters
    ----------
    shots : int
        The size of the sample (n).
    labels : collection of str
        The answers that take turns; empty if they need not be balanced.
    """

    def __init__(self, shots: int, labels: Collection[str] = ()):
        self._shots = shots
        self._labels = labels
        self._found: list[tuple[int, Question]] = []
        self._counts: Counter[str] = Counter()
        self._waited = 0

    def add(self, question: Question) -> None:
        """Take note of a question that qualifies."""
        turn = self._counts[question.answer] if self._labels else 0
        self._found.append((turn, question))
        self._counts[question.answer] += 1

    def done(self) -> bool:
        """Whether no more questions need to be looked at; called once before each question."""
        if len(self._found) < self._shots:
            return False
        self._waited += 1
        return self._even or self._waited > _PATIENCE

    @property
    def _even(self) -> bool:
        if not self._labels or not self._shots:
            return True
        least, rounds = self._shots // len(self._labels), -(-self._shots // len(self._labels))
        enough = sum(min(count, rounds) for count in self._counts.values()) >= self._shots
        return enough and all(self._counts[label] >= least for label in self._labels)

    @property
    def sample(self) -> Sequence[Question]:
        """The shots' questions; fewer than the size if fewer qualified."""
        return [question for _, question in sorted(self._found, key=lambda found: found[0])[: self._shots]]


def labels_in_turn(task: Task) -> frozenset[str]:
    """The answers that are not rare among the training questions; empty if all of these have the same one."""
    counts = Counter(question.answer for question in task.train)
    least = _RARE * len(task.train) / max(len(counts), 1)
    return frozenset(label for label, count in counts.items() if count >= least) if len(counts) > 1 else frozenset()
