"""Who is asked, how one speaks to it, and what is remembered: what every stage of the road needs."""

from dataclasses import dataclass, field

from .memory import AbstractMemory, NoMemory
from .models.model import AbstractLanguageModel
from .profiles import DEFAULT, Profile


@dataclass(frozen=True)
class Session:
    """A model, a profile and a memory; stages are functions of a session and their own arguments."""

    model: AbstractLanguageModel
    profile: Profile = DEFAULT
    memory: AbstractMemory = field(default_factory=NoMemory)
