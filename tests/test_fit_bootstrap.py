"""Intervals hold the truth as often as they say, also where the errors of neighbouring days are alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from balun.fit.bootstrap import Units, draws_of, units_of
from balun.fit.memory import Memory, memory_of
from losses import DAY_US, covers, luck


def test_intervals_cover_where_days_are_alike() -> None:
    assert 0.88 <= covers("mae", 60, 0.6, 250) <= 0.99


def test_rows_drawn_one_by_one_undercover_there() -> None:
    assert covers("mae", 60, 0.6, 60, blocks=False) < 0.6


@pytest.mark.long
@pytest.mark.parametrize("metric", ["mae", "rmse", "brier", "roc_auc"])
@pytest.mark.parametrize("days", [60, 150])
@pytest.mark.parametrize("memory", [0.0, 0.3, 0.6, 0.8])
def test_intervals_cover_about_95_in_100(metric: str, days: int, memory: float) -> None:
    found = covers(metric, days, memory, 1200)
    assert (0.84 if memory > 0.6 else 0.88) <= found <= 0.985, found


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=300))
def test_every_row_is_in_a_unit_and_units_follow_time(times: list[int]) -> None:
    at = np.array(times)
    units = units_of(at)
    assert units.index.shape == at.shape
    assert set(units.index.tolist()) == set(range(units.count))
    assert units.count <= 200
    if len(np.unique(at)) >= 10:
        assert (np.diff(units.index[np.argsort(at, kind="stable")]) >= 0).all()


@pytest.mark.parametrize(("days", "units"), [(60, 60), (400, 200), (9, 18), (2, 16)])
def test_units_are_days_or_parts_or_several(days: int, units: int) -> None:
    assert units_of(np.arange(days * 24) * DAY_US // 24).count == units


def test_rows_of_one_instant_are_dealt_out() -> None:
    assert units_of(np.zeros(500, dtype=np.int64)).count == 100


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 5))
def test_each_draw_has_as_many_units_as_there_are(count: int, length: int, seed: int) -> None:
    units = Units(np.arange(count), count)
    draws = draws_of(units, Memory(length), seed, 20)
    assert (draws.weights.sum(axis=1) == count).all()
    assert (draws_of(units, Memory(length), seed, 20).weights == draws.weights).all()


def test_longer_memory_makes_longer_blocks() -> None:
    chance = np.random.default_rng(1)
    lengths = [np.mean([memory_of(luck(150, share, chance)).length for _ in range(40)]) for share in (0.0, 0.5, 0.8)]
    assert lengths[0] < 3 < lengths[1] < lengths[2] <= 15


@pytest.mark.parametrize("series", [[], [1.0], [2.0] * 50, [np.nan] * 50])
def test_series_that_tells_nothing_has_no_memory(series: list[float]) -> None:
    assert memory_of(np.array(series)) == Memory(1, 1.0)


def test_block_that_spans_the_test_leaves_no_interval() -> None:
    units = Units(np.arange(10), 10)
    draws = draws_of(units, Memory(8), 0, 50)
    assert np.isnan(draws.interval(0.5, np.linspace(0, 1, 50), units)).all()


def test_interval_holds_the_value_and_keeps_its_bounds() -> None:
    units = Units(np.arange(40), 40)
    draws = draws_of(units, Memory(1, widen=3.0), 0, 400)
    drawn = np.random.default_rng(0).normal(0.9, 0.05, 400)
    low, high = draws.interval(0.99, drawn, units, (0.0, 1.0))
    assert (low < 0.8, high) == (True, 1.0)


def test_draws_without_a_value_are_left_out_up_to_half() -> None:
    units = Units(np.arange(40), 40)
    draws = draws_of(units, Memory(), 0, 100)
    drawn = np.where(np.arange(100) < 40, np.nan, np.linspace(0, 1, 100))
    assert np.isfinite(draws.interval(0.7, drawn, units)).all()
    assert np.isnan(draws.interval(0.7, np.where(np.arange(100) < 60, np.nan, 0.5), units)).all()
