"""Who answers: loading models and the interfaces to them."""

from .abilities import Abilities
from .endpoints import Limits
from .load import DTYPES, EMBEDDED, load_model
from .local import LocalModel
from .model import AbstractDifferentiableModel, AbstractLanguageModel, AnswerReading, Reading
from .replicas import ReplicatedModel, load_replicas
from .scripted import ScriptedModel
from .server import ServerModel, load_server

__all__ = [
    "DTYPES",
    "EMBEDDED",
    "Abilities",
    "AbstractDifferentiableModel",
    "AbstractLanguageModel",
    "AnswerReading",
    "Limits",
    "LocalModel",
    "Reading",
    "ReplicatedModel",
    "ScriptedModel",
    "ServerModel",
    "load_model",
    "load_replicas",
    "load_server",
]
