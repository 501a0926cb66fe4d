"""The two rules of every coalition game: what is attributed, and how a word is made absent."""

from typing import Literal, get_args

from ..errors import SettingsError
from ..records import Value

Absent = Literal["mask", "delete"]
"""How a word is made absent: its tokens are replaced by a blank (``"mask"``), or removed (``"delete"``)."""

VALUES: tuple[Value, ...] = get_args(Value)
ABSENT: tuple[Absent, ...] = get_args(Absent)


def check_value(value: str) -> None:
    """Raise SettingsError for an unknown value."""
    if value not in VALUES:
        raise SettingsError(f"`value={value!r}` is invalid; choose one of: {', '.join(VALUES)}.")


def check_absent(absent: str) -> None:
    """Raise SettingsError for an unknown treatment of absent words."""
    if absent not in ABSENT:
        raise SettingsError(f"`absent={absent!r}` is invalid; choose one of: {', '.join(ABSENT)}.")
