"""A note on replies without a label: here the model is asked to continue them with one, and other tools take them for wrong."""

from collections.abc import Iterable

from ..records.responses import CONTINUED
from .screen import say, stderr


def note_continued(method: str, answers: Iterable[tuple[str, bool]]) -> None:
    """Say how many replies the model was asked to continue with a label, and the accuracy without these.

    ``answers`` are the rule and the correctness of each.
    """
    answers = list(answers)
    own = [correct for rule, correct in answers if rule != CONTINUED]
    n = len(answers)
    if len(own) < n:
        say(
            f"note: {n - len(own)} of {n} replies of {method} named no label, and count with the one that the model finds most "
            f"probable after them. Other tools take these for wrong, and so count {sum(own) / n:.1%} as right.",
            console=stderr,
        )
