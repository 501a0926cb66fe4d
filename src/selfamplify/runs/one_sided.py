"""The warning on results in which nearly all answers are the same, or a label is never the answer."""

from collections.abc import Iterable
from warnings import warn

from ..answering.deciding import Deciding
from ..errors import SelfAmplifyWarning
from ..evaluation.one_sided import Counts, one_sided
from ..evaluation.result import Result
from ..text.label_counts import label_counts


def note_one_sided(results: Iterable[tuple[str, Result]], deciding: Deciding) -> None:
    """Warn, once for all results, if nearly all answers of some of them have the same label, or none has one of the labels."""
    if said := one_sided((name, *_counts(result)) for name, result in results):
        calibrating = (
            "" if deciding.calibrate == "batch" else ', or `decide="likelihood"` with `calibrate="batch"` (and another `out`)'
        )
        warn(f"{said}{calibrating}.", SelfAmplifyWarning, stacklevel=3)


def _counts(result: Result) -> tuple[Counts, Counts]:
    """How often each label is an answer, and how often the true one."""
    return label_counts(result.given), label_counts(question.called(question.answer) for question in result.questions)
