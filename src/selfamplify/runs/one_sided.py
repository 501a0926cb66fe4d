"""What a person must know about results in which nearly all answers are the same, or a label is never the answer."""

from collections.abc import Iterable
from warnings import warn

from ..answering.deciding import Deciding
from ..errors import SelfAmplifyWarning
from ..evaluation.result import Result
from ..text.label_counts import bracketed, label_counts

_ONE_SIDED, _MORE_THAN_TRUE = 0.8, 0.2
"""A note is given if so large a share of the answers is the same, and the true answers' share is smaller by so much."""
_NEVER = 5
"""A note is given, too, if a label is the true answer of so many questions, and no answer."""
_LEAST = 20
_NAMED = 3


def note_one_sided(results: Iterable[tuple[str, Result]], deciding: Deciding) -> None:
    """Warn, once for all results, if nearly all answers of some of them have the same label, or none has one of the labels."""
    said = [line for name, result in results if (line := _one_sided(name, result))]
    if said:
        more = f"; so it is for {len(said) - _NAMED} more" if len(said) > _NAMED else ""
        remedy = "" if deciding.calibrate == "batch" else ', or `decide="likelihood"` with `calibrate="batch"`'
        warn(
            f"{'; '.join(said[:_NAMED])}{more}. The prompt seems to decide, and not the question: other shots may "
            f"help{remedy}.",
            SelfAmplifyWarning,
            stacklevel=3,
        )


def _one_sided(name: str, result: Result) -> str | None:
    given, true = label_counts(result.given), label_counts(question.called(question.answer) for question in result.questions)
    if sum(given.values()) < _LEAST:
        return None
    label, count = max(given.items(), key=lambda each: each[1], default=("", 0))
    if count >= _ONE_SIDED * result.n and count - true.get(label, 0) >= _MORE_THAN_TRUE * result.n:
        return f"{count} of {result.n} answers of {name} are {bracketed(label)}"
    never = [each for each, number in true.items() if number >= _NEVER and not given.get(each)]
    if not never:
        return None
    right = sum(true[each] for each in never)
    named = " or ".join(map(bracketed, never))
    return f"no answer of {name} is {named}, and that of {right} of {result.n} questions is"
