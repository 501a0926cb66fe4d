"""What a person must know about results in which nearly all answers are the same, or a label is never the answer."""

from collections.abc import Iterable
from warnings import warn

from ..answering.deciding import Deciding
from ..errors import SelfAmplifyWarning
from ..evaluation.result import Result
from ..text.label_counts import bracketed, label_counts
from ..text.lines import shortened

_ONE_SIDED, _MORE_THAN_TRUE = 0.8, 0.2
"""A note is given if so large a share of the answers is the same, and the true answers' share is smaller by so much."""
_NEVER, _NEVER_SHARE = 5, 0.1
"""A note is given, too, if a label is the true answer of so many questions, and of so large a share, and never the answer."""
_LEAST = 20
_NAMED = 3


def note_one_sided(results: Iterable[tuple[str, Result]], deciding: Deciding) -> None:
    """Warn, once for all results, if nearly all answers of some of them have the same label, or none has one of the labels."""
    results = list(results)
    same = [line for name, result in results if (line := _one_sided(name, result))]
    said = same or [line for name, result in results if (line := _never(name, result))]
    if not said:
        return
    more = f"; so it is for {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    others = "The prompt seems to decide, and not the question: other shots" if same else "Other shots"
    calibrating = "" if deciding.calibrate == "batch" else ', or `decide="likelihood"` with `calibrate="batch"`'
    warn(f"{'; '.join(said[:_NAMED])}{more}. {others} may help{calibrating}.", SelfAmplifyWarning, stacklevel=3)


def _one_sided(name: str, result: Result) -> str | None:
    given, true = _counts(result)
    label, count = max(given.items(), key=lambda each: each[1], default=("", 0))
    more_than_true = count - true.get(label, 0)
    if result.n < _LEAST or count < _ONE_SIDED * result.n or more_than_true < _MORE_THAN_TRUE * result.n:
        return None
    return f"{count} of {result.n} answers of {name} are {bracketed(label)}"


def _never(name: str, result: Result) -> str | None:
    given, true = _counts(result)
    least = max(_NEVER, _NEVER_SHARE * result.n)
    never = {label: count for label, count in true.items() if count >= least and label not in given}
    if not never or sum(given.values()) < _LEAST:
        return None
    named = " or ".join(bracketed(shortened(label)) for label in list(never)[:_NAMED])
    others = f" or {len(never) - _NAMED} more labels" if len(never) > _NAMED else ""
    right = f"{'which is' if len(never) == 1 else 'which are'} right for {sum(never.values())} of {result.n} questions"
    return f"{name} never answers {named}{others}, {right}"


def _counts(result: Result) -> tuple[dict[str, int], dict[str, int]]:
    """How often each label is an answer, and how often the true one."""
    return label_counts(result.given), label_counts(question.called(question.answer) for question in result.questions)
