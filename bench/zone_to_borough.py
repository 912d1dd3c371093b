"""What an arrival model loses where trips come with boroughs in place of zones, on a sample of New York's taxis.

`python bench/zone_to_borough.py FOLDER`, where FOLDER holds yellow_trips.parquet and taxi_zone_lookup.csv: the 36
monthly samples of 2018 to 2020 in great-expectations' tests (tests/test_sets/taxi_yellow_tripdata_samples), put
together, and the taxi commission's list of zones.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

import balun as bl
from balun.chain.change import Change
from balun.fit.paired import Gap
from balun.quoting import literal
from measure import BENCH, DATA, machine

COLUMNS = ("pickup_zone", "dropoff_zone")
# The pandemic is in the second stretch of time, and not in the first.
UNTIL = ("2020-01-01", "2021-01-01")
_WORDS = """# Zones against boroughs

A sample of New York's taxi trips, 10,000 a month; an arrival model (bench/taxi) that is told pickup zone, drop-off
zone, hour and weekday. In place of each zone comes its borough's name; what `balun worth` says of it, in minutes of
mean absolute error lost, with 95 %. On the day: the fitted model meets names that it never saw. After retraining: it is
fitted again on boroughs.

| trained | tested | mean absolute error | boroughs in place of | on the day | after retraining |
| --- | --- | ---: | --- | ---: | ---: |"""


def make_taxi(folder: Path, source: Path, until: str) -> Path:
    """The project in bench/taxi, with its trips of before a day."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(BENCH / "taxi", folder, ignore=shutil.ignore_patterns(".balun", "__pycache__", "data"))
    (folder / "data").mkdir()
    trips, to = (literal(str(file)) for file in (source / "yellow_trips.parquet", folder / "data" / "trip.parquet"))
    order = "pickup_datetime, dropoff_datetime, pickup_location_id, dropoff_location_id"
    duckdb.execute(f"""COPY (
        SELECT row_number() OVER (ORDER BY {order}) AS trip,
            pickup_datetime AS pickup_at, dropoff_datetime AS dropoff_at,
            pickup_location_id::VARCHAR AS pickup_zone, dropoff_location_id::VARCHAR AS dropoff_zone
        FROM {trips} WHERE pickup_datetime < {literal(until)}::TIMESTAMP ORDER BY 1) TO {to}""")
    return folder


def pools(source: Path, column: str) -> list[Change]:
    """One for each borough: the zones of it come by its name."""
    zones = literal(str(source / "taxi_zone_lookup.csv"))
    found = duckdb.execute(
        f"SELECT Borough, list(LocationID::VARCHAR ORDER BY LocationID) FROM {zones} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return [Change("pool", "trip", column, to=str(borough), by=tuple(zone)) for borough, zone in found]


def main(source: Path) -> None:
    lines = [row for until in UNTIL for row in _rows(source, until)]
    text = "\n".join([_WORDS, *lines, "", machine("scikit-learn", "duckdb"), ""])
    (BENCH / "results" / "zone_to_borough.md").write_text(text, encoding="utf-8")
    print(text)


def _rows(source: Path, until: str) -> Iterator[str]:
    project = bl.load(make_taxi(DATA / "taxi", source, until))
    project.run()
    of = project["arrival"].result
    parts = [f"{one.rows:,}, {one.first:%Y-%m-%d} to {one.last:%Y-%m-%d}" for one in (of.train, of.test)]
    own = " | ".join([*parts, f"{of.value:.2f} ({of.low:.2f} to {of.high:.2f})"])
    for columns in ((COLUMNS[0],), (COLUMNS[1],), COLUMNS):
        (cost,) = project.worth(*(change for column in columns for change in pools(source, column))).costs
        yield f"| {own} | {' and '.join(columns)} | {_told(cost.on_day)} | {_told(cost.retrained)} |"


def _told(gap: Gap | None) -> str:
    return "breaks" if gap is None else f"{gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
