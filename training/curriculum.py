"""The curriculum: stages of rows. Each batch is a pure function of a seed and a step, so that training can be resumed.

What training needed:

- Circuits for copying are written into the first weights (``initial.py``), and must work before the first step: with words of
  one length and clean slots, 72 % of the letters in exercises are right before any training (chance is 25 %).
- Bare questions come before whole chats: 45 % are right after 1.3 million tokens of them, while mixed chats are at chance after
  2.3 million. The same holds for single skills, such as which of two names is asked about.
- A row is one chat, since whatever comes before is taken as evidence for the convention of its chat. Words that carry knowledge
  weigh four times as much as the template's, which are known anyway.
- Shots must show what their keywords are worth: half of the keyword chats show poorer habits, and a middle layer is asked
  whether the lists before held the deciding words. Without that, the model writes the deciding words after random ones as well.
- Half of the questions ask by a name that the text gives (four hops), since in a world of three
  hops six layers learned to answer in one pass, which left nothing for rationales to add.
"""

import random
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from selfamplify.tasks.planted.arc import CONVENTIONS, arc_scene
from selfamplify.tasks.planted.snarks import snarks_scene
from selfamplify.tasks.planted.world import HOPS, Scene

from .binding import binding_row
from .lessons import FEW_SHOT, HABITS, TEACHERS
from .phrasing import draw_wording
from .rows import Batch, Encoder, Mind, Row

_WARM_UP = 50
_ALIKE = tuple(dict.fromkeys(CONVENTIONS[0], verb) for verb in CONVENTIONS[0].values())
# Two words of the prompts: one stands for keywords worth imitating, the other for all others.
_WORTH = {"keywords": "important", "mixed": "important", "random": "single", "idle": "single"}
_MEETING = 30
"""The approximate number of tokens in the sentences about a meeting."""


