"""Days that stand out: planted ones are found, and series with a rhythm, a trend and luck are quiet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from balun.drift.days import Dated, Days, days_of
from balun.drift.rhythm import forecast, weekly
from balun.engine import Engine

_TAXI = Path(__file__).parents[2] / "shared" / "data" / "nyc_taxi_2018_2020" / "yellow_trips.parquet"
_FIRST = date(2024, 1, 1)
_START = datetime(2024, 1, 1, tzinfo=UTC)


def _counts(days: int, chance: np.random.Generator, a_day: int = 300) -> NDArray[np.int64]:
    """Weekends are half, rows grow, and days have luck of 6 %."""
    day = np.arange(days)
    level = np.log(a_day) + np.where(day % 7 >= 5, -0.7, 0.0) + 0.001 * day + chance.normal(0, 0.06, days)
    counts: NDArray[np.int64] = chance.poisson(np.exp(level))
    return counts


def _rows(counts: NDArray[np.int64], chance: np.random.Generator, hours: int = 24) -> dict[str, NDArray[np.generic]]:
    day = np.repeat(np.arange(len(counts)), counts)
    second = chance.integers(0, hours * 3600, len(day))
    return {
        "day": day,
        "second": second,
        "value": np.where(chance.random(len(day)) < 0.05, np.nan, chance.normal(size=len(day))),
        "kind": np.char.add("v", (8 * chance.random(len(day)) ** 2).astype(int).astype(str)),
        "late_s": chance.exponential(100, len(day)),
    }


def _found(rows: dict[str, NDArray[np.generic]], newest: int | None = 7) -> Days:
    at = [_START + timedelta(days=int(day), seconds=int(s)) for day, s in zip(rows["day"], rows["second"], strict=True)]
    value = np.asarray(rows["value"], dtype=float)
    table = pa.table(
        {"at": at, "value": pa.array(value, mask=np.isnan(value)), "kind": rows["kind"], "late_s": rows["late_s"]}
    )
    with Engine(threads=1) as engine:
        engine.connection.register("given", table)
        day, second, time = '"at"::TIMESTAMP::DATE', 'epoch("at"::TIMESTAMP::TIME)', 'epoch("at")'
        asked = Dated("given", day, second, "late_s", time_s=time)
        return days_of(engine.connection, asked, newest=newest, columns=[("value", "DOUBLE"), ("kind", "VARCHAR")])


def _odd(found: Days) -> set[tuple[str, str | None, date]]:
    return {(one.what, one.column, one.first) for one in found.odd}


def test_series_with_a_rhythm_are_quiet() -> None:
    loud = 0
    for seed in range(12):
        chance = np.random.default_rng([1, seed])
        loud += bool(_found(_rows(_counts(100, chance), chance)).odd)
    assert loud <= 1


@pytest.mark.parametrize("day", [113, 117])
def test_a_day_with_half_its_rows_is_found(day: int) -> None:
    chance = np.random.default_rng(day)
    counts = _counts(120, chance)
    counts[day] //= 2
    assert _odd(_found(_rows(counts, chance))) == {("rows", None, _FIRST + timedelta(days=day))}


def test_a_sunday_is_no_drop() -> None:
    chance = np.random.default_rng(2)
    found = _found(_rows(_counts(119, chance), chance))  # ends on a Sunday
    assert (_FIRST + timedelta(days=118)).weekday() == 6
    assert not found.odd


def test_a_day_without_rows_is_found() -> None:
    chance = np.random.default_rng(3)
    counts = _counts(120, chance)
    counts[115] = 0
    (odd,) = _found(_rows(counts, chance)).odd
    assert (odd.what, odd.first, odd.found) == ("rows", _FIRST + timedelta(days=115), 0)


def test_four_hours_without_a_row_are_found() -> None:
    chance = np.random.default_rng(31)
    rows = _rows(_counts(120, chance), chance)
    hour = np.asarray(rows["second"], dtype=int) // 3600
    out = (np.asarray(rows["day"], dtype=int) == 116) & (hour >= 13) & (hour < 17)
    (odd,) = _found({name: values[~out] for name, values in rows.items()}).odd
    assert (odd.what, odd.first) == ("gap", _FIRST + timedelta(days=116))
    assert odd.words.startswith("no row on 2024-04-26 from 13:00 to 17:00 UTC, about ")


def test_nights_without_rows_are_no_gap() -> None:
    chance = np.random.default_rng(32)
    assert not _found(_rows(_counts(120, chance), chance, hours=9)).odd


def test_nulls_new_categories_and_late_rows_of_a_day_are_found() -> None:
    chance = np.random.default_rng(4)
    rows = _rows(_counts(120, chance), chance)
    rows["value"] = np.where((rows["day"] == 116) & (chance.random(len(rows["day"])) < 0.3), np.nan, rows["value"])
    rows["kind"] = np.where((rows["day"] == 117) & (chance.random(len(rows["day"])) < 0.05), "new", rows["kind"])
    rows["late_s"] = np.where(rows["day"] == 118, rows["late_s"] * 5, rows["late_s"])
    days = [_FIRST + timedelta(days=day) for day in (116, 117, 118)]
    assert _odd(_found(rows)) == {("nulls", "value", days[0]), ("new", "kind", days[1]), ("late", None, days[2])}


def test_a_day_that_is_not_over_is_not_judged() -> None:
    chance = np.random.default_rng(5)
    rows = _rows(_counts(120, chance), chance)
    morning = (np.asarray(rows["day"], dtype=int) < 119) | (np.asarray(rows["second"], dtype=int) < 6 * 3600)
    found = _found({name: values[morning] for name, values in rows.items()})
    assert found.odd == ()
    assert "2024-04-29 isn't over yet" in found.note


def test_a_holiday_is_expected_the_next_year() -> None:
    chance = np.random.default_rng(6)
    values = np.log(_counts(735, chance).astype(float))
    values[[364, 729]] -= 1.0
    told = forecast(values, np.full(735, 0.05))
    assert told.chance[364] < 1e-6
    assert told.chance[729] == 1.0
    values[364] += 1.0
    assert forecast(values, np.full(735, 0.05)).chance[729] < 1e-6


def test_no_day_is_judged_by_itself_or_later_ones() -> None:
    chance = np.random.default_rng(7)
    values = chance.normal(size=150)
    for of in (forecast, weekly):
        whole = of(values, np.full(150, 0.1))
        part = of(values[:120], np.full(120, 0.1))
        assert np.array_equal(whole.chance[:120], part.chance)


def test_days_of_which_all_is_set_aside_are_found() -> None:
    chance = np.random.default_rng(9)
    rows = _rows(_counts(115, chance), chance)
    with Engine(threads=1) as engine:
        engine.connection.register("given", pa.table({"day": rows["day"], "second": rows["second"]}))
        day = "DATE '2024-01-01' + \"day\"::INTEGER"
        engine.connection.execute('CREATE TABLE kept AS FROM given WHERE "day" < 112')
        engine.connection.execute('CREATE TABLE aside AS FROM given WHERE "day" >= 112')
        found = days_of(engine.connection, Dated("kept", day, "second", None, ("aside", day)), columns=[("day", "INT")])
    first = _FIRST + timedelta(days=112)
    assert _odd(found) == {("rows", None, first), ("set aside", None, first)}


def test_few_days_are_not_judged() -> None:
    chance = np.random.default_rng(8)
    assert _found(_rows(_counts(20, chance), chance)).first is None


@pytest.mark.skipif(not _TAXI.exists(), reason="the taxi trips aren't there")
def test_what_is_known_to_have_changed_in_taxi_trips_is_found() -> None:
    names = ("vendor_id", "passenger_count", "payment_type", "congestion_surcharge")
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"CREATE VIEW trips AS FROM '{_TAXI}'")
        asked = Dated("trips", "pickup_datetime::DATE", "epoch(pickup_datetime::TIME)")
        found = days_of(connection, asked, newest=None, columns=[(name, "BIGINT") for name in names])
    nulls = {(one.what, one.column, one.value, one.first) for one in found.odd if one.column}
    assert {("new", name, None, date(2019, 7, 1)) for name in names[:3]} <= nulls
    surcharge = [one for one in found.odd if one.column == "congestion_surcharge" and one.what == "nulls"]
    assert [(one.first.year, one.first.month, one.expected > 0.99, one.found < 0.1) for one in surcharge] == [
        (2019, 1, True, True)
    ]
    lockdown = [one for one in found.odd if one.what == "rows" and one.first.year == 2020 and one.first.month == 3]
    assert len(lockdown) == 1
