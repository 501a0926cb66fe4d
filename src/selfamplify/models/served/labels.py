"""Which answer a server's token or text gives, in letters or in words."""

import re
from collections.abc import Sequence

from ...text.scripts import half_width


def begin_differently(answers: Sequence[str]) -> bool:
    """Whether no two answers have the same first word, which might be the same token."""
    return len({half_width(answer).casefold().split()[0] for answer in answers}) == len(answers)


def label_of(token: str, labels: Sequence[str]) -> str | None:
    """The label that a token is, or the only one that it begins; white space and brackets around it are ignored.

    Full-width characters count as their ASCII forms, here and in ``label_in``.
    """
    begun = begun_by(token, labels)
    return begun[0] if len(begun) == 1 else None


def begun_by(token: str, labels: Sequence[str]) -> list[str]:
    """The label that a token is, or else all that it begins; words may be in upper or lower case."""
    core, known = half_width(token).strip(" ▁Ġ\n\t()"), {half_width(label): label for label in labels}
    if min(map(len, known)) > 1:
        core, known = core.casefold(), {name.casefold(): label for name, label in known.items()}
    if core in known:
        return [known[core]]
    return [label for name, label in known.items() if core and name.startswith(core)]


def label_in(text: str, prefill: str, labels: Sequence[str]) -> str | None:
    """The label with which a continuation begins, whether or not it repeats the end of ``prefill``.

    Otherwise the first label in brackets; otherwise None.
    """
    text, prefill, known = half_width(text).lstrip(), half_width(prefill), {half_width(label): label for label in labels}
    names = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    fold = "(?i)" if min(map(len, known)) > 1 else ""
    overlap = _repeated(*((prefill.lower(), text.lower()) if fold else (prefill, text)))
    found = re.match(rf"{fold}[\s(*\"']*({names})(?!\w)", text[overlap:]) or re.search(rf"{fold}\(({names})\)", text)
    return (
        next(known[name] for name in known if name == found[1] or fold and name.lower() == found[1].lower()) if found else None
    )


def _repeated(prefill: str, text: str) -> int:
    """How many characters at the end of a prefill the text repeats, in whole words: "s" of "is" is no start of "sports"."""
    for size in range(min(len(text), len(prefill)), 0, -1):
        begins = re.search(r"\w\Z", prefill[:-size]) is None or re.match(r"\w", text) is None
        ends = size == len(prefill) or re.match(r"\w\w", text[size - 1 :]) is None
        if prefill.endswith(text[:size]) and begins and ends:
            return size
    return 0
