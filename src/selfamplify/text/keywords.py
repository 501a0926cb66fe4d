"""Which words may become keywords, and which of them are the best."""

from collections.abc import Sequence

from .stop_words import STOP_WORDS


def keyword(word: str) -> str | None:
    """The keyword that a scored word may become: the word without case; None for a function word, which becomes none."""
    lower = word.lower()
    return None if lower in STOP_WORDS else lower


def best(names: Sequence[str | None], scores: Sequence[float], k: int) -> dict[str, int]:
    """The k names of the highest scores, best first, each with the place of its highest one; None is no name."""
    chosen: dict[str, int] = {}
    for place in sorted(range(len(names)), key=lambda place: -scores[place]):
        name = names[place]
        if name is not None and len(chosen) < k:
            chosen.setdefault(name, place)
    return chosen
