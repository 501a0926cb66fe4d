"""Tasks that are made up by the package and need no data."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingsError
from .planted import planted_arc
from .reading import Reading
from .source import AbstractSource


@dataclass(frozen=True)
class PlantedArc(AbstractSource):
    """The planted task: questions whose deciding words are known by construction, drawn anew for each seed."""

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        if data is not None or test_data is not None:
            raise SettingsError("planted_arc makes its own questions; drop --data, or read your file with --task file.")
        train, test = planted_arc(seed)
        return Reading(tuple(train), tuple(test))