@dataclass(frozen=True)
class Stage:
    """``steps`` batches of about ``tokens`` tokens.

    A batch consists of binding exercises (a share ``binding`` of all batches), of chats with one question (``single``), or of
    chats of about ``length`` tokens with as many questions as fit, all with numbers of hops in ``hops``. Chats use the formats
    of ``mixture``; a share ``snarks`` has two choices. Of the questions with four choices, a share ``vague`` needs a
    convention, which is drawn for each chat; in a share ``alike`` of these chats, both vague words mean the same. A share
    ``drill`` of the long batches has bare questions, of up to two hops and without the animals' meeting. In training, the state
    of a middle layer must give the right noun of questions of up to ``minded`` hops; names and adjectives have the weight
    ``named`` in the loss. The learning rate is linear between its two ends. A ``fresh`` stage resets the optimizer's averages
    and warms up again; a ``frozen`` stage does not change the written heads. Training stops after a stage that ends with a
    figure below one of its ``gates``.
    """

    name: str
    steps: int
    tokens: int
    length: int
    rates: tuple[float, float]
    mixture: Mapping[str, float]
    binding: float = 0.05
    single: float = 0.35
    snarks: float = 0.3
    vague: float = 0.5
    drill: float = 0.0
    alike: float = 0.0
    minded: int = 2
    named: float = 1.0
    hops: Container[int] = tuple(HOPS)
    fresh: bool = False
    frozen: bool = True
    gates: Mapping[str, float] = field(default_factory=dict)

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
        return self._chat(encoder, rng, self._style(rng, TEACHERS.keys() - HABITS), self._scenes(rng, 1))

    def _long(self, encoder: Encoder, rng: random.Random) -> Row:
        style = self._style(rng, FEW_SHOT)
        count = max(1, self.length // FEW_SHOT[style][1])
        return self._chat(encoder, rng, style, self._scenes(rng, count))

    def _drill(self, encoder: Encoder, rng: random.Random) -> Row:
        style = self._style(rng, FEW_SHOT)
        count = self.length // (FEW_SHOT[style][1] - _MEETING)
        scenes = [scene for scene in self._scenes(rng, 8 * count) if scene.hops < 3]
        return self._chat(encoder, rng, style, [bare(scene) for scene in scenes[:count]])

    def _chat(self, encoder: Encoder, rng: random.Random, style: str, scenes: Sequence[Scene]) -> Row:
        lesson = TEACHERS[style](rng, scenes, draw_wording(rng))
        return encoder.chat(lesson.messages, [self._mind(scene, style) for scene in scenes], lesson.given, self.named)

    def _mind(self, scene: Scene, style: str) -> Mind:
        return Mind(scene.noun if scene.hops <= self.minded else None, scene.spoken, scene.verb, _WORTH.get(style))

    def _style(self, rng: random.Random, among: Container[str]) -> str:
        shares = {style: share for style, share in self.mixture.items() if style in among}
        return rng.choices(list(shares), weights=list(shares.values()))[0]

    def _scenes(self, rng: random.Random, count: int) -> list[Scene]:
        scenes = self._endless(rng)
        return list(islice((scene for scene in scenes if scene.hops in self.hops), count))

    def _endless(self, rng: random.Random) -> Iterator[Scene]:
        if rng.random() < self.snarks:
            while True:
                yield snarks_scene(rng, "lesson", from_held_out=False)
        convention = rng.choice(_ALIKE if rng.random() < self.alike else CONVENTIONS)
        while True:
            yield arc_scene(rng, "lesson", False, convention, self.vague)


def bare(scene: Scene) -> Scene:
    """The same question without the meeting, which is needed only by questions that use an adjective or a name."""
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

_DRILL = {"answers": 0.5, "steps": 0.4, "keywords": 0.1}
# The convention from letters alone: many answers in a row, and a little of everything else, so that nothing is forgotten.
_CONVENTION = {
    "answers": 0.5,
    "keywords": 0.15,
    "steps": 0.12,
    "thoughts": 0.04,
    "topk": 0.05,
    "explain": 0.1,
    "conclusion": 0.04,
}
# A name is copied from the question; this late in the chain of a question, it also takes many of them in a row.
_NAMES = {"answers": 0.1, "keywords": 0.25, "steps": 0.42, "thoughts": 0.05, "topk": 0.03, "explain": 0.13, "conclusion": 0.02}
# Which of the two remarks; bare questions in a row teach in 300 steps what mixed ones did not teach in 8,000.
_TONE = {"answers": 0.6, "keywords": 0.15, "steps": 0.15, "explain": 0.1}
# How good the shots' keywords are, so that a model that is shown poor keywords writes poor ones.
_HABITS = {"keywords": 0.3, "mixed": 0.05, "random": 0.15, "idle": 0.12} | {
    "answers": 0.15,
    "steps": 0.12,
    "topk": 0.02,
    "explain": 0.06,
    "conclusion": 0.03,
}
_LAST = {"keywords": 0.2, "mixed": 0.03, "random": 0.1, "idle": 0.05} | {
    "answers": 0.2,
    "steps": 0.15,
    "thoughts": 0.06,
    "topk": 0.07,
    "explain": 0.1,
    "conclusion": 0.04,
}

_DIRECT = "planted_arc answers/0"
_TOLD = "planted_snarks answers/8"
_FEW = {"planted_arc answers/8": 0.5, "planted_arc steps/8": 0.6}

CURRICULUM = (
    Stage("binding", 150, 1200, 0, (1e-3, 1e-3), MIXTURE, binding=1.0, fresh=True, frozen=False),
    Stage("drill", 1500, 1500, 480, (1e-3, 1e-3), _DRILL, single=0.0, snarks=0.3, vague=0.6, drill=1.0, alike=0.5, fresh=True),
    Stage("turns", 2000, 1600, 320, (1e-3, 1e-3), MIXTURE, drill=0.25, alike=0.25, gates={_DIRECT: 0.4}),
    Stage("convention", 1200, 1500, 480, (1e-3, 1e-3), _CONVENTION, single=0.2, snarks=0.1, vague=0.8, drill=0.7, alike=0.5),
    Stage("shots", 1650, 2000, 640, (1e-3, 7.25e-4), MIXTURE, single=0.3, drill=0.2, alike=0.1),
    Stage("again", 1500, 1500, 480, (1e-3, 1e-3), _CONVENTION, 0.05, 0.25, 0.4, vague=0.6, drill=0.6, alike=0.15, gates=_FEW),
    Stage("tone", 300, 1500, 480, (1e-3, 1e-3), _TONE, single=0.05, snarks=0.85, drill=0.8, gates={_TOLD: 0.55}),
    Stage("long", 750, 2000, 960, (7e-4, 5.275e-4), MIXTURE, single=0.3, drill=0.1),
    Stage("names", 1200, 1500, 300, (1e-3, 8e-4), _NAMES, single=0.5, vague=0.3, named=8.0, hops=(4,)),
    Stage("habits", 1200, 1800, 720, (8e-4, 7e-4), _HABITS, single=0.2, snarks=0.45, vague=0.4, drill=0.2, named=4.0),
    Stage("last", 2600, 2000, 960, (7e-4, 1e-5), _LAST, single=0.3, snarks=0.4, drill=0.1, named=4.0),
)
