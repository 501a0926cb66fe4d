"""One measurement of an explanation beside the same of random words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """A measurement of an explanation, and the same of random words.

    Parameters
    ----------
    own, random : float
        Both; of random words, the mean over several draws or, where it is known, the expected value.
    """

    own: float
    random: float
