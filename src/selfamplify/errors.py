"""What can go wrong, and what to do about it.

SelfAmplifyError          every error that a user can cause or cure; its message ends with the remedy
+-- SettingsError         an option, a name or a combination that can't be
+-- DataError             a file, a row, a column, a label
+-- ModelError            a model that can't be loaded, or can't do what was asked
+-- ContextError          a prompt that is longer than the model's context
+-- SelectionError        too few questions qualify as shots
+-- ExplanationError      one question could not be explained; the rest of a run goes on
+-- RunError              a run folder that is locked, damaged, or made with other settings
"""

from collections.abc import Iterable
from difflib import get_close_matches


class SelfAmplifyError(Exception):
    """The root of this package's errors."""


class SettingsError(SelfAmplifyError):
    """An option, a name or a combination that can't be."""


class DataError(SelfAmplifyError):
    """A file, a row, a column or a label that can't be used."""


class ModelError(SelfAmplifyError):
    """A model that can't be loaded, or can't do what was asked."""


class ContextError(SelfAmplifyError):
    """A prompt that is longer than the model's context."""


class SelectionError(SelfAmplifyError):
    """Too few questions qualify as shots."""


class ExplanationError(SelfAmplifyError):
    """One question could not be explained."""


class RunError(SelfAmplifyError):
    """A run folder that is locked, damaged, or made with other settings."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> SettingsError:
    """The error for a name that is not registered, with the nearest name or all of them."""
    known = sorted(known)
    near = get_close_matches(name, known, n=1)
    remedy = f"did you mean '{near[0]}'?" if near else f"choose one of: {', '.join(known)}."
    return SettingsError(f"There is no {kind} named '{name}'; {remedy}")
