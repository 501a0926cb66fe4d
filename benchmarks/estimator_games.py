"""The games on which ``benchmarks.estimators`` compares estimators, and references for their Shapley values."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from selfamplify import ShapleyValues, load_model, load_task
from selfamplify.explain.estimators.least_squares import LeastSquares
from selfamplify.games.question import question_game
from selfamplify.games.tokens import TokenGame
from selfamplify.models.context import fits
from selfamplify.prompting.chats import reading_chat
from selfamplify.prompting.wordings import OURS
from selfamplify.text.words import candidate_words

from .baselines import LABELS, game_of

_LONGEST = 50
"""No reference that is affordable here is exact enough for more words."""
_SHORTEST = 15
_EXACT = 14
_REVIEW = (13, 14)
_DECISIVE = 14


@dataclass(frozen=True)
class Case:
    """A game with its name, and that of its model."""

    model: str
    name: str
    game: TokenGame


@dataclass(frozen=True)
class Reference:
    """Shapley values, and how far from the truth they may be: relative to their length, 0 if they are exact."""

    scores: Float[np.ndarray, " word"]
    own: float


def question_cases(model: str, task: str, source: Path | None, first: int, count: int) -> Iterator[Case]:
    """The first questions of a task that are neither short nor long, from ``first`` on."""
    loaded = load_model(model)
    asked = (each for each in load_task(task, source).test if fits(loaded, loaded.encode(reading_chat(each, OURS)), 1))
    games = ((question, question_game(loaded, question, OURS)) for question in asked)
    usual = ((question, game) for question, game in games if _SHORTEST <= game.players <= _LONGEST)
    for question, game in islice(usual, first, first + count):
        yield Case(Path(model).name, question.id, game)


def review_cases(model: str, file: Path, first: int, count: int) -> Iterator[Case]:
    """The first reviews of 13 or 14 words, whose Shapley values can be exact; the margin of the label is attributed."""
    loaded = load_model(model, dtype="bfloat16", device="cpu")
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    usual = (
        (place, row) for place, row in enumerate(rows) if _REVIEW[0] <= len(candidate_words(row["sentence"])) <= _REVIEW[1]
    )
    for place, row in islice(usual, first, first + count):
        yield Case(model, f"review {place}", game_of(loaded, row["sentence"].strip(), LABELS[int(row["label"])], "space"))


def reference(case: Case, evaluations: int, cache: Path | None) -> Reference:
    """Exact values of up to 14 words, otherwise estimates, which a file keeps if one is named."""
    game = case.game
    if game.players <= _EXACT:
        return Reference(np.array(ShapleyValues(limit=_EXACT).attribute(game, 0).scores), 0.0)
    known = json.loads(cache.read_text()) if cache is not None and cache.exists() else {}
    key = f"{case.model}, {case.name}, {evaluations}"
    if key not in known:
        found = _estimated(game, evaluations)
        known[key] = {"scores": found.scores.tolist(), "own": found.own}
        if cache is not None:
            cache.write_text(json.dumps(known))
    return Reference(np.array(known[key]["scores"]), known[key]["own"])


def _estimated(game: TokenGame, evaluations: int) -> Reference:
    """The mean of two estimates, each from half of independent pairs; half of their difference is the reference's own error."""
    generator, m = np.random.default_rng(999), game.players
    sizes = generator.integers(1, m, evaluations // 2)
    pairs = generator.random((len(sizes), m)).argsort(1) < sizes[:, None]
    values = game.values(np.concatenate([pairs, ~pairs])).reshape(2, -1)
    odd, (full, empty) = (values[0] - values[1]) / 2, game.ends()
    halves = [threes_estimate(pairs[half::2], odd[half::2], full - empty) for half in (0, 1)]
    scores = (halves[0] + halves[1]) / 2
    return Reference(scores, float(np.linalg.norm(halves[0] - scores) / np.linalg.norm(scores)))


def threes_estimate(
    pairs: Bool[np.ndarray, "pair word"], odd: Float[np.ndarray, " pair"], difference: float
) -> Float[np.ndarray, " word"]:
    """Least squares with the words and all threes of the 14 that score highest without threes.

    With many pairs the scores approach Shapley values, as they do without the threes, which only make errors smaller: what the
    fit leaves of the game is orthogonal to single words under the same weights, and so has Shapley values of zero.
    """
    m, signs = pairs.shape[1], 2.0 * pairs - 1
    alone = LeastSquares(pairs, odd, difference).estimate().scores
    threes = list(combinations(np.sort(np.argsort(-np.abs(alone))[:_DECISIVE]).tolist(), 3))
    terms = np.concatenate([signs, np.stack([signs[:, three].prod(1) for three in map(list, threes)], 1)], 1) / 2
    sizes = pairs.sum(1)
    roots = 1 / np.sqrt(sizes * (m - sizes))
    # Efficiency, that all terms add up to f(all) - f(none), is imposed by eliminating the first word.
    design = roots[:, None] * (terms[:, 1:] - terms[:, :1])
    solution = np.linalg.lstsq(design, roots * (odd - difference * terms[:, 0]), rcond=None)[0]
    scores = np.append(difference - solution.sum(), solution[: m - 1])
    for three, own in zip(threes, solution[m - 1 :], strict=True):
        scores[list(three)] += own / 3
    return scores
