"""Twins and what training tells of the test, where it is known which rows they are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balun.stocktake.cleanness import Cleanness, cleanness_of
from balun.stocktake.twins import twins_of
from stocks import INPUTS, easy, stock_of, with_column


def _clean(rows: pa.Table) -> Cleanness:
    found = cleanness_of(stock_of(rows), 0)
    assert found is not None
    return found


def _copied(source: list[int], to: list[int], shake: float = 0.0, *, label: bool = True) -> pa.Table:
    """Rows of `to` get the inputs, and the label, of those of `source`."""
    rows = easy()
    place = np.arange(rows.num_rows)
    place[to] = source
    for name in (*INPUTS, *(["late"] if label else [])):
        rows = with_column(rows, name, rows[name].take(pa.array(place)))
    moved = np.array(rows["x"].to_pylist())
    moved[to] += shake
    return with_column(rows, "x", moved)


def test_rows_of_chance_have_no_twins() -> None:
    found = _clean(easy())
    assert (found.repeats, found.test_repeats, found.events_again) == (0, 0, 0)
    assert found.rows + found.test_rows == 2000


def test_repeats_in_training_are_counted() -> None:
    found = _clean(_copied([10] * 3 + [20], [101, 102, 103, 104]))
    assert (found.repeats, found.repeat_conflicts) == (4, 0)


def test_repeats_beside_another_label_are_conflicts() -> None:
    rows = _copied([10, 20], [101, 102])
    late = rows["late"].to_pylist()
    late[101] = not late[101]
    assert _clean(with_column(rows, "late", late)).repeat_conflicts == 2


def test_near_twins_are_found_and_are_no_repeats() -> None:
    source, to = list(range(100)), list(range(300, 400))
    found = _clean(_copied(source, to, shake=0.004))
    by_chance = _clean(easy()).near
    assert found.repeats == 0
    assert found.near >= 200 * 0.97
    assert by_chance < 20


def test_test_rows_that_training_has_are_found() -> None:
    exact, near = list(range(1800, 1830)), list(range(1900, 1950))
    rows = _copied(list(range(30)), exact)
    shaken = _copied(list(range(50)), near, shake=-0.003)
    assert _clean(rows).test_repeats == 30
    assert _clean(shaken).test_near >= 49


def test_entity_at_one_time_twice_is_told() -> None:
    rows = easy()
    place = np.arange(rows.num_rows)
    place[[5, 6]] = 4
    for name in ("at", "user"):
        rows = with_column(rows, name, rows[name].take(pa.array(place)))
    assert _clean(rows).events_again == 2


def test_nulls_are_twins_of_nulls_alone() -> None:
    rows = pa.table({"x": pa.array([None, None, 0.0, -0.0, float("nan")]), "k": ["a", "a", "a", "a", "b"]})
    group = twins_of(rows, ("x", "k"), np.zeros(5, dtype=np.int64), 0).group
    assert group[0] == group[1]
    assert group[2] == group[3]
    assert len(set(group.tolist())) == 3


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), min_size=1, max_size=60))
def test_groups_are_those_of_equal_rows(rows: list[tuple[int, str]]) -> None:
    table = pa.table({"n": [row[0] for row in rows], "k": [row[1] for row in rows]})
    group = twins_of(table, ("n", "k"), np.zeros(len(rows), dtype=np.int64), 0).group.tolist()
    assert len(set(group)) == len(set(rows)) == len(set(zip(group, rows, strict=True)))


@pytest.mark.parametrize("width", [2, 8, 30])
def test_near_pairs_are_found_as_by_comparing_all(width: int) -> None:
    chance = np.random.default_rng(width)
    first = chance.normal(size=(400, width))
    values = np.concatenate([first, first + chance.uniform(-0.004, 0.004, (400, width))])
    names = tuple(f"n{at}" for at in range(width))
    table = pa.table(dict(zip(names, values.T, strict=True)))
    near = {tuple(pair) for pair in twins_of(table, names, np.zeros(800, dtype=np.int64), 0).near.tolist()}
    assert len(near) >= 0.9 * 400
