"""The finished model's results on the test sides of the tasks: the tables of its card, each a header and rows of text."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

from benchmarks.quality import QUESTIONS, qualities
from selfamplify import DEFAULT, LocalModel, Plan, Session, compare, load_task
from selfamplify.evaluation.difference import Difference
from selfamplify.prompting.wordings import OURS
from selfamplify.tasks.planted.source import AbstractPlanted, PlantedArc, PlantedSnarks
from selfamplify.tasks.planted.world import Scene
from selfamplify.work.stage import Progress

from .evaluation import Figures, measure
from .lessons import POST_HOC
from .phrasing import UNSEEN

TASKS: tuple[AbstractPlanted, ...] = (PlantedArc(), PlantedSnarks())
ASKED = 300
STYLES = ("answers", "keywords", "random", "steps", "thoughts", "conclusion")
SHOTS = (0, 1, 2, 4, 8, 12, 16)
PROTOCOL = Plan(
    ("deep_lift", "kernel_shap", "self_topk", "self_exp", "random"), ("success", "error"), seeds=tuple(range(6)), limit=1000
)
"""That of the paper's Table 2: six contexts, and as many questions as its largest test set."""
_LONGEST_REPLY = 120


@dataclass(frozen=True)
class Measured:
    """A table: its column names and its rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        lines = [self.head, ("---",) * len(self.head), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@dataclass(frozen=True)
class Examiner:
    """Asks one model; for each question, ``seed`` draws new shots from the train pool of the task."""

    model: LlamaForCausalLM
    tokenizer: PreTrainedTokenizerBase
    seed: int
    asked: int = ASKED

    def sides(self, task: AbstractPlanted) -> tuple[list[Scene], list[Scene]]:
        """(pool, asked): scenes of the train side and of the test side."""
        return task.scenes(0, "train", 1000, from_held_out=False), task.scenes(0, "test", self.asked, from_held_out=True)

    def formats(self) -> Measured:
        """Every format: the shares of right letters, of replies in the requested form, and of those that name the option."""
        rows = []
        for task in TASKS:
            pool, asked = self.sides(task)
            for style, shots in [(style, shots) for style in STYLES for shots in (0, 4, 8)] + [(each, 0) for each in POST_HOC]:
                figures = self._ask(style, asked, pool, shots)
                shares = (figures.right, figures.formed, figures.named)
                rows.append((task.name, style, str(shots), *(_percent(count, figures.asked) for count in shares)))
        return Measured(("task", "format", "shots", "right", "formed", "names"), tuple(rows))

    def learning(self) -> Measured:
        """IO by the number of shots: all questions, and for planted_arc those with a plain and those with a vague verb."""
        rows = []
        for task in TASKS:
            pool, asked = self.sides(task)
            groups = _groups(asked)
            wrong = list(_mislabelled(pool, self.seed))
            for shots in SHOTS:
                shown = {"true": pool, "false": wrong} if shots in (4, 8) else {"true": pool}
                for labels, scenes in shown.items():
                    found = {name: self._ask("answers", group, scenes, shots) for name, group in groups.items()}
                    cells = [_percent(found[name].right, found[name].asked) if name in found else "" for name in _GROUPS]
                    rows.append((task.name, str(shots), labels, *cells))
        return Measured(("task", "shots", "labels", *_GROUPS), tuple(rows))

    def wordings(self) -> Measured:
        """The package's instruction compared with one that training never showed."""
        rows = []
        for task in TASKS:
            pool, asked = self.sides(task)
            for style, shots in (("answers", 0), ("answers", 8), ("keywords", 8), ("steps", 8), ("topk", 0), ("explain", 0)):
                found = [measure(self.model, self.tokenizer, style, asked, pool, shots, self.seed, w) for w in (OURS, UNSEEN)]
                right, formed = ([_percent(getattr(each, name), each.asked) for each in found] for name in ("right", "formed"))
                rows.append((task.name, style, str(shots), *right, *formed))
        return Measured(("task", "format", "shots", "right", "right, unseen", "formed", "formed, unseen"), tuple(rows))

    def _ask(self, style: str, asked: Sequence[Scene], pool: Sequence[Scene], shots: int) -> Figures:
        return measure(self.model, self.tokenizer, style, asked, pool, shots, self.seed)


def protocol(plan: Plan, model: LocalModel, task: str, folder: Path, progress: Progress) -> Measured:
    """Every method of ``plan`` on its contexts and the same test questions, greedily; it can be resumed."""
    profile = DEFAULT.with_length(_LONGEST_REPLY)
    table = compare(model, load_task(task), plan, folder, profile=profile, progress=progress)
    tests = {
        other: {(each.selection, each.first): each.difference for each in table.against(other)} for other in ("io", "random")
    }
    rows = []
    for line in table.means:
        against_io, against_random = (found.get((line.selection, line.method)) for found in tests.values())
        gain = ""
        if against_io is not None:
            points = f"{100 * against_io.low:+.1f} to {100 * against_io.high:+.1f}"
            gain = f"{100 * against_io.estimate:+.1f} ({points})"
        shares = (f"{100 * line.mean:.1f}", f"{100 * (line.sd or 0.0):.1f}", gain)
        rows.append((task, line.selection, line.method, *shares, _p(against_io), _p(against_random)))
    head = ("task", "selection", "method", "mean right %", "sd", "gain on IO (95 % CI)", "p vs IO (Holm)", "p vs random (Holm)")
    return Measured(head, tuple(rows))


def joined(tables: Iterable[Measured]) -> Measured:
    """Tables with the same columns, joined into one."""
    parts = list(tables)
    return Measured(parts[0].head, tuple(row for part in parts for row in part.rows))


def precision(model: LocalModel) -> Measured:
    """Precision@k of the explainers against the planted words."""
    rows = []
    for task in TASKS:
        asked = load_task(task.name).limited(QUESTIONS)
        for each in qualities(Session(model), asked, ("deep_lift", "kernel_shap", "integrated_gradients"), compared=0):
            assert each.precision is not None and each.control is not None  # the task is planted
            ratio = each.precision / each.control
            rows.append((task.name, each.explainer, f"{each.precision:.2f}", f"{each.control:.2f}", f"{ratio:.1f}"))
    return Measured(("task", "explainer", "precision@k", "random", "ratio"), tuple(rows))


_GROUPS = ("all", "plain verb", "vague verb")


def _groups(asked: Sequence[Scene]) -> Mapping[str, list[Scene]]:
    vague = [scene for scene in asked if scene.spoken]
    if not vague:
        return {"all": list(asked)}
    return {"all": list(asked), "plain verb": [scene for scene in asked if not scene.spoken], "vague verb": vague}


def _mislabelled(scenes: Sequence[Scene], seed: int) -> Iterator[Scene]:
    rng = random.Random(f"{seed}/mislabelled")
    for scene in scenes:
        wrong = rng.choice([label for label in scene.question.labels if label != scene.question.answer])
        yield replace(scene, question=replace(scene.question, answer=wrong))


def _p(found: Difference | None) -> str:
    if found is None:
        return ""
    return "<0.001" if found.p_holm < 0.001 else f"{found.p_holm:.3f}"


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:.1f}"
