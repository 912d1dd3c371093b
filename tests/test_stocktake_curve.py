"""What is said of twice the rows holds on learners whose law is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from balun.stocktake.curve import Curve, curve_of, grown
from balun.stocktake.power_law import fitted_law
from balun.stocktake.stock import Stock
from mixed import model_of
from stocks import Planted, easy, stock_of, with_column


def _stock(rows: int, seed: int, learner: Planted) -> Stock:
    """The label is the input and some noise, so that the planted learner's mean absolute error is known."""
    made = easy(rows, seed)
    x = np.array(made["x"].to_pylist())
    made = with_column(made, "delay", x)
    return stock_of(made, model_of(learner, "mae"), inputs=("x",), label="delay")


def _curve(stock: Stock, seed: int = 0) -> Curve:
    found = grown(stock, 100_000, seed, lambda _: None)
    assert found is not None
    return curve_of(stock, found, seed)


def test_law_without_noise_is_found_again() -> None:
    rows = np.array([100.0, 200, 400, 800, 1600])
    for power in (0.1, 0.3, 1.0):
        law = fitted_law(rows, (0.5 + 2 * rows**-power)[None], np.ones(5))
        assert law.fall(1600, 3200)[0] == pytest.approx(2 * (1600**-power - 3200**-power), rel=0.05)


def test_error_that_grows_with_rows_promises_nothing() -> None:
    law = fitted_law(np.array([100.0, 200, 400]), np.array([[0.1, 0.2, 0.3]]), np.ones(3))
    assert law.fall(400, 800)[0] < 0


def test_limit_is_kept_to_what_the_metric_can_be() -> None:
    rows = np.array([100.0, 200, 400])
    law = fitted_law(rows, (0.4 - 0.05 * np.log(rows / 100))[None], np.ones(3), least=0.0)
    assert law.a[0] >= 0


def _covered(worlds: int) -> float:
    """The share of planted learners of whom the interval holds the truth; powers and luck differ."""
    hits = 0
    for number in range(worlds):
        learner = Planted(power=(0.2, 0.35, 0.5, 0.8)[number % 4], luck=(0.02, 0.05, 0.2)[number % 3])
        found = _curve(_stock(1200, number, learner), number)
        truth = learner.drop * (found.rows**-learner.power - found.twice**-learner.power)
        hits += found.low <= truth <= found.high
    return hits / worlds


def test_gain_covers_the_truth() -> None:
    assert _covered(24) >= 0.8


@pytest.mark.long
def test_gain_covers_the_truth_about_95_in_100() -> None:
    assert 0.9 <= _covered(300) <= 0.995


def test_gain_is_in_the_metrics_better_direction() -> None:
    found = _curve(_stock(1600, 3, Planted(luck=0.01)))
    assert found.gain > 0
    assert not found.greater_is_better
    assert [one.metric for one in found.points] == sorted((one.metric for one in found.points), reverse=True)


def test_learner_that_learns_nothing_gains_nothing() -> None:
    found = _curve(_stock(1600, 3, Planted(drop=0.0)))
    assert found.gain == pytest.approx(0, abs=1e-6)
    assert found.low <= 0 <= found.high + 1e-9


def test_smaller_training_is_within_the_larger() -> None:
    seen: list[set[float]] = []

    class Remembers(Planted):
        def fit(self, matrix, truth):  # type: ignore[no-untyped-def]
            seen.append({round(float(one), 9) for one in truth})
            return super().fit(matrix, truth)

    stock = _stock(1600, 1, Remembers())
    grown(stock, 1000, 0, lambda _: None)
    assert max(map(len, seen)) == 1000
    starts = [0, 3, 6, 8, 10]
    assert all(seen[one] <= seen[other] for one, other in pairwise(starts))


def test_of_few_rows_there_is_no_curve() -> None:
    stock = stock_of(easy(150), model_of(LogisticRegression(), "roc_auc"))
    assert grown(stock, 100_000, 0, lambda _: None) is None
