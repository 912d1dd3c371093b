"""What is said to come one time in ten is compared with how often it came."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from balun.fit.bootstrap import Units
from balun.fit.calibration import calibrate, residuals
from balun.fit.metric import Guess
from balun.fit.result import Calibration


def _calibrated(probability: NDArray[np.float64], truth: NDArray[np.int64]) -> Calibration:
    guess = Guess(np.stack([1 - probability, probability], axis=1), (probability > 0.5).astype(np.int64))
    return calibrate(truth, guess, Units(np.arange(len(truth)) * 50 // len(truth), 50), 0)


@pytest.mark.parametrize("digits", [1, 2, 9])
@pytest.mark.parametrize("seed", range(3))
def test_bins_sum_to_the_whole(digits: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    probability = chance.beta(1, 4, 3000).round(digits)
    truth = (chance.random(3000) < probability).astype(np.int64)
    bins = _calibrated(probability, truth).bins
    assert sum(one.rows for one in bins) == 3000
    assert sum(one.rows * one.predicted for one in bins) == pytest.approx(probability.sum())
    assert sum(one.rows * one.observed for one in bins) == pytest.approx(truth.sum())
    assert all(0 <= one.low <= one.observed <= one.high <= 1 for one in bins)
    assert len(bins) <= 10


def test_error_is_the_mean_distance_over_rows() -> None:
    chance = np.random.default_rng(1)
    probability = chance.random(4000)
    truth = (chance.random(4000) < probability).astype(np.int64)
    assert _calibrated(probability, truth).error < 0.03
    assert _calibrated(probability / 2, truth).error == pytest.approx(0.25, abs=0.02)


def test_intervals_of_a_calibrated_model_hold_the_diagonal() -> None:
    hits = []
    for seed in range(20):
        chance = np.random.default_rng(seed)
        probability = chance.random(2000)
        truth = (chance.random(2000) < probability).astype(np.int64)
        hits += [one.low <= one.predicted <= one.high for one in _calibrated(probability, truth).bins]
    assert 0.9 < np.mean(hits) < 0.99


def test_one_probability_for_all_is_one_bin() -> None:
    (only,) = _calibrated(np.full(100, 0.3), np.arange(100) % 2).bins
    assert (only.rows, only.observed) == (100, 0.5)
    assert only.predicted == pytest.approx(0.3)


def test_of_three_classes_it_is_the_one_that_was_named() -> None:
    score = np.tile([0.2, 0.5, 0.3], (60, 1))
    guess = Guess(score, score.argmax(axis=1))
    (only,) = calibrate(np.arange(60) % 3, guess, Units(np.arange(60), 60), 0).bins
    assert [only.predicted, only.observed] == pytest.approx([0.5, 1 / 3])


def test_residuals_are_quantiles_of_truth_minus_prediction() -> None:
    truth = np.arange(101.0)
    assert [one.value for one in residuals(truth, Guess(truth * 0, truth))] == [5, 25, 50, 75, 95]
