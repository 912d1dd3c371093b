"""A project of hourly trips and hourly weather, whose truth is known: an hour's weather tells nothing of the next.

A trip takes as long as the weather of its hour and its zone make it, and noise of deviation 1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

WEIGHT = 2.0  # of the weather, whose deviation is 1
ZONES = {"a": 0.0, "b": 3.0, "c": 1.0, "d": -2.0}
BOROUGHS = {"a": "x", "b": "x", "c": "y", "d": "y"}
HOURS = 60 * 24
FIRST_US = 1_359_676_800_000_000  # 2013-02-01 in UTC; clocks go forward in New York on March 10
_HOUR_US = 3_600_000_000

_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
team: {{name: {owner}}}
servers:
  - {{server: files, type: local, format: parquet, path: data/{name}.parquet}}
schema:
  - name: {name}
    properties:
{columns}
"""
_WEATHER = """\
      - {name: observed, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 1,
         logicalTypeOptions: {defaultTimezone: UTC}}
      - {name: temp, logicalType: number, required: true}"""
_TRIP = """\
      - {name: began, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: zone, logicalType: string, required: true}
      - {name: minutes, logicalType: number, required: true}"""
_MODELS = """\
from sklearn.linear_model import LinearRegression

import balun as bl

weather = bl.latest("placed", by="place", at="observed", max_age="2h", columns=["temp"])
trips = bl.corpus(
    "trips",
    owner="ml",
    label="minutes",
    examples="SELECT 1 AS place, began AS at, zone, minutes FROM trip",
    features=[bl.columns("zone"), weather],
)
arrival = bl.model(
    "arrival", corpus=trips, owner="ml", estimator=LinearRegression(), metric="rmse", split=bl.by_time(test="20d")
)
bl.surface("screen", uses=arrival, owner="car")
"""
_PLACED = "/* owner: data\n   at: observed */\nSELECT 1 AS place, observed, temp FROM weather\n"
# As in the package's tables of old: a day and an hour off a clock, with nothing that says whose.
_PARTS = """\
      - {{name: day, logicalType: date, required: true, primaryKey: true, primaryKeyPosition: 1,
         customProperties: [{{property: zone, value: {zone}}}]}}
      - {{name: hour, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 2,
         customProperties: [{{property: zone, value: {zone}}}]}}
      - {{name: {value}, logicalType: number, required: true}}"""


def make_zoned(folder: Path, seed: int = 1) -> Path:
    _write(folder, {"weather": _WEATHER, "trip": _TRIP})
    (folder / "tables" / "placed.sql").write_text(_PLACED, encoding="utf-8")
    (folder / "models.py").write_text(_MODELS, encoding="utf-8")
    chance = np.random.default_rng(seed)
    temp, zone = chance.normal(size=HOURS), chance.choice(list(ZONES), HOURS)
    minutes = WEIGHT * temp + np.vectorize(ZONES.get)(zone) + chance.normal(size=HOURS)
    at = FIRST_US + np.arange(HOURS) * _HOUR_US
    weather = {"observed": _times(at), "temp": pa.array(temp)}
    trip = {"began": _times(at + _HOUR_US // 2), "zone": pa.array(zone.tolist()), "minutes": pa.array(minutes)}
    for name, columns in (("weather", weather), ("trip", trip)):
        pq.write_table(pa.table(columns), folder / "data" / f"{name}.parquet")
    return folder


def make_clocks(folder: Path, zone: str) -> Path:
    """Trips by New York's clock joined to weather by the clock of `zone`, by day and hour; without data."""
    events = {
        "weather": _PARTS.format(zone=zone, value="temp"),
        "trip": _PARTS.format(zone="America/New_York", value="minutes"),
    }
    _write(folder, events)
    sql = "/* owner: data */\nSELECT minutes, temp FROM trip JOIN weather USING (day, hour)\n"
    (folder / "tables" / "met.sql").write_text(sql, encoding="utf-8")
    return folder


def _write(folder: Path, events: dict[str, str]) -> None:
    for part in ("contracts", "data", "tables"):
        (folder / part).mkdir(parents=True)
    (folder / "balun.toml").write_text('name = "zoned"\nzone = "America/New_York"\n', encoding="utf-8")
    for name, columns in events.items():
        text = _CONTRACT.format(name=name, owner=f"{name}-desk", columns=columns)
        (folder / "contracts" / f"{name}.odcs.yaml").write_text(text, encoding="utf-8")


def _times(us: NDArray[np.int64]) -> pa.Array:
    return pa.array(us, pa.timestamp("us", tz="UTC"))
