"""Checks of explainers' settings: an invalid one is refused when the explainer is made, not in the middle of a run."""

from numbers import Integral, Real

from ..errors import SettingsError


def check_count(setting: str, count: object, least: int = 1) -> None:
    """Raise SettingsError unless ``count`` is an integer of at least ``least``."""
    if not isinstance(count, Integral) or isinstance(count, bool) or int(count) < least:
        raise SettingsError(f"`{setting}={count!r}` is invalid; write an integer, at least `{setting}={least}`.")


def check_positive(setting: str, number: object) -> None:
    """Raise SettingsError unless ``number`` is above 0."""
    if not isinstance(number, Real) or not float(number) > 0:
        raise SettingsError(f"`{setting}={number!r}` is invalid; write a number above 0.")
