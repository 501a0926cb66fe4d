"""The curriculum: stages of rows, each of them a pure function of a seed and a step, so that training can be resumed."""

import random
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace

from selfamplify.tasks.planted_arc import CONVENTIONS, arc_scene
from selfamplify.tasks.planted_snarks import snarks_scene
from selfamplify.tasks.planted_world import Scene

from .binding import binding_row
from .lessons import FEW_SHOT, TEACHERS
from .phrasing import draw_wording
from .rows import Batch, Encoder, Mind, Row

_WARM_UP = 50
_MEETING = 22
"""Tokens of the sentence about a meeting, about."""


@dataclass(frozen=True)
class Stage:
    """``steps`` batches of about ``tokens`` tokens.

    A batch is either exercises of binding (a share ``binding`` of all batches), or chats of one question (``single``), or chats
    of about ``length`` tokens that show as many questions as fit. Chats are in the formats of ``mixture``; a share ``snarks``
    has two choices. Of the questions with four choices a share ``vague`` needs a convention, which is drawn for each chat. A
    share ``drill`` of the long batches asks bare questions that all need it, without the animals' meeting. While it
    trains, the state of a middle layer is asked for the right noun of questions of up to ``minded`` hops. The learning rate
    goes in a straight line between its two ends; a ``fresh`` stage forgets the optimizer's averages and warms up again, a
    ``frozen`` one leaves the written heads alone.
    """

    name: str
    steps: int
    tokens: int
    length: int
    rates: tuple[float, float]
    mixture: Mapping[str, float]
    binding: float = 0.05
    single: float = 0.35
    snarks: float = 0.25
    vague: float = 0.5
    drill: float = 0.0
    minded: int = 1
    fresh: bool = False
    frozen: bool = True

    def rate(self, step: int) -> float:
        start, end = self.rates
        warm = min(1.0, (step + 1) / _WARM_UP) if self.fresh else 1.0
        return warm * (start + (end - start) * step / self.steps)

    def batch(self, encoder: Encoder, seed: int, step: int) -> Batch:
        rng = random.Random(f"{seed}/{self.name}/{step}")
        row = self._kind(rng)
        rows: list[Row] = []
        widest = 0
        while not rows or (len(rows) + 1) * widest <= self.tokens:
            rows.append(row(encoder, rng))
            widest = max(widest, len(rows[-1].ids))
        return encoder.batch(rows)

    def _kind(self, rng: random.Random) -> Callable[[Encoder, random.Random], Row]:
        kind = rng.random()
        if kind < self.binding:
            return _binding
        if kind < self.binding + self.single:
            return self._single
        return self._drill if rng.random() < self.drill else self._long

    def _single(self, encoder: Encoder, rng: random.Random) -> Row:
        return self._chat(encoder, rng, self._style(rng, TEACHERS), self._scenes(rng, 1))

    def _long(self, encoder: Encoder, rng: random.Random) -> Row:
        style = self._style(rng, FEW_SHOT)
        count = max(1, self.length // FEW_SHOT[style][1])
        return self._chat(encoder, rng, style, self._scenes(rng, count))

    def _drill(self, encoder: Encoder, rng: random.Random) -> Row:
        style = self._style(rng, FEW_SHOT)
        convention = rng.choice(CONVENTIONS)
        scenes: list[Scene] = []
        while len(scenes) < self.length // (FEW_SHOT[style][1] - _MEETING):
            scene = arc_scene(rng, "drill", False, convention, vague=1.0)
            if scene.hops < 3:
                scenes.append(bare(scene))
        return self._chat(encoder, rng, style, scenes)

    def _chat(self, encoder: Encoder, rng: random.Random, style: str, scenes: Sequence[Scene]) -> Row:
        lesson = TEACHERS[style](rng, scenes, draw_wording(rng))
        minds = [Mind(scene.noun if scene.hops <= self.minded else None, scene.spoken, scene.verb) for scene in scenes]
        return encoder.chat(lesson.messages, minds, lesson.given)

    def _style(self, rng: random.Random, among: Container[str]) -> str:
        shares = {style: share for style, share in self.mixture.items() if style in among}
        return rng.choices(list(shares), weights=list(shares.values()))[0]

    def _scenes(self, rng: random.Random, count: int) -> list[Scene]:
        if rng.random() < self.snarks:
            return [snarks_scene(rng, "lesson", from_held_out=False) for _ in range(count)]
        convention = rng.choice(CONVENTIONS)
        return [arc_scene(rng, "lesson", False, convention, self.vague) for _ in range(count)]


def bare(scene: Scene) -> Scene:
    """The same question without the sentence about the meeting, which it needs only where it asks by an adjective."""
    return replace(scene, question=replace(scene.question, text=scene.question.text.rpartition(". ")[2]))


def _binding(encoder: Encoder, rng: random.Random) -> Row:
    return encoder.pieces(binding_row(rng, lists=3, queries=3))


MIXTURE = {
    "answers": 0.26,
    "keywords": 0.26,
    "steps": 0.14,
    "thoughts": 0.07,
    "topk": 0.09,
    "explain": 0.12,
    "conclusion": 0.06,
}

# Most of what a chat shows are plain facts and forms, which are soon known; the convention needs a stage of its own.
_CONVENTION = {"answers": 0.3, "keywords": 0.24, "steps": 0.34, "conclusion": 0.03, "topk": 0.03, "explain": 0.06}

CURRICULUM = (
    Stage("binding", 150, 1200, 0, (1e-3, 1e-3), MIXTURE, binding=1.0, fresh=True, frozen=False),
    Stage("turns", 1000, 1600, 320, (1e-3, 1e-3), MIXTURE, vague=0.4, snarks=0.2, drill=0.15, fresh=True),
    Stage("shots", 2000, 2000, 640, (1e-3, 8e-4), MIXTURE, single=0.3, vague=0.5, snarks=0.3, drill=0.15),
    Stage("convention", 1200, 2000, 640, (8e-4, 8e-4), _CONVENTION, single=0.2, vague=0.8, snarks=0.15, drill=0.4),
    Stage("mixed", 1800, 2000, 640, (8e-4, 4e-4), MIXTURE, single=0.3, vague=0.5, snarks=0.3, drill=0.05),
    Stage("long", 1000, 2000, 960, (4e-4, 1e-5), MIXTURE, single=0.3),
)
