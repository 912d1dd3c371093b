"""A result is whole, and comes back from JSON as it was."""

from __future__ import annotations

import json
from datetime import UTC

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import SVC

from balun.fit import Result
from mixed import INPUTS, fit_mixed, mixed


@pytest.mark.parametrize(
    ("estimator", "metric", "label"),
    [(LogisticRegression(), "brier", "late"), (SVC(), "roc_auc", "grade"), (Ridge(), "r2", "delay")],
)
def test_result_comes_back_from_json(estimator: object, metric: str, label: str) -> None:
    result = fit_mixed(estimator, metric, label=label)[1]
    assert Result.from_json(json.loads(json.dumps(result.as_json()))) == result


def test_bounds_that_are_no_numbers_are_null_and_come_back() -> None:
    """Rows of ten instants: too few units for an interval of a slice or of the whole."""
    times = pa.array([one for one in mixed()["at"].to_pylist()[::120] for _ in range(120)])
    rows = mixed().drop_columns(["at", "label_known"]).append_column("at", times)
    result = fit_mixed(LogisticRegression(), "roc_auc", rows, inputs=("size", "kind"))[1]
    text = json.dumps(result.as_json(), allow_nan=False)
    assert Result.from_json(json.loads(text)).as_json() == result.as_json()


@pytest.mark.parametrize("told", [{}, {"model": "x"}])
def test_what_is_no_result_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(KeyError):
        Result.from_json(told)


def test_result_tells_of_rows_times_and_costs() -> None:
    result = fit_mixed(LogisticRegression(), "roc_auc")[1]
    assert (result.model, result.estimator, result.label) == ("delays", "LogisticRegression", "late")
    assert (result.train.rows, result.test.rows, result.embargoed, result.unlabelled) == (447, 151, 2, 0)
    assert (result.positive, result.snapshot, result.draws) == ("True", "corpus-1", 1000)
    assert result.train.first.tzinfo == UTC
    assert result.block_days * result.blocks == pytest.approx(15, abs=1)
    assert {one.input for one in result.importances} == set(INPUTS)
    cost = result.cost
    assert min(cost.fit_s, cost.bulk_us, cost.single_us, cost.row_bytes, cost.model_bytes) > 0
    assert cost.bulk_us < cost.single_us


def test_bytes_of_a_row_are_those_of_its_inputs() -> None:
    result = fit_mixed(LogisticRegression(), "roc_auc", inputs=("noise", "count"))[1]
    assert result.cost.row_bytes == 16


def test_slices_are_worst_first_and_importances_greatest_first() -> None:
    for metric, sign in (("roc_auc", 1), ("log_loss", -1)):
        result = fit_mixed(LogisticRegression(), metric, slices=("kind", "city"))[1]
        assert (np.diff([sign * one.metric for one in result.slices]) >= 0).all()
        assert (np.diff([one.drop for one in result.importances]) <= 0).all()
