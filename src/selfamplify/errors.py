"""What can go wrong, and what to do about it.

SelfAmplifyError          every error that a user can cause or fix; its message ends with the remedy
+-- SettingsError         an invalid option, name or combination
+-- DataError             an invalid file, row, column, label or record (also a ValueError)
+-- ModelError            a model that can't be loaded, or can't do what was asked
|   +-- NotFiniteError    its logits for one text are not numbers; the rest of a run continues
+-- ContextError          a prompt that is longer than the model's context
+-- SelectionError        too few questions qualify as shots
+-- ExplanationError      one question could not be explained; the rest of a run continues
+-- RunError              a run folder that is locked, damaged, or was made with other settings

SelfAmplifyWarning        results that are valid, but could be better

Code in backticks in a message is Python; the command line shows it as options.
"""


class SelfAmplifyError(Exception):
    """The root of this package's errors; every message ends with the remedy.

    Half a surrogate, which a message may quote from a file and which can't be printed or saved, is shown as its escape.
    """

    def __init__(self, message: object = ""):
        super().__init__(str(message).encode(errors="backslashreplace").decode())


class SettingsError(SelfAmplifyError):
    """An option, a name or a combination of them is invalid."""


class DataError(SelfAmplifyError, ValueError):
    """A file, a row, a column, a label or a record is invalid."""


class ModelError(SelfAmplifyError):
    """A model can't be loaded, or can't do what was asked."""


class NotFiniteError(ModelError):
    """A model's logits for a text are not numbers."""


class ContextError(SelfAmplifyError):
    """A prompt is longer than the model's context."""


class SelectionError(SelfAmplifyError):
    """Too few questions qualify as shots."""


class ExplanationError(SelfAmplifyError):
    """One question could not be explained."""


class RunError(SelfAmplifyError):
    """A run folder is locked, damaged, or was made with other settings."""


class SelfAmplifyWarning(UserWarning):
    """Results are valid, but less good than they could be; every message names the remedy."""
