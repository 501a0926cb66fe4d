"""The planted tasks: questions of the planted world that need no data, with the words that decide each answer."""

import random
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...errors import SettingsError
from ..readers.questions import Reading
from ..source import AbstractSource
from .arc import arc_scene
from .snarks import snarks_scene
from .world import Scene

SIZE = 2000
"""Questions of each side of a split."""


@dataclass(frozen=True)
class AbstractPlanted(AbstractSource):
    """A task made by the package, anew for each seed, from one kind of scene.

    The test side asks about held-out (animal, verb) pairs only, which the embedded model never saw; the train pool, which the
    shots come from, asks about the pairs that it did see.
    """

    name: ClassVar[str]

    @abstractmethod
    def draw(self, rng: random.Random, name: str, from_held_out: bool) -> Scene:
        """A scene whose (animal, verb) pair is held out, or is not; ``name`` is its question's id."""

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        if data is not None or test_data is not None:
            raise SettingsError(f"{self.name} makes its own questions; drop --data, or read your file with --task file.")
        train, test = (self.scenes(seed, part, SIZE, part == "test") for part in ("train", "test"))
        return Reading(tuple(scene.question for scene in train), tuple(scene.question for scene in test))

    def scenes(self, seed: int, part: str, count: int, from_held_out: bool) -> list[Scene]:
        """``count`` scenes whose questions all differ, the same for the same seed, named ``planted_arc-<part>-<number>``."""
        rng = random.Random(f"{self.name}/{seed}/{part}")
        drawn: dict[str, Scene] = {}
        while len(drawn) < count:
            scene = self.draw(rng, f"{self.name}-{part}-{len(drawn)}", from_held_out)
            drawn.setdefault(scene.question.text, scene)
        return list(drawn.values())


@dataclass(frozen=True)
class PlantedArc(AbstractPlanted):
    """Four choices: one to four hops through a world of known facts, some behind a word that only the shots explain."""

    name = "planted_arc"

    def draw(self, rng: random.Random, name: str, from_held_out: bool) -> Scene:
        return arc_scene(rng, name, from_held_out)


@dataclass(frozen=True)
class PlantedSnarks(AbstractPlanted):
    """Two choices: which praise is sarcastic, by the same facts, one turn further."""

    name = "planted_snarks"

    def draw(self, rng: random.Random, name: str, from_held_out: bool) -> Scene:
        return snarks_scene(rng, name, from_held_out)
