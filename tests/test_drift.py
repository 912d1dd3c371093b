"""Two sets of rows held against each other: shifts that were planted are found, and splits of one kind are quiet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balun.drift.compare import Compared, compare
from balun.drift.dealt import Counted, Sides, chances
from balun.drift.from_profiles import compare_profiles
from balun.drift.moved import Moved
from balun.drift.since import since
from balun.drift.unit import Side
from balun.profile import profile_of

Values = Sequence[object] | np.ndarray
Columns = Mapping[str, Values]
_START = datetime(2024, 1, 1, tzinfo=UTC)


def _both(before: Columns, now: Columns) -> tuple[duckdb.DuckDBPyConnection, list[Side]]:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    sides = []
    for name, columns in (("before", before), ("now", now)):
        table = pa.table({key: _arrow(values) for key, values in columns.items()})
        connection.register(f"given_{name}", table)
        connection.execute(f"CREATE TABLE {name} AS FROM given_{name}")
        sides.append(Side(name, table.num_rows, 'epoch_us("at") / 1e6' if "at" in columns else None))
    return connection, sides


def _arrow(values: Sequence[object] | np.ndarray) -> pa.Array:
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return pa.array(values, mask=np.isnan(values))
    return pa.array(values)


def _compared(before: Columns, now: Columns, seed: int = 0) -> Compared:
    connection, sides = _both(before, now)
    return compare(connection, *sides, time="at" if "at" in before else None, seed=seed)


def _alarms(found: Compared) -> set[tuple[str, str]]:
    return {(one.column, one.aspect) for one in found.alarms}


def _world(rows: int, chance: np.random.Generator) -> dict[str, np.ndarray]:
    columns: dict[str, np.ndarray] = {f"normal_{n}": chance.normal(size=rows) for n in range(4)}
    columns |= {f"money_{n}": np.round(np.exp(1.5 * chance.normal(size=rows)), 2) for n in range(3)}
    columns |= {f"count_{n}": chance.poisson(3, size=rows) for n in range(2)}
    for values in (2, 8, 40, 300):
        columns[f"of_{values}"] = np.char.add("v", (values * chance.random(rows) ** 2).astype(int).astype(str))
    columns["id"] = np.char.add("A", chance.integers(0, 10**9, size=rows).astype(str))
    columns["tenth"] = np.where(chance.random(rows) < 0.1, "a", "b")
    columns["sparse"] = np.where(chance.random(rows) < 0.05, np.nan, chance.normal(size=rows))
    return columns


@pytest.mark.parametrize("rows", [100, 1000])
def test_splits_of_one_distribution_are_quiet(rows: int) -> None:
    loud = 0
    for seed in range(15):
        chance = np.random.default_rng([rows, seed])
        loud += bool(_compared(_world(rows, chance), _world(rows, chance), seed).alarms)
    assert loud <= 1  # of 15, where 1 in 100 is aimed at


def test_planted_shifts_are_found_and_nothing_else() -> None:
    chance = np.random.default_rng(5)
    before, now = _world(10_000, chance), _world(10_000, chance)
    now["normal_1"] = now["normal_1"] + 0.2
    now["money_0"] = now["money_0"] * 60
    now["money_1"] = np.where(chance.random(10_000) < 0.3, np.round(now["money_1"]), now["money_1"])
    now["sparse"] = np.where(chance.random(10_000) < 0.025, np.nan, now["sparse"])
    now["tenth"] = np.where(chance.random(10_000) < 0.035, "a", now["tenth"])
    now["of_8"] = np.where(chance.random(10_000) < 0.006, "new", now["of_8"])
    found = _compared(before, now)
    planted = {"normal_1", "money_0", "money_1", "sparse", "tenth", "of_8"}
    assert {one.column for one in found.alarms} == planted
    assert {("sparse", "nulls"), ("of_8", "new"), ("money_1", "steps"), ("tenth", "values")} <= _alarms(found)
    assert "times 60 (seconds for minutes?)" in _one(found, "money_0", "values").words


def _one(found: Compared, column: str, aspect: str) -> Moved:
    return next(one for one in found.moved if (one.column, one.aspect) == (column, aspect))


def test_many_rows_raise_no_alarm_on_trifles() -> None:
    chance = np.random.default_rng(6)
    found = _compared({"x": chance.normal(size=150_000)}, {"x": chance.normal(size=150_000) + 0.03})
    assert _one(found, "x", "values").chance < 0.01
    assert not found.alarms


def test_columns_that_are_missing_extra_or_of_another_type_are_told() -> None:
    rows = list(range(50))
    found = _compared(
        {"gone": rows, "kept": rows, "typed": rows}, {"kept": rows, "typed": list(map(str, rows)), "new": rows}
    )
    assert {(one.column, one.alarm) for one in found.schema} == {("gone", True), ("typed", True), ("new", False)}


def test_a_column_that_is_null_throughout_is_told_once() -> None:
    chance = np.random.default_rng(7)
    found = _compared({"x": chance.normal(size=500)}, {"x": np.full(500, np.nan)})
    assert _alarms(found) == {("x", "nulls")}


def test_too_few_rows_are_not_compared() -> None:
    assert _compared({"x": list(range(20))}, {"x": list(range(900, 920))}).moved == ()


# -- in time


def _days(first: int, count: int, luck: np.ndarray, chance: np.random.Generator, a_day: int = 100) -> dict[str, Values]:
    day = np.repeat(np.arange(first, first + count), a_day)
    at = [_START + timedelta(days=int(one), seconds=int(chance.integers(86_400))) for one in day]
    return {
        "at": at,
        "x": chance.normal(size=len(day)) + luck[day],
        "month": [one.month for one in at],
        "plain": chance.normal(size=len(day)),
    }


def _lasting(days: int, chance: np.random.Generator) -> np.ndarray:
    luck = np.zeros(days)
    for day in range(1, days):
        luck[day] = 0.7 * luck[day - 1] + 0.4 * chance.normal()
    return luck


def test_luck_that_days_share_and_that_lasts_is_no_shift() -> None:
    loud, naive = 0, 0
    for seed in range(12):
        chance = np.random.default_rng([3, seed])
        luck = _lasting(60, chance)
        before, now = _days(0, 40, luck, chance), _days(40, 20, luck, chance)
        loud += bool(_compared(before, now, seed).alarms)
        apart = abs(np.asarray(before["x"]).mean() - np.asarray(now["x"]).mean())
        naive += apart > 2 * np.sqrt(1 / 4000 + 1 / 2000)
    assert loud <= 1
    assert naive >= 6


def test_days_with_more_rows_than_before_are_no_shift() -> None:
    loud = 0
    for seed in range(8):
        chance = np.random.default_rng([11, seed])
        luck = _lasting(70, chance)
        loud += bool(_compared(_days(0, 60, luck, chance, 30), _days(60, 10, luck, chance, 300), seed).alarms)
    assert loud == 0


def test_a_shift_beyond_the_luck_of_days_is_found() -> None:
    chance = np.random.default_rng(4)
    luck = np.zeros(60)
    before, now = _days(0, 40, luck, chance), _days(40, 20, luck, chance)
    now["plain"] = np.asarray(now["plain"]) + 0.3
    found = _compared(before, now)
    assert {one.column for one in found.alarms} == {"plain"}
    assert found.by == "days"


def test_what_goes_with_the_calendar_is_left_out() -> None:
    chance = np.random.default_rng(4)
    luck = np.zeros(120)
    found = _compared(_days(0, 90, luck, chance, 20), _days(90, 30, luck, chance, 20))
    assert found.left_out == ("month", "at")
    assert not found.alarms


# -- the test itself


def test_with_one_row_a_unit_the_chance_is_that_of_a_permutation_test() -> None:
    """Against all ways to choose 4 of 8, counted one by one."""
    hits = np.array([0, 1, 0, 0, 3, 4, 2, 5], dtype=float)
    now = np.arange(8) >= 4
    own = hits[now].sum()
    every = [sum(hits[list(some)]) for some in combinations(range(8), 4)]
    middle = sum(every) / len(every)
    exact = np.mean([abs(one - middle) >= abs(own - middle) - 1e-9 for one in every])
    counted = Counted("x", "ranks", hits[:, None], np.ones(8), counts=False)
    (found,) = chances([counted], Sides(now, in_time=False), 0.001)
    assert found[0] == pytest.approx(exact, abs=0.015)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_sides_that_are_swapped_have_the_same_chance(seed: int) -> None:
    chance = np.random.default_rng(seed)
    hits = chance.poisson(2, size=(30, 4)).astype(float)
    of = hits.sum(axis=1)
    now = np.arange(30) < 15
    counted = [Counted("x", "values", hits, of)]
    one, other = (chances(counted, Sides(side, in_time=False), 0.01)[0] for side in (now, ~now))
    assert np.abs(one - other).max() < 0.08


# -- rows that are new, rows that are gone


def test_only_new_rows_are_held_against_those_before() -> None:
    old: Columns = {"id": list(range(100)), "x": ["a"] * 100}
    connection, sides = _both(old, {"id": list(range(140)), "x": ["a"] * 100 + ["b"] * 40})
    fresh = since(connection, *sides)
    assert fresh.rows == 40
    assert connection.execute(f"SELECT min(id), max(id) FROM {fresh.relation}").fetchone() == (100, 139)


def test_rows_that_all_changed_are_compared_whole() -> None:
    connection, sides = _both({"id": list(range(100))}, {"id": list(range(500, 600))})
    assert since(connection, *sides) is sides[1]


def test_profiles_tell_large_shifts_and_no_false_ones() -> None:
    chance = np.random.default_rng(8)
    before, now = _world(5000, chance), _world(5000, chance)
    connection, _ = _both(before, now)
    assert not compare_profiles(profile_of(connection, "before"), profile_of(connection, "now"), 0.01).alarms
    now["normal_0"] = now["normal_0"] + 0.5
    now["tenth"] = np.where(chance.random(5000) < 0.1, "a", now["tenth"])
    now["of_2"] = np.where(chance.random(5000) < 0.01, "new", now["of_2"])
    now["sparse"] = np.where(chance.random(5000) < 0.05, np.nan, now["sparse"])
    connection, _ = _both(before, now)
    found = compare_profiles(profile_of(connection, "before"), profile_of(connection, "now"), 0.01)
    assert _alarms(found) == {("normal_0", "values"), ("tenth", "values"), ("of_2", "new"), ("sparse", "nulls")}


def test_a_distance_told_from_profiles_is_never_more_than_that_of_the_rows() -> None:
    chance = np.random.default_rng(9)
    for shift in (0.0, 0.1, 0.7):
        before, now = {"x": chance.normal(size=3000)}, {"x": chance.normal(size=3000) + shift}
        connection, _ = _both(before, now)
        (told,) = (
            one
            for one in compare_profiles(profile_of(connection, "before"), profile_of(connection, "now"), 0.01).moved
            if one.aspect == "values"
        )
        at = np.sort(np.concatenate([before["x"], now["x"]]))
        exact = max(
            abs(np.searchsorted(np.sort(before["x"]), at, "right") - np.searchsorted(np.sort(now["x"]), at, "right"))
        )
        assert told.effect <= exact / 3000 + 1e-3
        assert told.effect >= exact / 3000 - 2 / 64
