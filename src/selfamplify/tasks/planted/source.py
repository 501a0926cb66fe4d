"""The planted tasks: questions about the planted world, with the words that decide each answer. They need no data."""

import random
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...errors import SettingsError
from ..source import AbstractSource, Reading
from .arc import arc_scene
from .snarks import snarks_scene
from .world import Scene

SIZE = 2000
"""The number of questions on each side of a split."""


@dataclass(frozen=True, kw_only=True)
class AbstractPlanted(AbstractSource):
    """A task whose questions the package makes itself, from one kind of scene. They differ from seed to seed.

    The test questions are only about held-out (animal, verb) pairs, which the embedded model never saw. The train pool, from
    which the shots come, is about the pairs that the model did see.
    """

    name: ClassVar[str]

    @abstractmethod
    def draw(self, rng: random.Random, name: str, from_held_out: bool) -> Scene:
        """Draw a scene whose question has the id ``name``. Its (animal, verb) pair is held out if ``from_held_out``."""

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        """Make the questions of both sides. See ``AbstractSource.load``."""
        if data is not None or test_data is not None:
            raise SettingsError(
                f"The task {self.name} makes its own questions and reads no file; leave {data or test_data} out, "
                'or read it with `task="file"`.'
            )
        train, test = (self.scenes(seed, part, SIZE, part == "test") for part in ("train", "test"))
        return Reading(tuple(scene.question for scene in train), tuple(scene.question for scene in test))

    def scenes(self, seed: int, part: str, count: int, from_held_out: bool) -> list[Scene]:
        """Draw scenes with different questions.

        Parameters
        ----------
        seed : int
            The seed. The same seed, part and count give the same scenes.
        part : str
            What the scenes are for, such as ``"train"``; a question's id is ``<task>-<part>-<number>``.
        count : int
            The number of scenes.
        from_held_out : bool
            Whether the scenes' (animal, verb) pairs are of the held-out quarter, or of the others.

        Returns
        -------
        list of Scene
            The questions, and what the world knows about them.
        """
        rng = random.Random(f"{self.name}/{seed}/{part}")
        drawn: dict[str, Scene] = {}
        while len(drawn) < count:
            scene = self.draw(rng, f"{self.name}-{part}-{len(drawn)}", from_held_out)
            drawn.setdefault(scene.question.text, scene)
        return list(drawn.values())


@dataclass(frozen=True, kw_only=True)
class PlantedArc(AbstractPlanted):
    """The task ``planted_arc``, made from the scenes of ``arc.py``."""

    name = "planted_arc"

    def draw(self, rng: random.Random, name: str, from_held_out: bool) -> Scene:
        return arc_scene(rng, name, from_held_out)


@dataclass(frozen=True, kw_only=True)
class PlantedSnarks(AbstractPlanted):
    """The task ``planted_snarks``, made from the scenes of ``snarks.py``."""

    name = "planted_snarks"

    def draw(self, rng: random.Random, name: str, from_held_out: bool) -> Scene:
        return snarks_scene(rng, name, from_held_out)
