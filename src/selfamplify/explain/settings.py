"""Checks of explainers' settings: an invalid one is refused when the explainer is made, not in the middle of a run."""

from numbers import Integral, Real

from ..errors import SettingsError


def check_count(explainer: object, setting: str, least: int = 1) -> None:
    """Raise SettingsError unless the setting is an integer of at least ``least``."""
    count = getattr(explainer, setting)
    if not isinstance(count, Integral) or isinstance(count, bool) or int(count) < least:
        given, smallest = (in_python(type(explainer), setting, each) for each in (count, least))
        raise SettingsError(f"`{given}` is invalid; write an integer, at least `{smallest}`.")


def check_positive(explainer: object, setting: str) -> None:
    """Raise SettingsError unless the setting is a number above 0."""
    number = getattr(explainer, setting)
    if not isinstance(number, Real) or not float(number) > 0:
        raise SettingsError(f"`{in_python(type(explainer), setting, number)}` is invalid; write a number above 0.")


def in_python(explainer: type, setting: str, value: object) -> str:
    """How a setting is written in Python; the class distinguishes it from a method's parameter of the same name."""
    return f"{explainer.__name__}({setting}={value!r})"
