"""Answers that begin another answer, such as "New York" and "New York City".

A reply that begins with the longer one gives the longer one: it is no reply with the shorter one. So the shorter one stands for
the replies that begin with it and don't go on to a longer one; it would otherwise be at least as probable as that one, whatever
the question is. No end of an answer has to be known, and the log-probabilities of all other answers stay as they are.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

_LEAST = 2.0**-20
"""The least share of a shorter answer's replies that is told from none: those of longer ones are known in float32."""


def apart(scores: Float[np.ndarray, "row answer"], answers: Sequence[tuple[int, ...]]) -> Float[np.ndarray, "row answer"]:
    """Return the log-probability that a reply begins with each answer, and with no longer one.

    Parameters
    ----------
    scores : float64 array of shape (row, answer)
        The log-probability that a reply begins with each answer, in nats.
    answers : sequence of tuples of int
        The answers' token ids.
    """
    begun = {ids[:count] for ids in answers for count in range(1, len(ids))}
    found = scores.copy()
    for place in sorted(range(len(answers)), key=lambda place: -len(answers[place])):
        ids = answers[place]
        if ids in begun:
            longer = [other for other, those in enumerate(answers) if those != ids and those[: len(ids)] == ids]
            share = np.exp(found[:, longer] - scores[:, [place]]).sum(1)
            found[:, place] += np.log(np.maximum(1 - share, _LEAST))
    return found


def by_longest(answers: Sequence[str]) -> list[str]:
    """What the key of a record says of answers of which one may begin another; nothing of others, whose keys stay valid."""
    texts = [answer.casefold() for answer in answers]
    nested = any(one != other and other.startswith(one) for one in texts for other in texts)
    return ["by the longest answer"] if nested else []
