"""How well explainers do on real reviews: ``python -m benchmarks.faithfulness MODEL --sst2 FILE --out FILE``.

Asks a model for the sentiment of SST-2 sentences and explains the true label (its logit minus the other label's) by each
explainer, for each way in which it can make words absent. Measures the area between insertion and deletion, with words removed
in three ways, and what the scores have in common with a reference of 20,000 evaluations. Each sentence is written to the JSON
file once it is measured; the same command goes on where it was interrupted, and prints the table.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import torch
from jaxtyping import Bool, Float

from selfamplify import (
    AttnLrp,
    DeepLift,
    DeepLiftCaptum,
    FeatureAblation,
    GradientXActivation,
    IntegratedGradients,
    KernelShap,
    Lime,
    LocalModel,
    ShapleyValueSampling,
    TokenGame,
    load_model,
)
from selfamplify.explain.attribution import AbstractAttribution
from selfamplify.explain.estimators.least_squares import LeastSquares
from selfamplify.text.keywords import best

from .baselines import DELETED, LABELS, area, correlation, game_of, read
from .machine import device_name, versions
from .recorded import line

WAYS = ("space", "mean", DELETED)
"""How words are removed."""
REFERENCE, RANDOM = "reference", "random scores"
KEYWORDS = 3
_GRADIENTS = (DeepLift(), DeepLiftCaptum(), GradientXActivation(), IntegratedGradients())
_PERTURBATIONS = (FeatureAblation(), Lime(), KernelShap(), ShapleyValueSampling())
_HEADER = (
    "| explainer | absent words | evaluations | ms | area by space | by mean | by deletion | Spearman | keywords | all three |"
)


@dataclass(frozen=True)
class Scored:
    """The scores of one explainer on a sentence.

    ``absent`` is how it makes words absent, or nothing; ``areas`` has one figure for each of ``WAYS``.
    """

    explainer: str
    absent: str
    evaluations: int
    seconds: float
    scores: list[float]
    areas: list[float]
    error: str = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence, its words, those of them that may become keywords, and all scores."""

    model: str
    text: str
    label: str
    words: list[str]
    keywords: list[str | None]
    scored: list[Scored]


def measured(model: LocalModel, text: str, label: str, count: int) -> Sentence:
    """A sentence by all explainers, and by a reference of ``count`` evaluations."""
    games = {way: game_of(model, text, label, way) for way in WAYS}
    found: list[Scored] = []
    for explainer, way in _explained():
        start = time.monotonic()
        game = game_of(model, text, label, way or "space")
        try:
            made = explainer.attribute(game, 0)
        except Exception as raised:
            found.append(Scored(explainer.name, way, 0, 0.0, [], [], line(raised)))
            continue
        seconds = time.monotonic() - start
        areas = [area(games[each], made.scores) for each in WAYS]
        found.append(Scored(explainer.name, way, made.passes, seconds, list(made.scores), areas))
    for name, scores in (
        (REFERENCE, reference(games["space"], count)),
        (RANDOM, np.random.default_rng(0).random(games["space"].players)),
    ):
        areas = [area(games[each], scores.tolist()) for each in WAYS]
        found.append(Scored(name, "space" if name == REFERENCE else "", count, 0.0, scores.tolist(), areas))
    game = games["space"]
    return Sentence(model.name, text, label, list(game.words), list(game.keywords), found)


def _explained() -> Iterator[tuple[AbstractAttribution, str]]:
    """Each explainer with each way to make words absent that it knows."""
    yield AttnLrp(), ""
    for gradient in _GRADIENTS:
        for way in ("space", "mean"):
            yield gradient, way
    for perturbation in _PERTURBATIONS:
        for way in WAYS:
            yield perturbation, way


