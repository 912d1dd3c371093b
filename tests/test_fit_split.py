"""Training ends before the test begins, labels and all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from balun.chain.duration import Duration
from balun.chain.model import TimeSplit
from balun.fit.split import split_rows

HOUR_US = 3_600_000_000
ROWS = st.lists(st.tuples(st.integers(0, 500), st.integers(-5, 100)), min_size=1, max_size=60)


@given(ROWS, st.integers(1, 400), st.one_of(st.none(), st.integers(1, 200)))
def test_each_row_is_in_one_part_and_training_was_over(
    rows: list[tuple[int, int]], test_h: int, embargo_h: int | None
) -> None:
    at = np.array([hour for hour, _ in rows]) * HOUR_US
    known = at + np.array([late for _, late in rows]) * HOUR_US
    embargo = None if embargo_h is None else Duration.parse(f"{embargo_h}h")
    made = split_rows(at, known, TimeSplit(Duration.parse(f"{test_h}h"), embargo))
    assert (made.train.astype(int) + made.test + made.embargoed == 1).all()
    assert made.test[at.argmax()]
    assert (at[made.test] >= made.start_us).all()
    assert (known[made.train] < made.start_us).all()
    assert (at[made.train] < made.start_us - (embargo_h or 0) * HOUR_US).all()


@given(ROWS, st.integers(1, 400))
def test_nothing_is_held_back_without_need(rows: list[tuple[int, int]], test_h: int) -> None:
    at = np.array([hour for hour, _ in rows]) * HOUR_US
    made = split_rows(at, at, TimeSplit(Duration.parse(f"{test_h}h")))
    assert not made.embargoed.any()


def test_embargo_longer_than_the_label_takes_is_kept() -> None:
    at = np.arange(10) * 24 * HOUR_US
    made = split_rows(at, at + HOUR_US, TimeSplit(Duration.parse("2d"), Duration.parse("3d")))
    assert (made.train.sum(), made.embargoed.sum(), made.test.sum()) == (4, 3, 3)


@pytest.mark.parametrize("late_h", [24, 48])
def test_label_known_at_the_first_instant_of_the_test_is_no_training(late_h: int) -> None:
    at = np.array([0, 24]) * HOUR_US
    assert not split_rows(at, at + late_h * HOUR_US, TimeSplit(Duration.parse("1h"))).train.any()


def test_local_days_of_a_split_are_24_hours() -> None:
    at = np.arange(5) * 24 * HOUR_US
    made = split_rows(at, at, TimeSplit(Duration.parse("2 local days")))
    assert made.test.sum() == 3
