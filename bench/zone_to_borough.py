"""What an arrival model loses where trips come with boroughs in place of zones, on a sample of New York's taxis.

`python bench/zone_to_borough.py FOLDER`, where FOLDER holds yellow_trips.parquet and taxi_zone_lookup.csv: the 36
monthly samples of 2018 to 2020 in great-expectations' tests (tests/test_sets/taxi_yellow_tripdata_samples), put
together, and the taxi commission's list of zones.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

import balun as bl
from balun.chain.change import Change
from balun.fit.paired import Gap
from balun.quoting import literal
from measure import BENCH, DATA, machine

COLUMNS = ("pickup_zone", "dropoff_zone")
_WORDS = """# Zones against boroughs

{trips:,} trips; an arrival model (bench/taxi) that is told pickup zone, drop-off zone, hour and weekday, fitted on
2018 and 2019 and tested on 2020: {trained:,} rows and {tested:,}. Its mean absolute error is {value:.2f} min
({low:.2f} to {high:.2f}). In place of each zone comes its borough's name; what `balun worth` says of it, in minutes of mean absolute error lost.
On the day: the fitted model meets names that it never saw. After retraining: it is fitted again on boroughs."""


def make_taxi(folder: Path, source: Path) -> Path:
    """The project in bench/taxi, with its trips."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(BENCH / "taxi", folder, ignore=shutil.ignore_patterns(".balun", "__pycache__", "data"))
    (folder / "data").mkdir()
    trips, to = (literal(str(file)) for file in (source / "yellow_trips.parquet", folder / "data" / "trip.parquet"))
    order = "pickup_datetime, dropoff_datetime, pickup_location_id, dropoff_location_id"
    duckdb.execute(f"""COPY (
        SELECT row_number() OVER (ORDER BY {order}) AS trip,
            pickup_datetime AS pickup_at, dropoff_datetime AS dropoff_at,
            pickup_location_id::VARCHAR AS pickup_zone, dropoff_location_id::VARCHAR AS dropoff_zone
        FROM {trips} ORDER BY 1) TO {to}""")
    return folder


def pools(source: Path, column: str) -> list[Change]:
    """One for each borough: the zones of it come by its name."""
    zones = literal(str(source / "taxi_zone_lookup.csv"))
    found = duckdb.execute(
        f"SELECT Borough, list(LocationID::VARCHAR ORDER BY LocationID) FROM {zones} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return [Change("pool", "trip", column, to=str(borough), by=tuple(zone)) for borough, zone in found]


def main(source: Path) -> None:
    project = bl.load(make_taxi(DATA / "taxi", source))
    project.run()
    of = project["arrival"].result
    words = _WORDS.format(
        trips=project["event:trip"].rows().num_rows, trained=of.train.rows, tested=of.test.rows,
        value=of.value, low=of.low, high=of.high,
    )  # fmt: skip
    lines = [words, "", "| boroughs in place of | on the day | after retraining |", "| --- | ---: | ---: |"]
    lines += [_row(project, source, columns) for columns in ((COLUMNS[0],), (COLUMNS[1],), COLUMNS)]
    text = "\n".join([*lines, "", machine("scikit-learn", "duckdb"), ""])
    (BENCH / "results" / "zone_to_borough.md").write_text(text, encoding="utf-8")
    print(text)


def _row(project: bl.Project, source: Path, columns: Sequence[str]) -> str:
    (cost,) = project.worth(*(change for column in columns for change in pools(source, column))).costs
    return f"| {' and '.join(columns)} | {_told(cost.on_day)} | {_told(cost.retrained)} |"


def _told(gap: Gap | None) -> str:
    return "breaks" if gap is None else f"{gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
