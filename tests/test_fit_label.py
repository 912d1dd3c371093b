"""Labels as classes or numbers, and what is neither."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from balun.fit.label import UnfitLabel, read_label


def _column(values: list[object], dtype: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values[:1], dtype), pa.array(values[1:], dtype)])


CLASSES: list[tuple[list[object], pa.DataType | None, list[object]]] = [
    ([True, False, True], None, [False, True]),
    (["b", "a", "b"], pa.large_string(), ["a", "b"]),
    (["b", "a", "b"], pa.dictionary(pa.int32(), pa.string()), ["a", "b"]),
    ([3, 1, 3], pa.uint8(), [1, 3]),
    ([3.0, 1.0, 3.0], None, [1, 3]),
    ([Decimal("3.00"), Decimal("1.00"), Decimal("3.00")], None, [1, 3]),
]


@pytest.mark.parametrize(("values", "dtype", "classes"), CLASSES, ids=lambda one: str(one)[:30])
def test_classes_are_in_order_and_come_back_as_values(
    values: list[object], dtype: pa.DataType | None, classes: list[object]
) -> None:
    label = read_label("late", _column(values, dtype), classify=True)
    assert label.truth.tolist() == [1, 0, 1]
    assert label.classes is not None
    assert label.classes.tolist() == classes
    assert label.values().tolist() == [classes[1], classes[0], classes[1]]


@pytest.mark.parametrize("dtype", [pa.int16(), pa.float32(), pa.decimal128(21, 2)])
def test_numbers_are_floats_to_a_regressor(dtype: pa.DataType) -> None:
    label = read_label("delay", _column([1, 2, 3]).cast(dtype), classify=False)
    assert (label.truth.tolist(), label.classes) == ([1, 2, 3], None)
    assert label.truth.dtype == np.float64


UNFIT: list[tuple[list[object], pa.DataType | None, bool, str]] = [
    ([0.5, 1.0], None, True, "isn't whole numbers"),
    ([float("nan"), 1.0], None, True, "isn't whole numbers"),
    ([2**63, 1], pa.uint64(), True, "beyond 64 bits"),
    ([1, 2], pa.timestamp("us"), True, "no class"),
    ([[1], [2]], None, True, "no class"),
    (list(range(201)), None, True, "201 classes, over 200"),
    (["a", "b"], None, False, "a regressor needs numbers"),
    ([True, False], None, False, "a regressor needs numbers"),
    ([1.0, float("inf"), float("nan")], None, False, "NaN or infinite in 2 of 3 rows"),
]


@pytest.mark.parametrize(("values", "dtype", "classify", "words"), UNFIT, ids=lambda one: str(one)[:30])
def test_unfit_label_says_why_and_how_to_mend(
    values: list[object], dtype: pa.DataType | None, classify: bool, words: str
) -> None:
    with pytest.raises(UnfitLabel, match=words) as caught:
        read_label("late", _column(values, dtype), classify=classify)
    assert "late" in str(caught.value)
    assert caught.value.mend
