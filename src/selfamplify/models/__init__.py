"""Who answers: loading models and the interfaces to them."""

from .load import DTYPES, EMBEDDED, load_model
from .local import LocalModel
from .model import AbstractDifferentiableModel, AbstractLanguageModel, AnswerReading, Reading
from .scripted import ScriptedModel

__all__ = [
    "DTYPES",
    "EMBEDDED",
    "AbstractDifferentiableModel",
    "AbstractLanguageModel",
    "AnswerReading",
    "LocalModel",
    "Reading",
    "ScriptedModel",
    "load_model",
]
