"""Who is asked, how it is asked, and where finished work is kept: what every stage needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .arguments import check_callable
from .errors import SettingsError
from .models.model import AbstractLanguageModel
from .prompting.profiles import DEFAULT, Profile
from .text.lines import shortened
from .work.loop import records
from .work.stage import Item, Progress, Record, Stage, silent
from .work.store import AbstractStore, NoStore


@dataclass(frozen=True)
class Session:
    """A model and the way to work with it; stages are functions of a session and their own arguments.

    Parameters
    ----------
    model
        The model that selects, explains and answers.
    profile
        The wording and the decoding, by default ``DEFAULT``.
    store
        Where finished records are kept, by default nowhere.
    judge
        A model that reads every response in place of the rules. Under the paper's profile the model itself does, unless
        there is a judge.
    progress
        Called with what is being done, how many items are done, and of how many.
    """

    model: AbstractLanguageModel
    profile: Profile = DEFAULT
    store: AbstractStore = field(default_factory=NoStore)
    judge: AbstractLanguageModel | None = None
    progress: Progress = silent

    def __post_init__(self) -> None:
        if not isinstance(self.model, AbstractLanguageModel):
            raise SettingsError(
                f'A session needs a loaded model, not {shortened(repr(self.model))}; use for example `load_model("embedded")`.'
            )
        check_callable("progress", self.progress, "progress=print")

    @property
    def reader(self) -> AbstractLanguageModel | None:
        """The model that reads the responses, or None where rules do."""
        return self.judge or (self.model if self.profile.judged else None)

    def stream(self, stage: Stage[Item, Record], items: Sequence[Item]) -> Iterator[Record]:
        """The records of a stage in the order of ``items``, computed or found batch by batch as they are taken."""
        return records(stage, items, self.store, self.model.workers, self.progress)

    def run(self, stage: Stage[Item, Record], items: Sequence[Item]) -> list[Record]:
        """All records of a stage."""
        return list(self.stream(stage, items))


def check_session(session: object) -> None:
    """Raise SettingsError for anything but a session; most likely, it is a model."""
    if not isinstance(session, Session):
        raise SettingsError(f"{shortened(repr(session))} is not a session; write `Session(model)`.")
