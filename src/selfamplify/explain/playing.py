"""The base of explainers that ask what a model answers when some words of a question are absent."""

from typing import Any, TypeVar

from ..errors import SettingsError
from ..games.values import Absent, check_baseline
from .explainer import AbstractExplainer

Playing = TypeVar("Playing", bound="AbstractPlaying")


class AbstractPlaying(AbstractExplainer):
    """An explainer to which words are present or absent. A subclass declares the setting ``baseline`` as its field.

    Attributes
    ----------
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.

    Raises
    ------
    SettingsError
        If a ``baseline`` is given where no word is replaced.
    """

    baseline: str | None

    def __post_init__(self) -> None:
        if self.baseline is not None:
            check_baseline(self.baseline)
            if not self.replaces:
                raise SettingsError(
                    f"{self.name} puts nothing in the place of words here; leave `baseline={self.baseline!r}` out."
                )

    def completed(self: Playing, **settings: Any) -> Playing:
        unused = set() if self.replaces else {"baseline"}
        return super().completed(**{name: value for name, value in settings.items() if name not in unused})

    @property
    def absence(self) -> Absent:
        """How a word is made absent: its tokens are replaced by the baseline."""
        return "mask"

    @property
    def replaces(self) -> bool:
        """Whether the explanation depends on what is put in the place of an absent word."""
        return self.absence == "mask"
