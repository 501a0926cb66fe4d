"""How far estimators of Shapley values are from a reference at equal cost: ``python -m benchmarks.estimators``.

The logit of a label is attributed to the words of a question: planted questions on the embedded model and, with ``--arc FILE
--model FOLDER …``, questions of ARC Challenge on other trained models. These have at most 50 words, because no reference that
is affordable here is exact for longer ones. The reference is 30,000 evaluations of antithetic orders; its *own error* is half
of the difference between its two halves. *Fewer* is how many times 350 evaluations Captum's KernelShap would need for the same
error, extrapolated from its error at 1,400 evaluations: errors fall with the square root of the number of evaluations.
"""

import argparse
from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path
from statistics import mean

import numpy as np
from scipy.stats import gmean

from selfamplify import KernelShap, KernelShapCaptum, ShapleyValueSampling, load_model, load_task
from selfamplify.explain.attribution import AbstractAttribution
from selfamplify.games.question import question_game
from selfamplify.games.tokens import TokenGame
from selfamplify.models.context import fits
from selfamplify.prompting.chats import reading_chat
from selfamplify.prompting.wording import OURS

from .machine import heading

_REFERENCE = 30_000
_WORDS = 50
_SAMPLES = 350
_TOP = 6
_ESTIMATORS: dict[str, AbstractAttribution] = {
    "Captum KernelShap": KernelShapCaptum(samples=_SAMPLES),
    "least_squares": KernelShap(samples=_SAMPLES, estimator="least_squares"),
    "gaussian_process": KernelShap(samples=_SAMPLES),
}
_MORE = KernelShapCaptum(samples=4 * _SAMPLES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=3, help="questions per model and task")
    parser.add_argument("--seeds", type=int, default=6, help="seeds per estimator and question")
    parser.add_argument("--arc", type=Path, help="a file of ARC Challenge")
    parser.add_argument("--model", type=Path, action="append", default=[], help="a trained model for it; may be repeated")
    arguments = parser.parse_args()
    print(f"{heading(arguments.seeds).partition('; ')[0]}; means of {arguments.seeds} seeds\n")
    print("| model, question, words, own error | estimator | relative L2 error | precision@6 | same top 6 | fewer |")
    print("|---|---|---|---|---|---|")
    found: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in _ESTIMATORS}
    for label, game in _games(arguments.arc, arguments.model, arguments.questions):
        orders = 2 * round(_REFERENCE / (game.players - 1) / 4)
        halves = [np.array(ShapleyValueSampling(permutations=orders).attribute(game, seed).scores) for seed in (12345, 54321)]
        reference = (halves[0] + halves[1]) / 2
        label += f", {_error(halves[0], reference):.3f}"
        captum = mean(_error(_MORE.attribute(game, seed).scores, reference) for seed in range(arguments.seeds))
        for name, estimator in _ESTIMATORS.items():
            runs = [np.array(estimator.attribute(game, seed).scores) for seed in range(arguments.seeds)]
            error = mean(_error(run, reference) for run in runs)
            row = (
                error,
                mean(_shared(run, reference) for run in runs),
                mean(_shared(*pair) for pair in combinations(runs, 2)),
                4 * (captum / error) ** 2,
            )
            found[name].append(row)
            print(f"| {label} | {name} | {_cells(row)} |", flush=True)
    for name, rows in found.items():
        errors, precisions, overlaps, fewer = zip(*rows, strict=True)
        means = (float(gmean(errors)), mean(precisions), mean(overlaps), float(gmean(fewer)))
        print(f"| all (errors and ratios: geometric means) | {name} | {_cells(means)} |")


def _cells(row: tuple[float, ...]) -> str:
    return f"{row[0]:.3f} | {row[1]:.2f} | {row[2]:.2f} | {row[3]:.1f}"


def _games(arc: Path | None, folders: list[Path], count: int) -> Iterator[tuple[str, TokenGame]]:
    jobs = [("embedded", list(load_task(name).test[:count])) for name in ("planted_arc", "planted_snarks")]
    if arc is not None:
        jobs += [(str(folder), list(load_task("arc_challenge", arc).test)) for folder in folders]
    for name, questions in jobs:
        model = load_model(name)
        asked = [each for each in questions if fits(model, model.encode(reading_chat(each, OURS)), 1)]
        games = ((question, question_game(model, question, OURS)) for question in asked)
        for question, game in islice((pair for pair in games if pair[1].players <= _WORDS), count):
            yield f"{Path(name).name}, {question.id}, {game.players}", game


def _error(scores: object, reference: np.ndarray) -> float:
    return float(np.linalg.norm(np.array(scores) - reference) / np.linalg.norm(reference))


def _shared(scores: np.ndarray, others: np.ndarray) -> float:
    tops = [set(np.argsort(-each)[:_TOP].tolist()) for each in (scores, others)]
    return len(tops[0] & tops[1]) / _TOP


if __name__ == "__main__":
    main()
