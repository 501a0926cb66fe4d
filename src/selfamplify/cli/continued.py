"""A note on replies without a label: here the model is asked to continue them with one, and other tools take them for wrong."""

from collections.abc import Iterable

from ..records.responses import CONTINUED, UNPARSED
from .screen import say, stderr


def note_continued(answers: Iterable[tuple[str, bool]]) -> None:
    """Say how many replies to a prompt named no label, how they count, and the accuracy without them.

    ``answers`` are the rule and the correctness of each.
    """
    answers = list(answers)
    own = [correct for rule, correct in answers if rule not in UNPARSED]
    n, continued = len(answers), sum(rule == CONTINUED for rule, _ in answers)
    if not continued:
        return
    without = n - len(own)
    count = "counts as" if continued == 1 else "count as"
    which, wrong = "it" if continued == 1 else "they", ""
    if continued < without:
        which, wrong = f"{continued} of them", f", and {without - continued} as wrong"
    say(
        f"note: {without} of {n} replies to the prompt named no label; {which} {count} the label that the model finds most "
        f"probable next{wrong}. Other tools count such replies as wrong: the accuracy is {sum(own) / n:.1%} there.",
        console=stderr,
    )
