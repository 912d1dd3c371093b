"""What the model leans on comes first; noise is told from it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from balun.fit.importance import _sample
from balun.fit.result import Importance
from mixed import fit_mixed, mixed


def _by_name(found: tuple[Importance, ...]) -> dict[str, Importance]:
    return {one.input: one for one in found}


@pytest.mark.parametrize(
    ("estimator", "metric", "label"),
    [
        (LogisticRegression(), "roc_auc", "late"),
        (HistGradientBoostingClassifier(max_iter=30), "log_loss", "late"),
        (KNeighborsClassifier(), "accuracy", "grade"),
        (RandomForestRegressor(20), "rmse", "delay"),
    ],
)
def test_planted_input_is_first_and_noise_is_no_worse_than_nothing(estimator: object, metric: str, label: str) -> None:
    found = fit_mixed(estimator, metric, mixed(1200), label=label)[1].importances
    assert found[0].input == "size"
    assert found[0].low > 0
    noise = _by_name(found)["noise"]
    assert noise.low <= 0 <= noise.high


def test_interval_of_noise_covers_zero_nearly_always() -> None:
    covered = []
    for seed in range(12):
        rows = mixed(600, seed)
        names = ("size", *(f"noise{number}" for number in range(5)))
        for number, name in enumerate(names[1:]):
            values = np.random.default_rng([seed, number, 7]).normal(size=600)
            rows = rows.append_column(name, pa.array(values))
        found = _by_name(fit_mixed(LogisticRegression(), "roc_auc", rows, inputs=names)[1].importances)
        covered += [found[name].low <= 0 <= found[name].high for name in names[1:]]
    assert np.mean(covered) >= 0.9


def test_categories_are_shuffled_whole() -> None:
    found = _by_name(fit_mixed(LogisticRegression(), "roc_auc", mixed(1200), inputs=("kind", "noise"))[1].importances)
    assert found["kind"].drop > found["noise"].drop
    assert found["kind"].low > 0


def test_input_the_model_cannot_see_loses_nothing() -> None:
    rows = mixed().set_column(3, "size", pa.nulls(600, pa.float64()))
    lost = _by_name(fit_mixed(LogisticRegression(), "roc_auc", rows)[1].importances)["size"]
    assert (lost.drop, lost.low, lost.high) == (0, 0, 0)


@pytest.mark.parametrize(
    ("rows", "allowed", "expected"),
    [(1000, 5000, (1000, 3)), (1000, 2500, (1000, 2)), (1000, 1000, (1000, 1)), (1000, 400, (400, 1)),
     (1000, 10, (200, 1)), (90_000, 90_000, (20_000, 1)), (50, 10, (50, 1))],
)  # fmt: skip
def test_more_rows_come_before_more_shuffles(rows: int, allowed: int, expected: tuple[int, int]) -> None:
    picked, repeats = _sample(rows, allowed, np.random.default_rng(0))
    assert (len(picked), repeats) == expected
    assert (np.diff(picked) > 0).all()
