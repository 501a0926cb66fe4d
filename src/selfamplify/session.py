"""Who is asked, how one speaks to it, what is remembered, and who reads the answers: what every stage of the road needs."""

from dataclasses import dataclass, field, replace

from .models.model import AbstractLanguageModel
from .prompting.profiles import DEFAULT, Profile
from .work.memory import AbstractMemory, NoMemory


@dataclass(frozen=True)
class Session:
    """A model, a profile and a memory; stages are functions of a session and their own arguments.

    ``judge`` reads every response in place of the rules; under the paper's profile the model itself does, if there is none.
    """

    model: AbstractLanguageModel
    profile: Profile = DEFAULT
    memory: AbstractMemory = field(default_factory=NoMemory)
    judge: AbstractLanguageModel | None = None

    @property
    def reader(self) -> AbstractLanguageModel | None:
        """The model that reads the responses, or None where rules do."""
        return self.judge or (self.model if self.profile.judged else None)

    def forgetful(self) -> "Session":
        """The session without its memory, which stays where it is while work travels."""
        return replace(self, memory=NoMemory())
