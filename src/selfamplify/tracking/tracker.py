"""What a tracker of experiments gets from a finished run, and the interface of all trackers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from ..errors import SettingsError


@dataclass(frozen=True)
class TrackedRun:
    """A finished run as trackers take it.

    Parameters
    ----------
    name : str
        The name of its folder.
    settings : mapping of str to Any
        What it was begun with.
    metrics : mapping of str to float
        Figures by their names, such as ``success/deep_lift/accuracy``; shares from 0 to 1.
    files : tuple of Path
        What is kept with it: the results, the answers, the prompts, and the page if there is one.
    """

    name: str
    settings: Mapping[str, Any]
    metrics: Mapping[str, float]
    files: tuple[Path, ...]


class AbstractTracker(ABC):
    """Hands runs to a tracker of experiments, through its own client."""

    package: ClassVar[str]
    """What the client is called where it is imported and installed."""

    def check(self) -> None:
        """Raise SettingsError if the client is not installed."""
        if find_spec(self.package) is None:
            raise SettingsError(f"`log={self.package!r}` needs its client: pip install {self.package}")

    @abstractmethod
    def log(self, run: TrackedRun) -> str:
        """Log a run, and return a line that says where it is."""
