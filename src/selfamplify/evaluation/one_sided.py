"""What a person must know about answers that are nearly all the same, or never one of the labels."""

from collections.abc import Iterable, Mapping

from ..text.label_counts import bracketed
from ..text.lines import shortened

_ONE_SIDED, _MORE_THAN_TRUE = 0.8, 0.2
"""A note is given if so large a share of the answers is the same, and the true answers' share is smaller by so much."""
_NEVER, _NEVER_SHARE = 5, 0.1
"""A note is given, too, if a label is the true answer of so many questions, and of so large a share, and never the answer."""
_LEAST = 20
_NAMED = 3
Counts = Mapping[str, int]
"""How often each label occurs."""


def one_sided(counts: Iterable[tuple[str, Counts, Counts]]) -> str:
    """The note on answers, by name how often each label was given and how often it is the true one; empty if there is none.

    It ends in a first remedy, and without a full stop.
    """
    counts = list(counts)
    same = [line for name, given, true in counts if (line := _one_sided(name, given, true))]
    said = same or [line for name, given, true in counts if (line := _never(name, given, true))]
    if not said:
        return ""
    more = f"; the same holds for {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    others = "The prompt seems to decide, and not the question: other shots" if same else "Other shots"
    return f"{'; '.join(said[:_NAMED])}{more}. {others} may help"


def _one_sided(name: str, given: Counts, true: Counts) -> str | None:
    asked = sum(true.values())
    label, count = max(given.items(), key=lambda each: each[1], default=("", 0))
    more_than_true = count - true.get(label, 0)
    if asked < _LEAST or count < _ONE_SIDED * asked or more_than_true < _MORE_THAN_TRUE * asked:
        return None
    return f"{count} of {asked} answers of {name} are {bracketed(label)}"


def _never(name: str, given: Counts, true: Counts) -> str | None:
    asked = sum(true.values())
    least = max(_NEVER, _NEVER_SHARE * asked)
    never = {label: count for label, count in true.items() if count >= least and label not in given}
    if not never or sum(given.values()) < _LEAST:
        return None
    named = " or ".join(bracketed(shortened(label)) for label in list(never)[:_NAMED])
    others = f" or {len(never) - _NAMED} more labels" if len(never) > _NAMED else ""
    right = f"{'which is' if len(never) == 1 else 'which are'} right for {sum(never.values())} of {asked} questions"
    return f"{name} never answers {named}{others}, {right}"
