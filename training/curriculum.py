"""The curriculum: stages of rows, each of them a pure function of a seed and a step, so that training can be resumed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from selfamplify.tasks.planted_world import FAMILIES, draw

from .binding import row_text
from .lessons import TEACHERS
from .rows import Batch, Encoder, Row

_WARM_UP = 50


@dataclass(frozen=True)
class Gate:
    """What a stage must have reached before the next one starts: the share of right letters, on held-out questions."""

    style: str
    shots: int
    least: float


@dataclass(frozen=True)
class Stage:
    """``steps`` batches of ``rows`` rows of ``length`` tokens.

    A row is either exercises of binding (``binding`` of all rows) or whole chats one behind the other with 0 to ``shots``
    demonstrations each, in the formats of ``mixture``; a share ``named`` of the questions names its animal. The learning rate
    goes in a straight line between its two ends; a ``fresh`` stage forgets the optimizer's averages and warms up again,
    a ``frozen`` one leaves the written heads alone.
    """

    name: str
    steps: int
    rows: int
    length: int
    shots: int
    rates: tuple[float, float]
    binding: float
    named: float
    mixture: Mapping[str, float]
    fresh: bool = False
    frozen: bool = False
    gate: Gate | None = None

    def rate(self, step: int) -> float:
        start, end = self.rates
        warm = min(1.0, (step + 1) / _WARM_UP) if self.fresh else 1.0
        return warm * (start + (end - start) * step / self.steps)

    def batch(self, encoder: Encoder, seed: int, step: int) -> Batch:
        rng = random.Random(f"{seed}/{self.name}/{step}")
        return encoder.batch([self._row(encoder, rng) for _ in range(self.rows)])

    def _row(self, encoder: Encoder, rng: random.Random) -> Row:
        ids: list[int] = []
        weights: list[float] = []
        thoughts: list[int] = []
        dense = rng.random() < self.binding
        while len(ids) < self.length:
            row = encoder.letters(row_text(rng, exercises=2, queries=3)) if dense else self._chat(encoder, rng)
            ids += row.ids
            weights += row.weights
            thoughts += row.thoughts
        return Row(ids[: self.length], weights[: self.length], thoughts[: self.length])

    def _chat(self, encoder: Encoder, rng: random.Random) -> Row:
        shots = rng.randint(0, self.shots) if rng.random() < 0.7 else 0
        [style] = rng.choices(list(self.mixture), weights=list(self.mixture.values()))
        convention = rng.choice(list(FAMILIES))
        scenes = [draw(rng, "lesson", False, convention, self.named) for _ in range(shots + 1)]
        lesson = TEACHERS[style](rng, scenes)
        return encoder.chat(lesson.messages, [scene.noun for scene in scenes], lesson.given)


MIXTURE = {"answers": 0.26, "keywords": 0.26, "steps": 0.14, "thoughts": 0.1, "topk": 0.08, "explain": 0.08, "conclusion": 0.08}

CURRICULUM = (
    Stage("binding", 100, 16, 44, 0, (1e-3, 1e-3), 1.0, 1.0, MIXTURE, fresh=True),
    Stage("turns", 2400, 4, 384, 3, (1e-3, 1e-3), 0.1, 0.6, MIXTURE, fresh=True, frozen=True, gate=Gate("steps", 0, 0.35)),
    Stage("shots", 1900, 3, 640, 7, (1e-3, 3e-4), 0.06, 0.3, MIXTURE, frozen=True),
    Stage("long", 500, 2, 960, 10, (3e-4, 1e-5), 0.05, 0.25, MIXTURE, frozen=True),
)
