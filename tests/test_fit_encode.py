"""All that is learnt for the matrix is learnt from training rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balun.fit.encode import Encoder
from balun.fit.style import Style
from mixed import INPUTS, mixed

AT = pa.array([datetime(2024, 1, 1, tzinfo=UTC)] * 4)
CODES, SPREAD, SCALED = Style(codes=True), Style(codes=False), Style(codes=False, scaled=True)
STYLES = (CODES, SPREAD, SCALED, Style(codes=False, single=True))


def _encoded(
    training: list[object], later: list[object], style: Style, dtype: pa.DataType | None = None
) -> list[list[float]]:
    """The matrix of `later` after learning from `training`."""
    rows = [
        pa.table({"at": AT[0:1].take(pa.array([0] * len(one))), "x": pa.array(one, dtype)}) for one in (training, later)
    ]
    found: list[list[float]] = Encoder.learn(rows[0], ["x"], "at", style).matrix(rows[1]).tolist()
    return found


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_test_rows_change_neither_encoder_nor_training_matrix(style: Style, seed: int) -> None:
    rows = mixed(120)
    training, later = rows.slice(0, 90), mixed(120, seed).slice(90)
    split = pa.array(np.arange(120) < 90)
    both = [pa.concat_tables([training, part]).filter(split) for part in (rows.slice(90), later)]
    encoders = [Encoder.learn(part, INPUTS, "at", style) for part in both]
    assert encoders[0] == encoders[1]
    assert np.array_equal(encoders[0].matrix(both[0]), encoders[1].matrix(both[1]), equal_nan=True)


@pytest.mark.parametrize("style", STYLES)
def test_row_is_encoded_alike_alone_and_among_others(style: Style) -> None:
    rows = mixed(120)
    encoder = Encoder.learn(rows, INPUTS, "at", style)
    whole = encoder.matrix(rows)
    for number in (0, 7, 119):
        assert np.array_equal(encoder.matrix(rows.slice(number, 1))[0], whole[number], equal_nan=True)


def test_codes_are_by_frequency_and_the_unseen_is_missing() -> None:
    found = np.array(_encoded(["a", "b", "b", None], ["a", "b", "new", None], CODES))
    assert np.array_equal(found, np.array([[1], [0], [np.nan], [np.nan]]), equal_nan=True)


def test_a_column_a_category_and_the_unseen_is_marked_missing() -> None:
    found = _encoded(["a", "b", "b", None], ["a", "b", "new", None], SPREAD)
    assert found == [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1]]


def test_rare_categories_share_a_place_with_the_unseen() -> None:
    style = Style(codes=False, categories=2)
    assert _encoded(["a", "a", "b", "c"], ["a", "b", "c", "new"], style) == [[1, 0], [0, 1], [0, 1], [0, 1]]


@pytest.mark.parametrize("count", [254, 255, 256, 1000])
def test_no_more_codes_than_a_histogram_has_bins(count: int) -> None:
    names: list[object] = [str(number) for number in range(count)]
    found = np.array(_encoded(names, [*names, "new"], CODES))
    assert np.nanmax(found) <= 254
    assert len(np.unique(found[~np.isnan(found)])) == min(count, 255)


def test_missing_numbers_get_the_median_of_training_and_a_mark() -> None:
    assert _encoded([1.0, 2.0, 9.0, None], [None, 5.0], SPREAD) == [[2, 1], [5, 0]]


def test_numbers_are_scaled_by_training() -> None:
    assert _encoded([1.0, 3.0], [1.0, 5.0], SCALED) == [[-1], [3]]


@pytest.mark.parametrize("value", [0.1, 1e15 + 0.1, -7.0])
def test_constant_stays_small_where_it_changes_later(value: float) -> None:
    found = np.array(_encoded([value] * 7, [value, value + 1], SCALED))
    assert found == pytest.approx(np.array([[0.0], [1.0]]), abs=0.2)


@pytest.mark.parametrize("style", STYLES)
def test_nan_and_infinity_are_missing_and_huge_numbers_stay_finite(style: Style) -> None:
    found = np.array(_encoded([1.0, 2.0, np.nan, np.inf, 1e300], [np.inf, -1e300, 1e300], style))
    if style.codes:
        assert np.isnan(found[0, 0])
    else:
        assert np.isfinite(found).all()
        assert found[:, 1].tolist() == [1, 0, 0]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("dtype", [pa.string(), pa.float64(), pa.null(), pa.timestamp("us"), pa.bool_()])
def test_column_that_is_null_in_training_is_constant_later(style: Style, dtype: pa.DataType) -> None:
    training = pa.table({"at": AT, "x": pa.nulls(4, dtype)})
    encoder = Encoder.learn(training, ["x"], "at", style)
    assert encoder.inputs[0].empty
    assert encoder.matrix(training).tolist() == [[0]] * 4
    assert encoder.matrix(pa.table({"at": AT, "x": pa.array([1, 2, 3, 4])})).tolist() == [[0]] * 4


def test_times_are_told_from_the_examples_time() -> None:
    since = [AT[0].as_py() - timedelta(seconds=seconds) for seconds in (10, 20, 30, 40)]
    rows = pa.table({"at": AT, "since": since})
    encoder = Encoder.learn(rows, ["since"], "at", CODES)
    assert encoder.matrix(rows)[:, 0].tolist() == [-10, -20, -30, -40]
    assert encoder.needed == ("since", "at")


def test_booleans_are_categories() -> None:
    assert _encoded([True, True, False], [True, False, None], CODES)[:2] == [[0], [1]]


@pytest.mark.parametrize("style", STYLES)
def test_encoder_comes_back_from_json(style: Style) -> None:
    encoder = Encoder.learn(mixed(120), INPUTS, "at", style)
    assert Encoder.from_json(json.loads(json.dumps(encoder.as_json()))) == encoder


@pytest.mark.parametrize("style", STYLES)
def test_places_are_all_columns_in_order(style: Style) -> None:
    encoder = Encoder.learn(mixed(120), INPUTS, "at", style)
    places = encoder.places()
    assert [place.start for place in places] == [0, *(place.stop for place in places[:-1])]
    assert encoder.matrix(mixed(120)).shape == (120, places[-1].stop)
