"""Errors, intervals and the stopping rule of estimators over many games, without the run-time checks that double the time."""

import numpy as np
import pytest
from games import Game, polynomial, scores_of
from scipy.stats import binom

from selfamplify import KernelShap, KernelShapCaptum, ShapleyValueSampling
from selfamplify.explain.kernel_shap import ESTIMATORS, Estimator
from selfamplify.explain.perturbation import AbstractPerturbation


@pytest.mark.long
@pytest.mark.parametrize(
    ("explainer", "players"),
    [
        (KernelShap(samples=200, estimator="least_squares"), 20),
        (KernelShap(samples=350, estimator="least_squares"), 40),
        (ShapleyValueSampling(permutations=40), 20),
    ],
    ids=str,
)
def test_standard_errors_cover_the_true_error(explainer: AbstractPerturbation, players: int) -> None:
    worth = polynomial(players, 4, pairwise=0.3, threes=3 * players)
    repetitions = 60
    covered, squares, variances = 0, [], []
    for seed in range(repetitions):
        result = explainer.attribute(Game(players, worth), seed)
        assert result.standard_errors is not None
        off, errors = np.array(result.scores) - worth.shapley, np.array(result.standard_errors)
        covered += int((np.abs(off) <= 1.96 * errors).sum())
        squares.append((off**2).mean())
        variances.append((errors**2).mean())
    assert 0.90 <= covered / (repetitions * players) <= 0.98
    assert np.sqrt(np.mean(squares) / np.mean(variances)) == pytest.approx(1.0, abs=0.15)


@pytest.mark.long
def test_kernel_shap_errs_less_with_more_samples_and_less_than_captums() -> None:
    worth = polynomial(30, 5, pairwise=0.3, threes=90)

    def error(explainer: AbstractPerturbation) -> float:
        runs = [scores_of(explainer, 30, worth, seed) - worth.shapley for seed in range(6)]
        return float(np.sqrt(np.mean(np.square(runs)) / np.mean(worth.shapley**2)))

    ours, longer, captums = map(error, (KernelShap(samples=350), KernelShap(samples=1400), KernelShapCaptum(samples=350)))
    assert longer < 0.7 * ours
    assert ours < 0.7 * captums


@pytest.mark.long
@pytest.mark.parametrize(("players", "samples"), [(40, 42), (40, 60), (170, 350), (25, 250)])
def test_intervals_of_the_process_contain_the_truth_even_if_pairs_are_few(players: int, samples: int) -> None:
    covered: list[float] = []
    for seed in range(8):
        worth = polynomial(players, seed, pairwise=0.3, threes=3 * players)
        found = KernelShap(samples=samples).attribute(Game(players, worth), seed)
        covered += (np.abs(np.array(found.scores) - worth.shapley) <= 1.96 * np.array(found.standard_errors)).tolist()
    assert np.mean(covered) > 0.9


@pytest.mark.long
def test_process_errs_less_than_least_squares_if_words_interact_in_threes() -> None:
    worth = polynomial(30, 5, pairwise=0.3, threes=90)
    errors = {
        estimator: np.mean(
            [
                np.square(scores_of(KernelShap(samples=200, estimator=estimator), 30, worth, seed) - worth.shapley).mean()
                for seed in range(12)
            ]
        )
        for estimator in ESTIMATORS
    }
    assert errors["gaussian_process"] < errors["least_squares"]


@pytest.mark.long
def test_standard_errors_of_the_process_are_of_the_size_of_its_errors() -> None:
    ratios = []
    for seed in range(40):
        worth = polynomial(25, seed, pairwise=0.3, threes=75)
        result = KernelShap(samples=250).attribute(Game(25, worth), seed)
        assert result.standard_errors is not None
        ratios.append(np.square(np.array(result.scores) - worth.shapley).mean() / np.square(result.standard_errors).mean())
    assert 0.5 < np.sqrt(np.mean(ratios)) < 2.0


@pytest.mark.long
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_stopping_rule_is_wrong_no_more_often_than_it_says(estimator: Estimator) -> None:
    rule = KernelShap(samples=800, estimator=estimator, stop_when_settled=0.9, keywords=3)
    stopped = wrong = 0
    for seed in range(40):
        worth = polynomial(16, seed, pairwise=0.2, threes=16)
        result = rule.attribute(Game(16, worth), seed)
        if result.passes < 700:
            stopped += 1
            wrong += set(np.argsort(result.scores)[-3:]) != set(np.argsort(worth.shapley)[-3:])
    assert stopped > 13
    assert wrong <= binom.ppf(0.999, stopped, 0.1)
