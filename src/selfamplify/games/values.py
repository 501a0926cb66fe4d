"""The rules of every coalition game: what is attributed, how a word is made absent, and what is put in its place."""

from typing import Literal, get_args

from ..errors import SettingsError
from ..records import Value

Absent = Literal["mask", "delete"]
"""How a word is made absent: its tokens are replaced by a baseline (``"mask"``), or removed (``"delete"``)."""

VALUES: tuple[Value, ...] = get_args(Value)
ABSENT: tuple[Absent, ...] = get_args(Absent)

BASELINES = ("auto", "pad", "unk", "space", "mean")
"""Names of what is put in the place of an absent word; any other text is that of one token."""


def check_value(value: str) -> None:
    """Raise SettingsError for an unknown value."""
    if value not in VALUES:
        raise SettingsError(f"`value={value!r}` is invalid; choose one of: {', '.join(VALUES)}.")


def check_absent(absent: str) -> None:
    """Raise SettingsError for an unknown treatment of absent words."""
    if absent not in ABSENT:
        raise SettingsError(f"`absent={absent!r}` is invalid; choose one of: {', '.join(ABSENT)}.")


def check_baseline(baseline: str) -> None:
    """Raise SettingsError for an empty baseline, or none; whether a model has such a token is known when it runs."""
    if not isinstance(baseline, str) or not baseline:
        raise SettingsError(
            f"`baseline={baseline!r}` is invalid; write the text of one token, or one of: {', '.join(BASELINES)}."
        )
