"""The metric on parts of the test, the worst first."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from balun.fit.bootstrap import Units, draws_for
from balun.fit.metric import METRICS, Guess
from balun.fit.result import Slice
from balun.fit.slices import slices_of
from mixed import fit_mixed, mixed

_DAYS = pa.month_day_nano_interval()


def _slices(columns: dict[str, object], asked: list[str], inputs: list[str], rows: int = 400) -> tuple[Slice, ...]:
    """The absolute error is the row's number."""
    truth, units = np.arange(float(rows)), Units(np.arange(rows) // 10, rows // 10)
    guess = Guess(np.zeros(rows), np.zeros(rows))
    metric = next(metric for metric in METRICS if metric.name == "mae")
    draws = draws_for(metric.tally(truth, guess, units), units, 0)
    return slices_of(pa.table(columns), asked, inputs, (metric, truth, guess), units, draws)


def _told(found: tuple[Slice, ...]) -> list[tuple[str, str, int, float]]:
    return [(one.column, one.value, one.rows, one.metric) for one in found]


def test_values_of_a_column_are_slices_and_the_worst_is_first() -> None:
    found = _slices({"x": ["a"] * 100 + ["b"] * 300}, ["x"], [])
    assert _told(found) == [("x", "b", 300, 249.5), ("x", "a", 100, 49.5)]
    assert all(one.low <= one.metric <= one.high for one in found)


def test_small_slices_are_left_out_and_missing_is_one() -> None:
    found = _slices({"x": ["a"] * 49 + ["b"] * 51 + [None] * 300}, ["x"], [])
    assert _told(found) == [("x", "missing", 300, 249.5), ("x", "b", 51, 74)]


def test_numbers_of_many_values_are_cut_in_quarters() -> None:
    found = _slices({"x": [*range(360)] + [None] * 40}, ["x"], [])
    assert [(one.value, one.rows) for one in found] == [
        ("269.2 and over", 90), ("179.5 to 269.2", 90), ("89.75 to 179.5", 90), ("under 89.75", 90)
    ]  # fmt: skip


def test_without_a_wish_categories_and_missing_inputs_are_chosen() -> None:
    columns: dict[str, object] = {
        "flag": [True, False] * 200,
        "same": ["a"] * 400,
        "name": [str(number) for number in range(400)],
        "number": [1.0, None] * 200,
        "other": ["c", "d"] * 200,
    }
    found = _slices(columns, [], ["flag", "same", "name", "number"])
    assert {(one.column, one.value) for one in found} == {("flag", "true"), ("flag", "false"), ("number", "missing")}


@pytest.mark.parametrize("column", ["at", "born", "since", "price", "flag", "city", "size", "kind"])
def test_column_of_any_type_can_be_asked_for(column: str) -> None:
    result = fit_mixed(LinearRegression(), "mae", label="delay", slices=(column,))[1]
    assert {one.column for one in result.slices} <= {column}


def test_lengths_of_time_can_be_asked_for() -> None:
    rows = mixed().append_column("wait", pa.array([(0, number % 2, 0) for number in range(600)], _DAYS))
    found = fit_mixed(LinearRegression(), "mae", rows, label="delay", slices=("wait",))[1].slices
    assert len(found) == 2


def test_slice_in_which_the_metric_has_no_value_is_left_out() -> None:
    rows = mixed()
    rows = rows.append_column("label", pa.array([str(late) for late in rows["late"].to_pylist()]))
    assert fit_mixed(LogisticRegression(), "roc_auc", rows, slices=("label",))[1].slices == ()


def test_only_the_hundred_largest_of_a_column_are_told() -> None:
    names = [str(number // 60) for number in range(60 * 120)]
    assert len(_slices({"x": names}, ["x"], [], rows=60 * 120)) == 100