def reference(game: TokenGame, count: int) -> Float[np.ndarray, " word"]:
    """Shapley values by least squares from independent pairs of coalitions."""
    full, empty = game.ends()
    pairs = drawn(game.players, count // 2 - 1)
    values = game.values(np.concatenate([pairs, ~pairs]))
    odd = (values[: len(pairs)] - values[len(pairs) :]) / 2
    return LeastSquares(pairs, odd, full - empty).estimate().scores


def drawn(m: int, count: int) -> Bool[np.ndarray, "pair word"]:
    """Coalitions whose sizes are uniform from 1 to M-1."""
    generator = np.random.default_rng(1)
    sizes = generator.integers(1, m, count)
    return generator.random((count, m)).argsort(1).argsort(1) < sizes[:, None]


def table(sentences: Sequence[Sentence]) -> str:
    """The means over the sentences, with the standard errors of the areas."""
    lines = [_HEADER, "|---" * _HEADER.count(" | ") + "|---|"]
    kinds = dict.fromkeys((scored.explainer, scored.absent) for sentence in sentences for scored in sentence.scored)
    for name, absent in kinds:
        cells, errors = [], set[str]()
        for sentence in sentences:
            by_kind = {(each.explainer, each.absent): each for each in sentence.scored}
            own, other = by_kind[name, absent], by_kind[REFERENCE, "space"]
            if own.error:
                errors.add(own.error)
                continue
            mine, theirs = (set(best(sentence.keywords, each.scores, KEYWORDS)) for each in (own, other))
            shared = len(mine & theirs) / max(len(theirs), 1)
            agreement = correlation(own.scores, other.scores)
            cells.append((own.evaluations, own.seconds * 1000, *own.areas, agreement, shared, float(shared == 1)))
        if not cells:
            lines.append(f"| {name} | {absent} | {'; '.join(errors)} |")
            continue
        evaluations, milliseconds, *areas, agreement, shared, all_three = zip(*cells, strict=True)
        shown = [f"{mean(each):.3f} ± {stdev(each) / len(each) ** 0.5:.3f}" if len(each) > 1 else str(each) for each in areas]
        common = [f"{mean(agreement):.2f}", f"{mean(shared):.2f}", f"{mean(all_three):.0%}"] if name != REFERENCE else [""] * 3
        counts = [f"{mean(evaluations):.0f}", f"{mean(milliseconds):.0f}"]
        lines.append(f"| {' | '.join([name, absent, *counts, *shown, *common])} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, and print the table."""
    start = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--sst2", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the JSON lines file that is continued")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--sentences", type=int, default=50)
    parser.add_argument("--words", type=int, nargs=2, default=(12, 40))
    parser.add_argument("--reference", type=int, default=20_000, help="evaluations of the reference")
    parser.add_argument("--budget", type=float, default=float("inf"), help="seconds after which no sentence is begun")
    given = parser.parse_args(arguments)
    asked = read(given.sst2, given.sentences, *given.words)
    half = len(asked) // len(LABELS)
    asked = [sentence for pair in zip(asked[:half], asked[half:], strict=True) for sentence in pair]
    known = _read(given.out)
    model = load_model(given.model, dtype=given.dtype, device=given.device)
    for text, label in asked:
        if any(each.text == text and each.model == model.name for each in known):
            continue
        if time.monotonic() - start > given.budget:
            break
        known.append(measured(model, text, label, given.reference))
        with given.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(known[-1])) + "\n")
        print(f"{time.monotonic() - start:6.0f} s  {len(known)} of {len(asked)}", flush=True)
    own = [each for each in known if each.model == model.name]
    print(
        f"\n{device_name(str(model.device))}, {versions()}; {model.name}, {given.dtype}, {len(own)} sentences\n\n{table(own)}"
    )


def _read(file: Path) -> list[Sentence]:
    if not file.exists():
        return []
    made = [json.loads(each) for each in file.read_text(encoding="utf-8").splitlines()]
    return [Sentence(**each | {"scored": [Scored(**scored) for scored in each["scored"]]}) for each in made]


if __name__ == "__main__":
    torch.set_float32_matmul_precision("high")
    main()
