"""Each type of Arrow as the numbers or texts an estimator takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from balun.fit.column import kind_of, microseconds, numbers, texts


def _column(values: list[object], dtype: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, dtype)])


NUMBERS: list[tuple[list[object], pa.DataType | None, list[float]]] = [
    ([1, None], pa.uint8(), [1]),
    ([2**63], pa.uint64(), [2.0**63]),
    ([1.5, float("nan"), float("inf"), -float("inf")], pa.float32(), [1.5]),
    ([Decimal("1.25"), None], pa.decimal128(5, 2), [1.25]),
    ([Decimal("1.25")], pa.decimal256(50, 2), [1.25]),
    ([None, None], pa.null(), []),
    ([time(1, 0, 2), None], pa.time64("ns"), [3602]),
    ([1], pa.time64("ns"), [0]),
    ([time(0, 1)], pa.time32("s"), [60]),
    ([timedelta(days=1, seconds=0.5)], pa.duration("us"), [86_400.5]),
    ([(1, 2, 3_000_000_000), None], pa.month_day_nano_interval(), [32 * 86_400 + 3]),
    ([b"\x01\0\0\0\x02\0\0\0\xb8\x0b\0\0", None], pa.binary(12), [32 * 86_400 + 3]),
]


@pytest.mark.parametrize(("values", "dtype", "expected"), NUMBERS, ids=lambda one: str(one)[:30])
def test_values_become_numbers_and_the_rest_nan(
    values: list[object], dtype: pa.DataType, expected: list[float]
) -> None:
    found = numbers(_column(values, dtype), None)
    assert len(found) == len(values)
    assert found[~np.isnan(found)].tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (datetime(2024, 1, 1, 1, tzinfo=UTC), pa.timestamp("s")),
        (datetime(2024, 1, 1, 1, tzinfo=UTC), pa.timestamp("ns", "UTC")),
        (date(2024, 1, 1), pa.date32()),
        (date(2024, 1, 1), pa.date64()),
    ],
)
def test_times_are_seconds_from_the_example(value: object, dtype: pa.DataType) -> None:
    at_us = microseconds(_column([datetime(2024, 1, 1, 2, tzinfo=UTC)] * 2, pa.timestamp("us")))
    before = numbers(_column([value, None], dtype), at_us)
    assert before[0] == (-3600 if isinstance(value, datetime) else -7200)
    assert np.isnan(before[1])


def test_endless_times_are_missing() -> None:
    endless = _column([2**63 - 1, -(2**63) + 1, 0], pa.int64()).cast(pa.timestamp("us"))
    assert np.isnan(microseconds(endless)).tolist() == [True, True, False]


@pytest.mark.parametrize("dtype", [pa.int64(), pa.string(), pa.month_day_nano_interval(), pa.null(), pa.time64("us")])
def test_column_without_rows_has_no_numbers(dtype: pa.DataType) -> None:
    if kind_of(dtype) != "text":
        assert numbers(pa.chunked_array([], dtype), None).tolist() == []
        assert numbers(_column([], dtype), None).tolist() == []


def test_slice_of_intervals_is_its_own_rows() -> None:
    whole = pa.array([(0, day, 0) for day in range(5)], pa.month_day_nano_interval())
    assert numbers(pa.chunked_array([whole.slice(3, 1)]), None).tolist() == [3 * 86_400]


TEXTS: list[Callable[[], pa.ChunkedArray]] = [
    lambda: _column(["a", None], pa.large_string()),
    lambda: _column(["a", None], pa.string_view()),
    lambda: pa.chunked_array([pa.array(["a", None]).dictionary_encode()]),
    lambda: pl.DataFrame({"x": pl.Series(["a", None], dtype=pl.Categorical)}).to_arrow()["x"],
    lambda: pl.DataFrame({"x": pl.Series(["a", None], dtype=pl.Enum(["b", "a"]))}).to_arrow()["x"],
]


@pytest.mark.parametrize("make", TEXTS)
def test_texts_of_every_kind_are_texts(make: Callable[[], pa.ChunkedArray]) -> None:
    column = make()
    assert kind_of(column.type) == "text"
    assert texts(column).to_pylist() == ["a", None]


def test_booleans_are_words() -> None:
    assert texts(_column([True, None, False])).to_pylist() == ["true", None, "false"]


@pytest.mark.parametrize("dtype", [pa.list_(pa.int8()), pa.struct({"a": pa.int8()}), pa.binary(), pa.binary(16)])
def test_nested_and_raw_types_are_no_input(dtype: pa.DataType) -> None:
    assert kind_of(dtype) is None
