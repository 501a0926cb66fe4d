"""The base of attributions that evaluate coalitions of words, and how an absent word is taken out."""

from dataclasses import dataclass

from ..games.values import Absent, check_absent
from .attribution import AbstractAttribution


@dataclass(frozen=True, kw_only=True)
class AbstractPerturbation(AbstractAttribution):
    """An attribution that evaluates coalitions of words, with a choice of how a word is made absent.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent: its tokens are replaced by ``baseline``, or removed.
    baseline : str, optional
        See ``AbstractAttribution``; only with ``absent="mask"``.

    Raises
    ------
    SettingsError
        If ``value`` or ``absent`` is unknown.
    """

    together = 1  # The hundreds of coalitions of one question fill batches of their own.
    absent: Absent = "mask"

    def __post_init__(self) -> None:
        check_absent(self.absent)
        super().__post_init__()

    @property
    def absence(self) -> Absent:
        return self.absent
