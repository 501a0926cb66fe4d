"""What the benchmark of estimators computes by itself: ratios, references, and the talk with another Python."""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from games import Game, polynomial

from benchmarks.estimator_games import threes_estimate
from benchmarks.estimators import Shapiq, needed

FAKE = """
import numpy as np


class OddSHAP:
    def __init__(self, n, random_state=None, **_):
        self.n = n

    def approximate(self, budget, game):
        values = game(np.concatenate([np.zeros((1, self.n)), np.eye(self.n)]).astype(bool))
        return {(word,): values[word + 1] - values[0] for word in range(self.n)}


ProxySHAP = RegressionMSR = OddSHAP
"""


def test_evaluations_that_a_peer_needs_follow_its_curve() -> None:
    curve = {budget: budget**-0.5 for budget in (100, 350, 1000)}
    for budget in (25, 100, 200, 1000, 4000):
        assert needed(curve, budget**-0.5) == pytest.approx(budget)
    assert needed({100: 0.5, 350: 0.6, 1000: 0.1}, 0.5) == pytest.approx(350), "the least error up to there"


def test_references_are_exact_if_few_words_interact_in_threes() -> None:
    worth, generator = polynomial(20, 4), np.random.default_rng(0)
    worth.alone[14:] *= 0.01
    worth.threes += [(np.array(three), 0.5) for three in combinations(range(6), 3)]
    pairs = generator.random((1200, 20)).argsort(1) < generator.integers(1, 20, 1200)[:, None]
    odd = (worth(pairs.astype(float)) - worth(1.0 - pairs)) / 2
    assert threes_estimate(pairs, odd, float(worth.shapley.sum())) == pytest.approx(worth.shapley, abs=1e-9)


def test_the_other_python_asks_for_values_and_answers_with_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shapiq").mkdir()
    (tmp_path / "shapiq" / "__init__.py").touch()
    (tmp_path / "shapiq" / "approximator.py").write_text(FAKE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    worth = polynomial(7, 1)
    shapiq = Shapiq(sys.executable)
    try:
        for name in ("ProxySHAP", "RegressionMSR", "OddSHAP"):
            game = Game(7, worth)
            assert shapiq.estimated(name)(game, 50, 0) == pytest.approx(worth.alone)
            assert game.passes == 8
    finally:
        shapiq.close()
