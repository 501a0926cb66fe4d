"""How far estimators of Shapley values are from a reference at equal cost: ``python -m benchmarks.estimators``.

The logit of a label is attributed to the words of a question: planted questions on the embedded model; with ``--arc FILE
--model FOLDER …`` questions of ARC Challenge on other trained models; with ``--sst2 FILE`` reviews of 13 or 14 words on
SmolLM2. With ``--shapiq PYTHON``, the estimators of shapiq run beside Captum's and ours (``estimators_shapiq`` says which
Python).

Errors are relative L2 errors, *precision* is that of the six highest words. *Fewer* is how many times as many evaluations a
peer would need for the same error. The peer's errors on the same game at several numbers of evaluations make a curve, which is
interpolated between logarithms after each error is replaced by the least one up to there; beyond its ends, it goes on with its
slope between its ends. An error is the mean over seeds; errors and ratios are averaged geometrically over games.
"""

import argparse
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import gmean

from selfamplify import KernelShap, KernelShapCaptum
from selfamplify.games.coalitions import AbstractGame

from .estimator_games import Case, Reference, question_cases, reference, review_cases
from .machine import heading

_BUDGETS = (100, 350, 1000)
_TOP = 6
_CURVES = {"ProxySHAP": (*_BUDGETS, 2500), "Captum KernelShap": _BUDGETS}
_PEERS = ("ProxySHAP", "RegressionMSR", "OddSHAP")
Estimated = Callable[[AbstractGame, int, int], Sequence[float]]
"""The scores of a game, by a number of evaluations and a seed."""
_ESTIMATORS: dict[str, Estimated] = {
    "Captum KernelShap": lambda game, samples, seed: KernelShapCaptum(samples=samples).attribute(game, seed).scores,
    "least_squares": lambda game, samples, seed: (
        KernelShap(samples=samples, estimator="least_squares").attribute(game, seed).scores
    ),
    "gaussian_process": lambda game, samples, seed: KernelShap(samples=samples).attribute(game, seed).scores,
}


@dataclass(frozen=True)
class Found:
    """The error and the precision of an estimator on a game, each by the number of evaluations."""

    errors: dict[int, float]
    precisions: dict[int, float]


