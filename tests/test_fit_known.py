"""When a label was known decides what training may see."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
from sklearn.linear_model import LogisticRegression

from balun.fit import Result
from mixed import START, fit_mixed, mixed

FIRST = START + timedelta(minutes=144 * 599) - timedelta(days=15)


def _tested(known: pa.Array | None) -> Result:
    rows = mixed().drop_columns(["label_known"])
    if known is not None:
        rows = rows.append_column("label_known", known)
    return fit_mixed(LogisticRegression(), "roc_auc", rows)[1]


def test_rows_whose_label_came_after_the_test_began_are_in_neither_part() -> None:
    times = mixed()["label_known"].to_pylist()
    before = sum(time < FIRST for time in times)
    result = _tested(pa.array(times))
    assert (result.train.rows, result.test.rows, result.embargoed) == (before, 151, 600 - 151 - before)
    assert result.embargoed == 2
    assert result.train.last < result.test.first


def test_label_of_no_known_time_is_known_at_once() -> None:
    assert _tested(None).embargoed == 0
    assert _tested(pa.nulls(600, pa.timestamp("us", "UTC"))).embargoed == 0


def test_label_that_is_known_at_no_time_trains_nothing() -> None:
    times = mixed()["at"].to_pylist()
    assert _tested(pa.array([None, None, *times[2:]])).embargoed == 2


def test_rows_without_a_label_are_counted() -> None:
    rows = mixed()
    labels = pa.array([None] * 7 + rows["late"].to_pylist()[7:])
    result = fit_mixed(LogisticRegression(), "roc_auc", rows.drop_columns(["late"]).append_column("late", labels))[1]
    assert (result.unlabelled, result.train.rows + result.test.rows + result.embargoed) == (7, 593)
