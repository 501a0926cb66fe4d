"""The words that may become keywords, and the best of them."""

from collections.abc import Sequence

from .stop_words import LISTS, StopWords


def keyword(word: str, stop_words: StopWords = "default") -> str | None:
    """Return the keyword that a scored word would become: the word in lower case, or None for a stop word."""
    lower = word.lower()
    return None if lower in LISTS[stop_words] else lower


def best(names: Sequence[str | None], scores: Sequence[float], k: int) -> dict[str, int]:
    """Return the k names with the highest scores, best first, each with the position of its highest score.

    Parameters
    ----------
    names : sequence of str or None
        A name per score; an entry of None is never chosen. Names may repeat.
    scores : sequence of float
        The scores.
    k : int
        How many names are chosen; all of them, if there are fewer.
    """
    chosen: dict[str, int] = {}
    for place in sorted(range(len(names)), key=lambda place: -scores[place]):
        name = names[place]
        if name is not None and len(chosen) < k:
            chosen.setdefault(name, place)
    return chosen
