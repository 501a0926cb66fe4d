"""Which words of any chat prompt make a model give any answer: the explainers, without a task or a question."""

from .attributing import attribute
from .record import AnswerAttribution, Unit

__all__ = ["AnswerAttribution", "Unit", "attribute"]
