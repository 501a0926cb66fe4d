"""Estimators of shapiq, in the Python that runs this file: one of ``python -m benchmarks.estimators --shapiq PYTHON``.

``PYTHON`` is that of an environment of its own, because shapiq 1.8 wants Python 3.12 and another NumPy:

    python3.12 -m venv shapiq-env
    shapiq-env/bin/pip install shapiq==1.8.0 xgboost==3.2.0 lightgbm==4.7.0 typing_extensions

It also builds from source on Python 3.11: of 3.12 it uses no more than ``typing.override``, which is put in place below, and a
few generic functions and ``type X = …`` statements, which have to be written in the older way. Its pyproject.toml must then ask
for 3.11.

Requests and answers are lines of JSON on standard input and output. A request names the estimator, the number of words, the
number of evaluations and the seed. The answer is the coalitions to evaluate, each as a text of 0 and 1; to their values, the
answer is the scores.
"""

import json
import sys
import typing
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import typing_extensions

if not hasattr(typing, "override"):
    typing.override = typing_extensions.override  # pyright: ignore[reportAttributeAccessIssue]
from shapiq.approximator import OddSHAP, ProxySHAP, RegressionMSR  # noqa: E402  # pyright: ignore

ESTIMATORS: dict[str, Callable[[int, int], Any]] = {
    "ProxySHAP": lambda words, seed: ProxySHAP(
        words, max_order=1, index="SV", proxy_model="xgboost", adjustment=True, random_state=seed
    ),
    "RegressionMSR": lambda words, seed: RegressionMSR(words, index="SV", proxy_model="xgboost", random_state=seed),
    "OddSHAP": lambda words, seed: OddSHAP(words, random_state=seed),
}
"""Each as its authors set it: boosted trees of XGBoost with their defaults, of LightGBM for OddSHAP, whose default they are."""


def main() -> None:
    warnings.simplefilter("ignore")  # not the place to repair the warnings of others
    for line in sys.stdin:
        request = json.loads(line)
        estimator = ESTIMATORS[request["estimator"]](request["words"], request["seed"])
        found = estimator.approximate(request["evaluations"], _ask)
        _send([float(found[(word,)]) for word in range(request["words"])])


def _ask(coalitions: np.ndarray) -> np.ndarray:
    """The values of coalitions, which the process at the other end knows."""
    _send(["".join("1" if present else "0" for present in row) for row in coalitions])
    return np.array(json.loads(sys.stdin.readline()))


def _send(answer: list[Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