class Shapiq:
    """The other Python, which asks for the values of coalitions."""

    def __init__(self, python: str):
        script = Path(__file__).with_name("estimators_shapiq.py")
        self._process = subprocess.Popen([python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def estimated(self, name: str) -> Estimated:
        """One of its estimators."""

        def scores(game: AbstractGame, samples: int, seed: int) -> Sequence[float]:
            asked = self._ask({"estimator": name, "words": game.players, "evaluations": samples, "seed": seed})
            coalitions = np.array([[present == "1" for present in row] for row in asked])
            return self._ask(game.values(coalitions).tolist())

        return scores

    def _ask(self, message: Any) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("The other Python ended; its message is above.")
        return json.loads(line)

    def close(self) -> None:
        """End the other process."""
        self._process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=2, help="questions per model and task")
    parser.add_argument("--first", type=int, default=0, help="questions to leave out before them")
    parser.add_argument("--seeds", type=int, default=3, help="seeds per estimator and question")
    parser.add_argument("--arc", type=Path, help="a file of ARC Challenge")
    parser.add_argument("--model", action="append", default=[], help="a trained model for it; may be repeated")
    parser.add_argument("--sst2", type=Path, help="a file of SST-2")
    parser.add_argument("--reviews", default="smollm2", help="the model for it")
    parser.add_argument("--shapiq", metavar="PYTHON", help="the Python of an environment with shapiq 1.8")
    parser.add_argument("--references", type=Path, help="a file that keeps the references")
    parser.add_argument("--evaluations", type=int, default=30_000, help="evaluations of a reference")
    arguments = parser.parse_args()
    estimators, shapiq = dict(_ESTIMATORS), None
    if arguments.shapiq is not None:
        shapiq = Shapiq(arguments.shapiq)
        estimators |= {name: shapiq.estimated(name) for name in _PEERS}
    curves = {name: budgets for name, budgets in _CURVES.items() if name in estimators}
    print(f"{heading(arguments.seeds).partition('; ')[0]}; means of {arguments.seeds} seeds\n")
    measures = ["error", "precision", *(f"fewer than {name}," for name in curves)]
    columns = [f"{measure} {budget:,}" for measure in measures for budget in _BUDGETS]
    print(f"| model, question, words, own error | estimator | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 2)}")
    tables: dict[str, list[dict[str, list[float]]]] = {}
    for case in _cases(arguments):
        truth = reference(case, arguments.evaluations, arguments.references)
        found = {
            name: _found(case, truth, estimated, curves.get(name, _BUDGETS), arguments.seeds)
            for name, estimated in estimators.items()
        }
        rows = {name: _row(own, [found[peer].errors for peer in curves]) for name, own in found.items()}
        tables.setdefault(case.model, []).append(rows)
        _print(f"{case.model}, {case.name}, {case.game.players}, {truth.own:.3f}", [rows])
    for model, own in tables.items():
        _print(f"{model}: {len(own)} games", own)
    everything = [rows for own in tables.values() for rows in own]
    _print(f"all {len(everything)} games", everything)
    if shapiq is not None:
        shapiq.close()


def _cases(arguments: argparse.Namespace) -> Iterator[Case]:
    window = (arguments.first, arguments.questions)
    for task in ("planted_arc", "planted_snarks"):
        yield from question_cases("embedded", task, None, *window)
    for model in arguments.model:
        yield from question_cases(model, "arc_challenge", arguments.arc, *window)
    if arguments.sst2 is not None:
        yield from review_cases(arguments.reviews, arguments.sst2, *window)


def _found(case: Case, truth: Reference, estimated: Estimated, budgets: Sequence[int], seeds: int) -> Found:
    """What an estimator gives on a game; fewer evaluations than it can do with are left out, as infinite errors."""
    errors: dict[int, float] = {}
    precisions: dict[int, float] = {}
    for budget in budgets:
        runs = [np.array(estimated(case.game, budget, seed)) for seed in range(seeds)]
        errors[budget] = mean(float(np.linalg.norm(run - truth.scores) / np.linalg.norm(truth.scores)) for run in runs)
        precisions[budget] = mean(_shared(run, truth.scores) for run in runs)
    return Found(errors, precisions)


def _row(found: Found, curves: list[dict[int, float]]) -> list[float]:
    errors, precisions = ([own[budget] for budget in _BUDGETS] for own in (found.errors, found.precisions))
    ratios = [needed(curve, found.errors[budget]) / budget for curve in curves for budget in _BUDGETS]
    return [*errors, *precisions, *ratios]


def needed(curve: dict[int, float], error: float) -> float:
    """Return how many evaluations a peer needs for an error: see the head of this file.

    Parameters
    ----------
    curve : dict of int to float
        The peer's error by the number of evaluations.
    error : float
        The error to reach.
    """
    budgets = np.log(np.array(list(curve)))
    errors = np.minimum.accumulate(np.log(np.array(list(curve.values()))))
    slope, wanted = (errors[-1] - errors[0]) / (budgets[-1] - budgets[0]), np.log(error)
    if wanted > errors[0]:
        return float(np.exp(budgets[0] + (wanted - errors[0]) / slope))
    if wanted < errors[-1]:
        return float(np.exp(budgets[-1] + (wanted - errors[-1]) / slope))
    return float(np.exp(np.interp(-wanted, -errors, budgets)))


def _print(label: str, tables: list[dict[str, list[float]]]) -> None:
    """A line for each estimator: precisions are means over games, the rest geometric means."""
    for name in tables[0]:
        columns: list[Float[np.ndarray, " game"]] = list(np.array([rows[name] for rows in tables]).T)
        count = len(_BUDGETS)
        cells = [f"{gmean(column):.3f}" for column in columns[:count]]
        cells += [f"{mean(column):.2f}" for column in columns[count : 2 * count]]
        cells += [f"{gmean(column):.1f}" for column in columns[2 * count :]]
        print(f"| {label} | {name} | {' | '.join(cells)} |", flush=True)


def _shared(scores: np.ndarray, others: np.ndarray) -> float:
    tops = [set(np.argsort(-each)[:_TOP].tolist()) for each in (scores, others)]
    return len(tops[0] & tops[1]) / _TOP


if __name__ == "__main__":
    main()
