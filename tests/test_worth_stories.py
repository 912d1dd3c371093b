"""Two stories in small, held against truth that is worked out by hand: a feed's zone, and zones told as boroughs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

import balun as bl
from balun.worth import Cost
from zoned import BOROUGHS, HOURS, WEIGHT, make_clocks, make_zoned

_HOUR_US = 3_600_000_000
_NEW_YORK = ZoneInfo("America/New_York")
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def zoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_zoned(tmp_path_factory.mktemp("stories") / "zoned")
    bl.load(folder).run()
    return folder


class _ByHand:
    """The trips and the weather beside them, without Balun: joined by the hour, fitted, judged on the last 20 days."""

    def __init__(self, folder: Path) -> None:
        trip, weather = (pq.read_table(folder / "data" / f"{name}.parquet") for name in ("trip", "weather"))
        self.hours = trip["began"].cast("int64").to_numpy() // _HOUR_US
        self.temp_of = dict(
            zip(
                (weather["observed"].cast("int64").to_numpy() // _HOUR_US).tolist(),
                weather["temp"].to_pylist(),
                strict=True,
            )
        )
        self.zones, self.minutes = trip["zone"].to_pylist(), trip["minutes"].to_numpy()
        self.test = self.hours >= self.hours[-1] - 20 * 24

    def mistaken(self) -> Floats:
        """The weather whose hour in UTC reads as the trip's hour in New York."""
        local = [datetime.fromtimestamp(hour * 3600, _NEW_YORK) for hour in self.hours.tolist()]
        read = [int(one.replace(tzinfo=UTC).timestamp()) // 3600 for one in local]
        return np.array([self.temp_of.get(hour, np.nan) for hour in read])

    def right(self) -> Floats:
        return np.array([self.temp_of[hour] for hour in self.hours.tolist()])

    def matrix(self, temp: Floats, zones: list[str]) -> Floats:
        known = sorted(set(zones))
        return np.column_stack([temp, *([float(zone == one) for zone in zones] for one in known)])

    def fit(self, x: Floats) -> LinearRegression:
        train = ~self.test & ~np.isnan(x).any(axis=1)
        return LinearRegression().fit(x[train], self.minutes[train])

    def rmse(self, model: LinearRegression, x: Floats) -> float:
        return float(np.sqrt(np.mean((model.predict(x[self.test]) - self.minutes[self.test]) ** 2)))


@pytest.fixture(scope="module")
def by_hand(zoned: Path) -> _ByHand:
    return _ByHand(zoned)


def _cost(folder: Path, *phrases: str) -> Cost:
    (cost,) = bl.load(folder).worth(*phrases).costs
    return cost


def test_a_feed_in_another_zone_costs_what_joining_by_the_wrong_clock_does(zoned: Path, by_hand: _ByHand) -> None:
    cost = _cost(zoned, "rezone weather.observed to America/New_York")
    right, wrong = (by_hand.matrix(temp, by_hand.zones) for temp in (by_hand.right(), by_hand.mistaken()))
    model = by_hand.fit(right)
    as_it_is = by_hand.rmse(model, right)
    assert cost.on_day is not None
    assert cost.retrained is not None
    assert cost.on_day.value == pytest.approx(by_hand.rmse(model, wrong) - as_it_is, abs=1e-9)
    # Hours that New York's clock skipped and the first five are without weather: a median here, left out there.
    assert cost.retrained.value == pytest.approx(by_hand.rmse(by_hand.fit(wrong), wrong) - as_it_is, abs=0.01)
    assert cost.on_day.low < np.sqrt(1 + 2 * WEIGHT**2) - 1 < cost.on_day.high
    assert cost.retrained.low < np.sqrt(1 + WEIGHT**2) - 1 < cost.retrained.high
    assert cost.inputs == ("weather_temp",)


def test_zones_told_as_boroughs_cost_what_a_fit_on_boroughs_loses(zoned: Path, by_hand: _ByHand) -> None:
    cost = _cost(zoned, "pool trip.zone 'a', 'b' into 'x'", "pool trip.zone 'c', 'd' into 'y'")
    fine = by_hand.matrix(by_hand.right(), by_hand.zones)
    coarse = by_hand.matrix(by_hand.right(), [BOROUGHS[zone] for zone in by_hand.zones])
    lost = by_hand.rmse(by_hand.fit(coarse), coarse) - by_hand.rmse(by_hand.fit(fine), fine)
    assert cost.retrained is not None
    assert cost.retrained.value == pytest.approx(lost, abs=1e-9)
    assert cost.on_day is not None
    assert cost.on_day.value > cost.retrained.value > 0.5


def test_every_trip_has_its_weather(zoned: Path, by_hand: _ByHand) -> None:
    assert len(by_hand.hours) == HOURS
    assert bl.load(zoned)["trips"].rows()["weather_temp"].to_pylist() == by_hand.right().tolist()


@pytest.mark.parametrize(("zone", "rules"), [("UTC", ["zone-mixed"]), ("America/New_York", [])])
def test_clocks_of_two_zones_are_found_without_a_row(tmp_path: Path, zone: str, rules: list[str]) -> None:
    found = bl.load(make_clocks(tmp_path / "clocks", zone)).check().findings
    assert [one.rule for one in found if one.rule != "unused-captured-column"] == rules
