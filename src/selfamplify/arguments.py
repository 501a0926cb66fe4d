"""Checks of plain arguments: a wrong one is refused before any work, with what to write instead."""

from collections.abc import Callable
from math import inf
from numbers import Integral, Real
from pathlib import Path

from .errors import SettingsError
from .text.lines import argument, one_line, shortened


def check_whole(name: str, value: object, least: int, example: int) -> None:
    """Raise SettingsError unless the argument is a whole number of at least ``least``."""
    if not _is_whole(value) or int(value) < least:  # pyright: ignore[reportArgumentType]
        raise SettingsError(
            f"{_given(name, value)} is invalid; use a whole number of at least {least}, such as {argument(name, example)}."
        )


def check_seed(value: object, name: str = "seed") -> None:
    """Raise SettingsError unless the argument is a whole number."""
    if not _is_whole(value):
        raise SettingsError(f"{_given(name, value)} is not a seed; use a whole number, such as {argument(name, 0)}.")


def check_flag(name: str, value: object) -> None:
    """Raise SettingsError unless the argument is True or False."""
    if not isinstance(value, bool):
        raise SettingsError(f"{_given(name, value)} is invalid; use {argument(name, True)}, or leave it out.")


def check_callable(name: str, value: object, example: str) -> None:
    """Raise SettingsError unless the argument can be called."""
    if not isinstance(value, Callable):
        raise SettingsError(f"{_given(name, value)} can't be called; use for example `{example}`, or leave it out.")


def checked_path(name: str, value: object, example: str) -> Path:
    """The argument as a path. Raises SettingsError if it is empty, or neither a text nor a path."""
    if not isinstance(value, str | Path) or not str(value).strip():
        raise SettingsError(f"{_given(name, value)} is not a path; use for example {argument(name, example)}.")
    return Path(value)


def is_above_0(value: object) -> bool:
    """Whether the argument is a finite number above 0."""
    return isinstance(value, Real) and not isinstance(value, bool) and 0 < float(value) < inf


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _given(name: str, value: object) -> str:
    """The argument as it was given, on one line and not too long."""
    written = argument(name, value)
    return written if len(written) <= 80 and "\n" not in written else f"`{name}` ({shortened(one_line(repr(value)))})"
