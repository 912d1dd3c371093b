"""Each metric, whole and in each draw, is what scikit-learn says of the rows so weighted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import sklearn.metrics as sk
from numpy.typing import NDArray
from sklearn.preprocessing import label_binarize

from balun.fit.bootstrap import Units
from balun.fit.metric import METRICS, Guess, Metric

Floats = NDArray[np.float64]
BY_NAME = {metric.name: metric for metric in METRICS}


def _ranked(score: Callable[..., float]) -> Callable[[Floats, Guess, Floats], float]:
    def peer(truth: Floats, guess: Guess, weights: Floats) -> float:
        if guess.score.shape[1] == 2:
            return score(truth, guess.score[:, 1], sample_weight=weights)
        there = np.unique(truth).astype(int)
        each = label_binarize(truth, classes=np.arange(guess.score.shape[1]))[:, there]
        return score(each, guess.score[:, there], average="macro", sample_weight=weights)

    return peer


def _f1(truth: Floats, guess: Guess, weights: Floats) -> float:
    average = "binary" if guess.score.shape[1] == 2 else "macro"
    return float(sk.f1_score(truth, guess.label, average=average, sample_weight=weights, zero_division=0))


def _proba(score: Callable[..., float]) -> Callable[[Floats, Guess, Floats], float]:
    def peer(truth: Floats, guess: Guess, weights: Floats) -> float:
        return score(truth, guess.score, labels=list(range(guess.score.shape[1])), sample_weight=weights)

    return peer


PEERS: dict[str, Callable[[Floats, Guess, Floats], float]] = {
    "roc_auc": _ranked(sk.roc_auc_score),
    "average_precision": _ranked(sk.average_precision_score),
    "log_loss": _proba(sk.log_loss),
    "brier": _proba(sk.brier_score_loss),
    "accuracy": lambda truth, guess, weights: sk.accuracy_score(truth, guess.label, sample_weight=weights),
    "f1": _f1,
    "mae": lambda truth, guess, weights: sk.mean_absolute_error(truth, guess.score, sample_weight=weights),
    "rmse": lambda truth, guess, weights: sk.root_mean_squared_error(truth, guess.score, sample_weight=weights),
    "r2": lambda truth, guess, weights: sk.r2_score(truth, guess.score, sample_weight=weights),
}
CASES = [(metric, classes) for metric in METRICS for classes in ((2, 3, 5) if metric.needs == "classifier" else (0,))]


def _case(classes: int, seed: int, rows: int = 300) -> tuple[Floats, Guess, Units]:
    """Scores in steps of a tenth, so that there are ties, and some of 0 and 1."""
    chance = np.random.default_rng([seed, classes])
    units = Units(np.sort(chance.integers(0, 12, rows)), 12)
    if not classes:
        truth = chance.normal(1e6, 3, rows).round(1)
        score = truth + chance.normal(size=rows).round(1)
        return truth, Guess(score, score), units
    score = chance.dirichlet(np.ones(classes), rows).round(1)
    score /= score.sum(axis=1, keepdims=True)
    truth = np.array([chance.choice(classes, p=0.5 * row + 0.5 / classes) for row in score])
    return truth, Guess(score, score.argmax(axis=1)), units


@pytest.mark.parametrize(("metric", "classes"), CASES, ids=lambda one: getattr(one, "name", str(one)))
@pytest.mark.parametrize("seed", range(3))
def test_whole_and_draws_are_what_scikit_learn_says(metric: Metric, classes: int, seed: int) -> None:
    truth, guess, units = _case(classes, seed)
    weights = np.random.default_rng(seed).integers(0, 4, (6, 12)).astype(float)
    drawn = metric.tally(truth, guess, units)(weights)
    assert metric.value(truth, guess) == pytest.approx(PEERS[metric.name](truth, guess, np.ones(len(truth))))
    for row, value in zip(weights, drawn, strict=True):
        by_row = row[units.index]
        there = by_row > 0
        assert value == pytest.approx(PEERS[metric.name](truth[there], guess.of(there), by_row[there]))


def test_every_metric_has_a_peer() -> None:
    assert set(PEERS) == set(BY_NAME)


def test_average_precision_of_many_scores_is_exact_whole_and_near_in_draws() -> None:
    chance = np.random.default_rng(5)
    truth = (chance.random(8000) < 0.2).astype(np.int64)
    score = chance.normal(size=8000) + truth
    guess, units = Guess(np.stack([-score, score], axis=1), truth), Units(np.arange(8000) // 400, 20)
    weights = chance.integers(0, 3, (5, 20)).astype(float)
    metric = BY_NAME["average_precision"]
    assert metric.value(truth, guess) == pytest.approx(sk.average_precision_score(truth, score))
    exact = [sk.average_precision_score(truth, score, sample_weight=row[units.index]) for row in weights]
    assert metric.tally(truth, guess, units)(weights) == pytest.approx(exact, abs=2e-3)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_draw_without_a_positive_has_no_rank(name: str) -> None:
    truth, score = np.array([0, 0, 1, 0]), np.array([0.1, 0.4, 0.35, 0.8])
    guess, units = Guess(np.stack([1 - score, score], axis=1), truth), Units(np.array([0, 0, 1, 1]), 2)
    assert np.isnan(BY_NAME[name].tally(truth, guess, units)(np.array([[1.0, 0.0]]))[0])


def test_draw_without_a_rare_class_is_the_mean_of_the_others() -> None:
    truth = np.array([0, 1, 0, 1, 2])
    guess = Guess(np.eye(3)[[0, 1, 1, 1, 2]], np.array([0, 1, 1, 1, 2]))
    tally = BY_NAME["f1"].tally(truth, guess, Units(np.array([0, 0, 0, 0, 1]), 2))
    assert tally(np.array([[1.0, 0.0]]))[0] == pytest.approx(sk.f1_score(truth[:4], guess.label[:4], average="macro"))


def test_probability_of_zero_for_what_came_costs_much_and_not_infinity() -> None:
    guess = Guess(np.array([[1.0, 0.0]]), np.array([0]))
    assert BY_NAME["log_loss"].value(np.array([1]), guess) == pytest.approx(36.04, abs=0.01)


@pytest.mark.parametrize("label", [0.1, 1e9 + 0.1])
def test_r2_of_equal_labels_is_no_number(label: float) -> None:
    truth = np.full(7, label)
    assert np.isnan(BY_NAME["r2"].value(truth, Guess(truth + 1, truth + 1)))


def test_class_that_training_lacked_keeps_ranks_finite() -> None:
    score = np.array([[0.2, 0.1, -np.inf], [0.1, 0.3, -np.inf], [0.5, 0.2, -np.inf]])
    found = BY_NAME["roc_auc"].value(np.array([0, 1, 2]), Guess(score, score.argmax(axis=1)))
    assert found == pytest.approx((0.5 + 1 + 0.5) / 3)
