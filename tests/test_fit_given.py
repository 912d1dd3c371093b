"""What a fitted model takes as rows, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC

from balun.errors import UsageError
from balun.fit import Fitted
from mixed import INPUTS, fit_mixed, mixed


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_mixed(LogisticRegression(), "roc_auc")[0]


SHAPES: list[Callable[[pa.Table], object]] = [
    lambda rows: rows.to_batches()[0],
    pl.from_arrow,
    lambda rows: rows.to_pandas(),
    lambda rows: rows.to_pylist(),
    lambda rows: rows.select([*reversed(rows.column_names)]),
    lambda rows: rows.select([*INPUTS, "at"]),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_of_any_library_get_the_same_answer(fitted: Fitted, shape: Callable[[pa.Table], object]) -> None:
    rows = mixed().slice(0, 40).combine_chunks()
    expected = fitted.predict_proba(rows)
    assert expected.shape == (40, 2)
    assert np.array_equal(fitted.predict_proba(shape(rows)), expected)
    assert np.array_equal(fitted.predict(shape(rows)), expected.astype(float)[:, 1] > 0.5)


def test_one_row_and_no_row(fitted: Fitted) -> None:
    row = mixed().to_pylist()[7]
    assert fitted.predict([row]).shape == (1,)
    assert fitted.predict([]).shape == (0,)
    assert fitted.predict_proba(mixed().slice(0, 0)).shape == (0, 2)


def test_missing_inputs_are_all_named_with_their_nearest_names(fitted: Fitted) -> None:
    rows = mixed().rename_columns({"size": "sizes", "kind": "sort"})
    with pytest.raises(UsageError) as caught:
        fitted.predict(rows)
    assert str(caught.value) == "rows lack size (did you mean sizes?), kind, which the model needs"


def test_time_of_the_example_is_needed_where_an_input_is_a_time(fitted: Fitted) -> None:
    with pytest.raises(UsageError, match="rows lack at"):
        fitted.predict(mixed().select(list(INPUTS)))
    plain = fit_mixed(Ridge(), "mae", label="delay", inputs=("size", "kind"))[0]
    assert plain.predict(mixed().select(["size", "kind"])).shape == (600,)


def test_row_that_lacks_an_input_is_named_by_its_number(fitted: Fitted) -> None:
    rows = mixed().to_pylist()[:3]
    del rows[2]["noise"]
    with pytest.raises(UsageError, match="row 2 lacks noise, which the model needs"):
        fitted.predict(rows)


def test_wrong_types_are_all_told(fitted: Fitted) -> None:
    rows = mixed().drop_columns(["size", "flag", "at"])
    rows = rows.append_column("size", pa.array(["big"] * 600)).append_column("flag", pa.array([1] * 600))
    with pytest.raises(UsageError) as caught:
        fitted.predict(rows.append_column("at", pa.array([1] * 600)))
    assert str(caught.value) == (
        "size is string here and was double in training; flag is int64 here and was bool in training; "
        "at, the example's time, is int64 here and must be a timestamp"
    )


@pytest.mark.parametrize("library", [pa.table, pl.DataFrame, pd.DataFrame])
def test_input_that_is_null_in_all_rows_is_no_wrong_type(library: Callable[[object], object]) -> None:
    fitted = fit_mixed(LogisticRegression(), "roc_auc", inputs=("size", "kind", "flag"))[0]
    assert len(fitted.predict(library({"size": [None, None], "kind": [None, None], "flag": [None, None]}))) == 2


def test_column_that_is_there_twice_is_refused(fitted: Fitted) -> None:
    twice = mixed().append_column("size", pa.array(range(600)))
    for rows in (twice, pd.concat([mixed().to_pandas(), pd.DataFrame({"size": range(600)})], axis=1)):
        with pytest.raises(UsageError, match="rows have more than one column size"):
            fitted.predict(rows)


def test_values_of_mixed_types_are_refused() -> None:
    fitted = fit_mixed(LogisticRegression(), "roc_auc", inputs=("size", "kind"))[0]
    for rows in ([{"size": 1, "kind": "a"}, {"size": "x", "kind": "b"}], pd.DataFrame({"size": [1, "x"], "kind": "a"})):
        with pytest.raises(UsageError, match="size holds values of different types"):
            fitted.predict(rows)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (pl.LazyFrame({"size": [1]}), "no LazyFrame; collect"),
        (np.zeros((2, 2)), "no ndarray"),
        ("size", "no str"),
        ({"size": [1]}, "no dict"),
        ([1, 2], "no list"),
        (pd.DataFrame({0: [1], 1: [2]}), "rows lack size"),
    ],
)
def test_what_is_no_rows_is_refused(fitted: Fitted, rows: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        fitted.predict(rows)


def test_estimator_without_probabilities_says_so() -> None:
    fitted = fit_mixed(LinearSVC(), "accuracy")[0]
    with pytest.raises(UsageError, match=r"LinearSVC gives no probabilities; ask it to predict\(\)"):
        fitted.predict_proba(mixed())


def test_pandas_categories_and_missing_are_as_arrow_has_them(fitted: Fitted) -> None:
    rows = mixed().to_pandas().astype({"kind": "category", "city": "category", "count": "Int64"})
    assert np.array_equal(fitted.predict_proba(rows), fitted.predict_proba(mixed()))


def test_time_without_a_zone_is_in_utc(fitted: Fitted) -> None:
    rows = mixed().slice(0, 3)
    moved = rows.set_column(0, "at", rows["at"].cast(pa.timestamp("us", "Asia/Tokyo")))
    naive = rows.set_column(0, "at", pa.array([one.astimezone(UTC).replace(tzinfo=None) for one in _times(rows)]))
    for same in (moved, naive):
        assert np.array_equal(fitted.predict_proba(same), fitted.predict_proba(rows))


def _times(rows: pa.Table) -> list[datetime]:
    found: list[datetime] = rows["at"].to_pylist()
    return found
