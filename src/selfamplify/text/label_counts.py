"""How often each label is an answer, as a record and in words."""

from collections import Counter
from collections.abc import Iterable, Mapping


def label_counts(labels: Iterable[str | None]) -> dict[str, int]:
    """The labels in alphabetical order, each with how often it occurs; None, where no label could be read, is left out."""
    return dict(sorted(Counter(label for label in labels if label is not None).items()))


def in_words(counts: Mapping[str, int]) -> str:
    """Label counts in words, such as ``4 (A), 3 (B)``, or ``4 negative, 3 positive``."""
    return ", ".join(f"{count} {bracketed(label)}" for label, count in counts.items())


def bracketed(label: str) -> str:
    """A letter in parentheses; the name of a label as it is."""
    return f"({label})" if len(label) == 1 else label
