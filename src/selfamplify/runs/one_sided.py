"""What a person must know about results in which nearly all answers are the same."""

from collections.abc import Iterable
from warnings import warn

from ..errors import SelfAmplifyWarning
from ..evaluation.result import Result
from ..text.label_counts import bracketed, label_counts

_ONE_SIDED, _MORE_THAN_TRUE = 0.8, 0.2
"""A note is given if so large a share of the answers is the same, and the true answers' share is smaller by so much."""
_LEAST = 20
_NAMED = 3


def note_one_sided(results: Iterable[tuple[str, Result]]) -> None:
    """Warn, once for all results, if nearly all answers of some of them have the same label."""
    said = [line for name, result in results if (line := _one_sided(name, result))]
    if said:
        more = f"; so it is for {len(said) - _NAMED} more" if len(said) > _NAMED else ""
        warn(
            f"{'; '.join(said[:_NAMED])}{more}. The prompt seems to decide, and not the question: other shots may help, or "
            f'`decide="likelihood"` with `calibrate="batch"`.',
            SelfAmplifyWarning,
            stacklevel=3,
        )


def _one_sided(name: str, result: Result) -> str | None:
    counts = label_counts(result.given)
    label, count = max(counts.items(), key=lambda each: each[1], default=("", 0))
    true = sum(question.called(question.answer) == label for question in result.questions)
    if result.n < _LEAST or count < _ONE_SIDED * result.n or count - true < _MORE_THAN_TRUE * result.n:
        return None
    return f"{count} of {result.n} answers of {name} are {bracketed(label)}"
